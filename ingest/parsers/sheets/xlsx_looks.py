"""How the cells of an XLSX file look, as far as it tells whether anybody sees their words.

White words are only taken for hidden where nothing may colour their cell: no fill, no table, no
condition and no picture under the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any, cast

from ingest.parsers.office.xml import parse_xml

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LEAST_POINTS = 2.0
_WHITE_FROM = 240
_WHITE_INDEXES = frozenset({1, 9})
_STRINGS = "xl/sharedStrings.xml"
_Range = tuple[int, int, int, int]
"""Left, top, right and bottom, from 1."""


class BookLooks:
    """The looks of the cells of a workbook, by the number of their style."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._tiny: dict[int, bool] = {}
        self._white: dict[int, bool] = {}
        self._seen: dict[str, tuple[str, str]] = {}
        """Of texts that are partly white or tiny: what is seen on white, and on a colour."""
        self._take_strings()

    def is_tiny(self, style: int) -> bool:
        """True for letters too small to be read."""
        if style not in self._tiny:
            found = self._style(style)
            size = self._book._fonts[found.fontId].sz if found is not None else None
            self._tiny[style] = size is not None and float(size) < _LEAST_POINTS
        return self._tiny[style]

    def is_white(self, style: int) -> bool:
        """True for white letters in a cell without a fill, or with a white one."""
        if style not in self._white:
            found = self._style(style)
            self._white[style] = (
                found is not None
                and _is_white(self._book._fonts[found.fontId].color)
                and self.is_pale(style)
            )
        return self._white[style]

    def is_pale(self, style: int) -> bool:
        """True for a cell without a fill, or with a white one."""
        found = self._style(style)
        fill = self._book._fills[found.fillId] if found is not None else None
        kind = getattr(fill, "fill_type", None) if fill is not None else None
        return not kind or (kind == "solid" and _is_white(getattr(fill, "fgColor", None)))

    def take_inline(self, cell: Any) -> None:
        """Remember which words of a text that stands in its cell are not seen."""
        found = cell.find(f"{MAIN}is")
        if found is not None:
            self._take_text(found)

    def seen_text(self, text: str, *, is_pale: bool) -> str:
        """The words of a text that are seen, on white or on a colour."""
        pair = self._seen.get(text)
        return text if pair is None else pair[0 if is_pale else 1]

    def _style(self, style: int) -> Any:
        styles = self._book._cell_styles
        return styles[style] if style < len(styles) else None

    def _take_strings(self) -> None:
        archive = self._book._archive
        if _STRINGS not in archive.namelist():
            return
        functions = cast("Any", import_module("openpyxl.xml.functions"))
        with archive.open(_STRINGS) as source:
            for _, element in functions.iterparse(source):
                if element.tag == f"{MAIN}si":
                    self._take_text(element)
                    element.clear()

    def _take_text(self, element: Any) -> None:
        runs = [
            (run.findtext(f"{MAIN}t") or "", _run_look(run.find(f"{MAIN}rPr")))
            for run in element.iter(f"{MAIN}r")
        ]
        if any(look for _, look in runs):
            whole = "".join(text for text, _ in runs)
            on_white = "".join(text for text, look in runs if not look)
            on_colour = "".join(text for text, look in runs if look != "tiny")
            self._seen[whole] = on_white, on_colour


class Coloured:
    """What of a sheet may be coloured by other things than the cells themselves; read when asked for."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._ranges: list[_Range] | None = None

    def holds(self, *, row: int, column: int) -> bool:
        """True for a cell in a table, under a condition, or over a picture."""
        if self._ranges is None:
            self._ranges = [*self._conditions(), *self._tables()]
        return any(
            left <= column <= right and top <= row <= bottom
            for left, top, right, bottom in self._ranges
        )

    def _conditions(self) -> Iterator[_Range]:
        functions = cast("Any", import_module("openpyxl.xml.functions"))
        with closing(self._sheet._get_source()) as source:
            for _, element in functions.iterparse(source):
                if element.tag == f"{MAIN}conditionalFormatting":
                    for reference in str(element.get("sqref", "")).split():
                        yield _range_of(reference)
                elif element.tag == f"{MAIN}picture":
                    yield (1, 1, 1 << 20, 1 << 21)
                if element.tag == f"{MAIN}row":
                    element.clear()

    def _tables(self) -> Iterator[_Range]:
        archive = self._sheet.parent._archive
        place = PurePosixPath(str(self._sheet._worksheet_path).lstrip("/"))
        links = str(place.parent / "_rels" / f"{place.name}.rels")
        if links not in archive.namelist():
            return
        for link in parse_xml(archive.read(links)):
            if link.get("Type").endswith(("/table", "/pivotTable")):
                target = link.get("Target")
                part = target.lstrip("/") if target.startswith("/") else _joined(place, target)
                root = parse_xml(archive.read(part))
                found = root.find(f"{MAIN}location")
                yield _range_of((root if found is None else found).get("ref"))


def _joined(place: PurePosixPath, target: str) -> str:
    parts: list[str] = list(place.parent.parts)
    for part in PurePosixPath(target).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)


def _range_of(reference: str) -> _Range:
    utils = cast("Any", import_module("openpyxl.utils"))
    left, top, right, bottom = utils.range_boundaries(reference)
    return left or 1, top or 1, right or 1 << 20, bottom or 1 << 21


def _run_look(properties: Any) -> str:
    """How a run of letters is not seen: "white", "tiny", or empty when it is."""
    if properties is None:
        return ""
    size = properties.find(f"{MAIN}sz")
    if size is not None and float(size.get("val", "11")) < _LEAST_POINTS:
        return "tiny"
    colour = properties.find(f"{MAIN}color")
    if colour is None:
        return ""
    is_ground = colour.get("theme") == "0" and not float(colour.get("tint", "0"))
    index = colour.get("indexed", "")
    is_indexed = index.isdigit() and int(index) in _WHITE_INDEXES
    return "white" if is_ground or is_indexed or _is_pale_hex(colour.get("rgb", "")) else ""


def _is_white(colour: Any) -> bool:
    """True for white or nearly white, given as such or as the ground of the theme."""
    if colour is None:
        return False
    if colour.type == "theme":
        return colour.theme == 0 and not colour.tint
    if colour.type == "indexed":
        return colour.indexed in _WHITE_INDEXES
    return colour.type == "rgb" and _is_pale_hex(str(colour.rgb))


def _is_pale_hex(text: str) -> bool:
    try:
        components = bytes.fromhex(text[-6:])
    except ValueError:
        return False
    return len(components) == 3 and min(components) >= _WHITE_FROM
