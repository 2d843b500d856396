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
from ingest.draft import Draft, Work
from ingest.errors import ParseFailed
from ingest.limits import Limits
from ingest.model import Notice
from ingest.parsers.office.opendocument import (
    OFFICE,
    STYLE,
    TABLE,
    TEXT,
    check_not_encrypted,
    declared_title,
)
from ingest.parsers.office.xml import XmlElement
from ingest.parsers.sheets.blocks import sheets_draft
from ingest.parsers.sheets.intake import Cell, Intake, Merge
from ingest.parsers.sheets.ods_looks import CellLooks
from ingest.parsers.sheets.values import restated_date, restated_number

_CELLS = frozenset({f"{TABLE}table-cell", f"{TABLE}covered-table-cell"})
_GROUPS = (f"{TABLE}table-row-group", f"{TABLE}table-column-group")
_ENDS = (f"{STYLE}style", f"{TABLE}table-column", f"{TABLE}table-row", f"{TABLE}table")
_DEFAULT_STYLE = f"{TABLE}default-cell-style-name"
_NUMBERS = frozenset({"float", "percentage", "currency"})
_HIDDEN = frozenset({"collapse", "filter"})
_MAX_COLUMN = 16_384
_MAX_REPEATED_ROWS = 1_048_576


def read_ods(path: Path, work: Work) -> Draft:
    """The blocks of an ODS file, without comments and what is hidden: sheets, rows, columns, white words.

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
            check_not_encrypted(archive)
            title = declared_title(archive)
            with archive.open("content.xml") as stream:
                _Reader(intake, archive=archive, limits=limits).read(stream)
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


class _Reader:
    """Takes each element once it is whole, then empties it."""

    def __init__(self, intake: Intake, *, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._intake = intake
        self._archive = archive
        self._most_columns = limits.max_sheet_columns
        self._looks: CellLooks | None = None
        self._column_styles: list[tuple[int, int, str]] = []
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
        tags = (*_ENDS, f"{OFFICE}annotation", f"{TABLE}tracked-changes")
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
        if element.tag == f"{TABLE}table":
            self._take_table(element, is_start=event == "start")
        elif event == "start":
            return
        elif element.tag == f"{STYLE}style":
            self._take_style(element)
        elif element.tag in {f"{OFFICE}annotation", f"{TABLE}tracked-changes"}:
            element.clear(keep_tail=True)
        elif self._depth == 1:
            if self._is_read and element.tag == f"{TABLE}table-column":
                self._take_column(element)
            elif self._is_read:
                self._take_row(element)
            _forget(element)

    def _take_style(self, element: XmlElement) -> None:
        properties = element.find(f"{STYLE}table-properties")
        if properties is not None and properties.get(f"{TABLE}display", "") == "false":
            self._hidden_styles.add(element.get(f"{STYLE}name", ""))

    def _take_table(self, element: Any, *, is_start: bool) -> None:
        if self._looks is None:
            self._looks = CellLooks(element.getroottree().getroot(), self._archive)
        self._depth += 1 if is_start else -1
        if is_start and self._depth == 1:
            is_hidden = element.get(f"{TABLE}style-name", "") in self._hidden_styles
            self._is_read = not is_hidden
            if is_hidden:
                self._intake.tell(Notice.HIDDEN_CELLS)
            else:
                self._intake.open_sheet(str(element.get(f"{TABLE}name", "")))
            self._row, self._skipped, self._column, self._hidden = 1, 0, 1, []
            self._column_styles = []
        elif not is_start and self._depth == 0:
            _forget(element)

    def _take_column(self, element: XmlElement) -> None:
        count = _count(element, "columns", most=_MAX_COLUMN)
        if _is_hidden(element):
            self._hidden.append((self._column, self._column + count - 1))
        style = element.get(_DEFAULT_STYLE, "")
        if style:
            self._column_styles.append((self._column, self._column + count - 1, style))
        self._column += count

    def _take_row(self, element: XmlElement) -> None:
        count = _count(element, "rows", most=_MAX_REPEATED_ROWS)
        first = self._row
        self._row += count
        if _is_hidden(element):
            self._skipped += count
            if next(element.iter(f"{TEXT}p"), None) is not None:
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
        default = row.get(_DEFAULT_STYLE, "")
        for element in row:
            if element.tag not in _CELLS:
                continue
            count = _count(element, "columns", most=_MAX_COLUMN)
            first, column = column, column + count
            style = element.get(f"{TABLE}style-name", "") or default or self._style_of(first)
            cell = self._cell(element, style=style)
            if element.tag == f"{TABLE}covered-table-cell" or cell is None:
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

    def _style_of(self, column: int) -> str:
        """The style that a column gives its cells."""
        styles = self._column_styles
        return next((style for first, last, style in styles if first <= column <= last), "")

    def _cell(self, element: XmlElement, *, style: str) -> Cell | None:
        kind = element.get(f"{OFFICE}value-type", "")
        if self._looks is None:
            return None
        look = self._looks.of_cell(style)
        text, is_hiding = self._looks.seen_text(element, look=look)
        shown = one_line(text)
        if is_hiding:
            self._intake.tell(Notice.HIDDEN_CELLS)
            if not shown:
                return None
        if not shown and not kind:
            if element.get(f"{TABLE}formula", ""):
                self._intake.tell(Notice.FORMULAS_WITHOUT_VALUES)
            return None
        text = _value_text(element, kind=kind, shown=shown)
        return Cell(text, is_value=kind not in {"", "string"}) if text else None


def _value_text(element: XmlElement, *, kind: str, shown: str) -> str:
    if kind in _NUMBERS:
        try:
            value = float(element.get(f"{OFFICE}value", ""))
        except ValueError:
            return shown
        currency = element.get(f"{OFFICE}currency", "") if kind == "currency" else ""
        return restated_number(
            value, shown=shown, currency=currency, is_percentage=kind == "percentage"
        )
    if kind == "date":
        return restated_date(element.get(f"{OFFICE}date-value", ""), shown=shown)
    return shown.lower() if kind == "boolean" else shown


def _count(element: XmlElement, what: str, *, most: int, kind: str = "repeated") -> int:
    value = element.get(f"{TABLE}number-{what}-{kind}", "1")
    return min(max(int(value), 1), most) if value.isdigit() else 1


def _is_hidden(element: XmlElement) -> bool:
    if element.get(f"{TABLE}visibility", "") in _HIDDEN:
        return True
    return any(
        group.get(f"{TABLE}display", "") == "false"
        for name in _GROUPS
        for group in element.iterancestors(name)
    )


def _forget(element: Any) -> None:
    """Free an element and those before it in its parent."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
