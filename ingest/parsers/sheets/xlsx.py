"""XLSX to blocks: the values that cells show, as openpyxl reads them from one pass over each sheet.

openpyxl's own rows know neither what is hidden nor what is merged, and fill the void before a far
cell; its parser of single rows does not. Links to other files are not even loaded.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.cleaning import one_line
from ingest.draft import Draft, Work
from ingest.errors import ParseFailed
from ingest.limits import Limits
from ingest.model import Notice
from ingest.parsers.sheets.blocks import sheets_draft
from ingest.parsers.sheets.intake import Cell, Intake, Merge
from ingest.parsers.sheets.values import is_hiding, shown_cell
from ingest.parsers.sheets.xls import read_values
from ingest.parsers.sheets.xlsx_looks import MAIN, BookLooks, Coloured

_LOCAL_CURRENCY = frozenset({5, 6, 7, 8, 42, 44})
"""Built-in formats that show the currency of the reader's own country."""
_CUSTOM_FORMATS = 164
_MAX_COLUMN = 16_384
_FAILURES = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    OSError,
    EOFError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl raises on files that are not as it expects."""


def read_xlsx(path: Path, work: Work) -> Draft:
    """The blocks of an XLSX file. Hidden sheets, rows, columns and words are left out; macros are not read.

    Where openpyxl fails, calamine reads the values without their formats.

    Raises:
        ParseFailed: It is damaged or encrypted.
    """
    try:
        intake, title = _rows(path, work.limits)
        return sheets_draft(intake, work, engine="openpyxl", declared_title=title)
    except _FAILURES as error:
        draft = read_values(path, work)
        if draft.letters == 0:
            raise ParseFailed("file_damaged") from error
        draft.notices.insert(0, Notice.FALLBACK_ENGINE)
        return draft


def xlsx_rows(path: Path, limits: Limits) -> Intake:
    """What an XLSX file shows.

    Raises:
        ParseFailed: It is damaged.
    """
    try:
        return _rows(path, limits)[0]
    except _FAILURES as error:
        raise ParseFailed("file_damaged") from error


def _rows(path: Path, limits: Limits) -> tuple[Intake, str]:
    """What the file shows, and the title it declares."""
    openpyxl = cast("Any", import_module("openpyxl"))
    intake = Intake(limits)
    with (
        warnings.catch_warnings(action="ignore"),
        path.open("rb") as stream,
        closing(
            openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        ) as book,
    ):
        title = one_line(str(book.properties.title or ""))
        looks = BookLooks(book)
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                intake.tell(Notice.HIDDEN_CELLS)
                continue
            intake.open_sheet(str(sheet.title))
            _SheetReader(sheet, intake=intake, looks=looks).read()
    return intake, title


class _SheetReader:
    """One pass over the XML of a sheet."""

    def __init__(self, sheet: Any, *, intake: Intake, looks: BookLooks) -> None:
        self._sheet = sheet
        self._intake = intake
        self._hidden: list[tuple[int, int]] = []
        self._codes: dict[int, str] = {}
        self._looks = looks
        self._coloured = Coloured(sheet)
        self._skipped = 0
        self._is_open = True

    def read(self) -> None:
        functions = cast("Any", import_module("openpyxl.xml.functions"))
        with closing(self._sheet._get_source()) as source:
            parser = self._row_parser(source)
            for _, element in functions.iterparse(source):
                if element.tag == f"{MAIN}col":
                    self._take_columns(element)
                elif element.tag == f"{MAIN}row":
                    self._take_row(element, parser=parser)
                elif element.tag == f"{MAIN}mergeCell":
                    self._take_merge(str(element.get("ref", "")))
                if element.tag in {f"{MAIN}row", f"{MAIN}mergeCell"}:
                    element.clear()

    def _row_parser(self, source: Any) -> Any:
        book = self._sheet.parent
        reader = cast("Any", import_module("openpyxl.worksheet._reader"))
        return reader.WorkSheetParser(
            source,
            self._sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )

    def _take_columns(self, element: Any) -> None:
        is_hidden = _is_true(element.get("hidden")) or element.get("width") == "0"
        if is_hidden:
            self._hidden.append((int(element.get("min")), int(element.get("max"))))

    def _take_row(self, element: Any, *, parser: Any) -> None:
        if not self._is_open:
            return
        for cell in element:
            if cell.get("t") == "inlineStr":
                self._looks.take_inline(cell)
        number, cells = parser.parse_row(element)
        if _is_true(element.get("hidden")) or element.get("ht") == "0":
            self._skipped += 1
            if any(cell["value"] is not None for cell in cells):
                self._intake.tell(Notice.HIDDEN_CELLS)
            return
        if any(
            cell.find(f"{MAIN}f") is not None and not cell.findtext(f"{MAIN}v")
            for cell in element
            if cell.get("t") != "str"
        ):
            self._intake.tell(Notice.FORMULAS_WITHOUT_VALUES)
        shown = sorted(self._shown(cells, number=number), key=lambda pair: pair[0])
        self._is_open = self._intake.add_row(number, order=number - self._skipped, cells=shown)

    def _shown(self, cells: list[dict[str, Any]], *, number: int) -> Iterator[tuple[int, Cell]]:
        for cell in cells:
            value, column = cell["value"], int(cell["column"])
            if value is None or column > _MAX_COLUMN:
                continue
            style = int(cell["style_id"])
            code = self._code(style)
            is_skipped = any(first <= column <= last for first, last in self._hidden)
            if is_skipped or is_hiding(code):
                self._intake.tell(Notice.HIDDEN_CELLS)
                continue
            seen = self._seen_value(value, style=style, row=number, column=column)
            if seen != value:
                self._intake.tell(Notice.HIDDEN_CELLS)
            if seen is not None:
                yield column, shown_cell(seen, code=code)

    def _code(self, style: int) -> str:
        if style not in self._codes:
            numbers = cast("Any", import_module("openpyxl.styles.numbers"))
            book = self._sheet.parent
            number = int(book._cell_styles[style].numFmtId) if style < len(book._cell_styles) else 0
            if number >= _CUSTOM_FORMATS:
                code = str(book._number_formats[number - _CUSTOM_FORMATS])
            else:
                code = str(numbers.BUILTIN_FORMATS.get(number, "General"))
            self._codes[style] = code.replace("$", "€") if number in _LOCAL_CURRENCY else code
        return self._codes[style]

    def _seen_value(self, value: object, *, style: int, row: int, column: int) -> object:
        """What is seen of a value, None for nothing."""
        if self._looks.is_tiny(style):
            return None
        is_white = self._looks.is_white(style)
        is_text = isinstance(value, str)
        if is_text and self._looks.seen_text(value, is_pale=True) == value and not is_white:
            return value
        if not is_text and not is_white:
            return value
        is_coloured = self._coloured.holds(row=row, column=column)
        if is_white and not is_coloured:
            return None
        is_pale = self._looks.is_pale(style) and not is_coloured
        return self._looks.seen_text(value, is_pale=is_pale) if isinstance(value, str) else value

    def _take_merge(self, reference: str) -> None:
        utils = cast("Any", import_module("openpyxl.utils"))
        left, top, right, bottom = utils.range_boundaries(reference)
        self._intake.add_merge(Merge(top=top, left=left, bottom=bottom, right=right))


def _is_true(value: str | None) -> bool:
    return value in {"1", "true"}
