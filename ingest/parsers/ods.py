"""ODS to blocks, read from its content stream in one pass.

calamine gives neither the displays of numbers nor merged cells nor what is hidden, and lays out the
whole rectangle between two far cells.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from ingest.cleaning import one_line
from ingest.errors import ParseFailed
from ingest.limits import Limits
from ingest.model import Notice
from ingest.parsers.draft import Draft, Work
from ingest.parsers.sheets import Cell, Intake, Merge
from ingest.parsers.sheets_blocks import sheets_draft
from ingest.parsers.sheets_values import restated_date, restated_number
from ingest.parsers.xml import XmlElement, parse_xml

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_CELLS = frozenset({f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"})
_GROUPS = (f"{_TABLE}table-row-group", f"{_TABLE}table-column-group")
_ENDS = (f"{_STYLE}style", f"{_TABLE}table-column", f"{_TABLE}table-row", f"{_TABLE}table")
_BREAKS = frozenset({f"{_TEXT}line-break", f"{_TEXT}tab", f"{_TEXT}s"})
_NUMBERS = frozenset({"float", "percentage", "currency"})
_HIDDEN = frozenset({"collapse", "filter"})
_MAX_COLUMN = 16_384
_MAX_REPEATED_ROWS = 1_048_576


def read_ods(path: Path, work: Work) -> Draft:
    """The blocks of an ODS file. Hidden sheets, rows and columns are left out, and so are comments.

    Raises:
        ParseFailed: It is damaged or encrypted.
    """
    intake, title = ods_rows(path, work.limits)
    return sheets_draft(intake, work, engine="ods", declared_title=title)


def ods_rows(path: Path, limits: Limits) -> tuple[Intake, str]:
    """What an ODS file shows, and the title it declares.

    Raises:
        ParseFailed: As `read_ods`.
    """
    intake = Intake(limits)
    etree = cast("Any", import_module("lxml.etree"))
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "encrypted-package" in names or b"encryption-data" in _member(
                archive, "META-INF/manifest.xml"
            ):
                raise ParseFailed("file_encrypted")
            title = _title(_member(archive, "meta.xml"))
            with archive.open("content.xml") as stream:
                _Reader(intake, most_columns=limits.max_sheet_columns).read(stream)
    except (
        zipfile.BadZipFile,
        KeyError,
        OSError,
        ValueError,
        EOFError,
        zlib.error,
        etree.XMLSyntaxError,
    ) as error:
        raise ParseFailed("file_damaged") from error
    return intake, title


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    return archive.read(name) if name in archive.namelist() else b""


def _title(meta: bytes) -> str:
    try:
        found = parse_xml(meta).find(f".//{_DC_TITLE}") if meta else None
    except ParseFailed:
        return ""
    return one_line(found.text or "") if found is not None else ""


class _Reader:
    """Takes each element once it is whole, then empties it."""

    def __init__(self, intake: Intake, *, most_columns: int) -> None:
        self._intake = intake
        self._most_columns = most_columns
        self._hidden_styles: set[str] = set()
        self._depth = 0
        """Of tables: a table inside a cell is text of that cell."""
        self._is_read = False
        self._row = 1
        self._skipped = 0
        self._column = 1
        self._hidden: list[tuple[int, int]] = []

    def read(self, stream: IO[bytes]) -> None:
        etree = cast("Any", import_module("lxml.etree"))
        tags = (*_ENDS, f"{_OFFICE}annotation", f"{_TABLE}tracked-changes")
        events = etree.iterparse(
            stream,
            events=("start", "end"),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,
        )
        for event, element in events:
            self._take(event, element)

    def _take(self, event: str, element: Any) -> None:
        if element.tag == f"{_TABLE}table":
            self._take_table(element, is_start=event == "start")
        elif event == "start":
            return
        elif element.tag == f"{_STYLE}style":
            self._take_style(element)
        elif element.tag in {f"{_OFFICE}annotation", f"{_TABLE}tracked-changes"}:
            element.clear(keep_tail=True)
        elif self._depth == 1:
            if self._is_read and element.tag == f"{_TABLE}table-column":
                self._take_column(element)
            elif self._is_read:
                self._take_row(element)
            _forget(element)

    def _take_style(self, element: XmlElement) -> None:
        properties = element.find(f"{_STYLE}table-properties")
        if properties is not None and properties.get(f"{_TABLE}display", "") == "false":
            self._hidden_styles.add(element.get(f"{_STYLE}name", ""))

    def _take_table(self, element: Any, *, is_start: bool) -> None:
        self._depth += 1 if is_start else -1
        if is_start and self._depth == 1:
            is_hidden = element.get(f"{_TABLE}style-name", "") in self._hidden_styles
            self._is_read = not is_hidden
            if is_hidden:
                self._intake.tell(Notice.HIDDEN_CELLS)
            else:
                self._intake.open_sheet(str(element.get(f"{_TABLE}name", "")))
            self._row, self._skipped, self._column, self._hidden = 1, 0, 1, []
        elif not is_start and self._depth == 0:
            _forget(element)

    def _take_column(self, element: XmlElement) -> None:
        count = _count(element, "columns", most=_MAX_COLUMN)
        if _is_hidden(element):
            self._hidden.append((self._column, self._column + count - 1))
        self._column += count

    def _take_row(self, element: XmlElement) -> None:
        count = _count(element, "rows", most=_MAX_REPEATED_ROWS)
        first = self._row
        self._row += count
        if _is_hidden(element):
            self._skipped += count
            if next(element.iter(f"{_TEXT}p"), None) is not None:
                self._intake.tell(Notice.HIDDEN_CELLS)
            return
        cells = list(self._cells(element, number=first))
        if not cells:
            return
        for number in range(first, first + count):
            if not self._intake.add_row(number, order=number - self._skipped, cells=cells):
                self._is_read = False
                return

    def _cells(self, row: XmlElement, *, number: int) -> Iterator[tuple[int, Cell]]:
        column = 1
        for element in row:
            if element.tag not in _CELLS:
                continue
            count = _count(element, "columns", most=_MAX_COLUMN)
            first, column = column, column + count
            cell = self._cell(element)
            if element.tag == f"{_TABLE}covered-table-cell" or cell is None:
                continue
            self._take_merge(element, row=number, column=first)
            for position in range(first, min(column, first + self._most_columns + 1)):
                if any(start <= position <= end for start, end in self._hidden):
                    self._intake.tell(Notice.HIDDEN_CELLS)
                else:
                    yield position, cell

    def _take_merge(self, element: XmlElement, *, row: int, column: int) -> None:
        right = column + _count(element, "columns", most=_MAX_COLUMN, kind="spanned") - 1
        bottom = row + _count(element, "rows", most=_MAX_REPEATED_ROWS, kind="spanned") - 1
        self._intake.add_merge(Merge(top=row, left=column, bottom=bottom, right=right))

    def _cell(self, element: XmlElement) -> Cell | None:
        shown = one_line("\n".join(_paragraphs(element)))
        kind = element.get(f"{_OFFICE}value-type", "")
        if not shown and not kind:
            if element.get(f"{_TABLE}formula", ""):
                self._intake.tell(Notice.FORMULAS_WITHOUT_VALUES)
            return None
        text = _value_text(element, kind=kind, shown=shown)
        return Cell(text, is_value=kind not in {"", "string"}) if text else None


def _value_text(element: XmlElement, *, kind: str, shown: str) -> str:
    if kind in _NUMBERS:
        try:
            value = float(element.get(f"{_OFFICE}value", ""))
        except ValueError:
            return shown
        currency = element.get(f"{_OFFICE}currency", "") if kind == "currency" else ""
        return restated_number(
            value, shown=shown, currency=currency, is_percentage=kind == "percentage"
        )
    if kind == "date":
        return restated_date(element.get(f"{_OFFICE}date-value", ""), shown=shown)
    return shown.lower() if kind == "boolean" else shown


def _paragraphs(cell: XmlElement) -> Iterator[str]:
    """Texts of the paragraphs of a cell; drawings and tables laid over it are no part of it."""
    for child in cell:
        if child.tag == f"{_TEXT}p":
            yield "".join(_pieces(child))


def _pieces(element: XmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag in _BREAKS:
            yield " "
        elif isinstance(child.tag, str):
            yield from _pieces(child)
        yield child.tail or ""


def _count(element: XmlElement, what: str, *, most: int, kind: str = "repeated") -> int:
    value = element.get(f"{_TABLE}number-{what}-{kind}", "1")
    return min(max(int(value), 1), most) if value.isdigit() else 1


def _is_hidden(element: XmlElement) -> bool:
    if element.get(f"{_TABLE}visibility", "") in _HIDDEN:
        return True
    return any(
        group.get(f"{_TABLE}display", "") == "false"
        for name in _GROUPS
        for group in element.iterancestors(name)
    )


def _forget(element: Any) -> None:
    """Free an element and those before it in its parent."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
