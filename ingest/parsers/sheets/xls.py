"""XLS to blocks: values by calamine, in a child process only; formats and what is hidden by records."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.draft import Draft, Work
from ingest.errors import ParseFailed
from ingest.model import Notice
from ingest.parsers.sheets.blocks import sheets_draft
from ingest.parsers.sheets.intake import Cell, Intake, Merge
from ingest.parsers.sheets.values import is_hiding, shown_cell
from ingest.parsers.sheets.xls_records import Records, SheetRecords, read_records


def read_xls(path: Path, work: Work) -> Draft:
    """The blocks of an XLS file. Hidden sheets, rows and columns are left out; macros are not read.

    Raises:
        ParseFailed: It is damaged or encrypted.
    """
    return _read(path, work, records=read_records(path))


def read_values(path: Path, work: Work) -> Draft:
    """The blocks of any workbook that calamine opens, without its number formats.

    Raises:
        ParseFailed: It is damaged or encrypted.
    """
    return _read(path, work, records=Records())


def _read(path: Path, work: Work, *, records: Records) -> Draft:
    calamine = cast("Any", import_module("python_calamine"))
    intake = Intake(work.limits)
    try:
        with path.open("rb") as stream:
            book = calamine.CalamineWorkbook.from_object(stream)
            for index, meta in enumerate(book.sheets_metadata):
                if meta.visible != calamine.SheetVisibleEnum.Visible:
                    intake.tell(Notice.HIDDEN_CELLS)
                elif meta.typ == calamine.SheetTypeEnum.WorkSheet:
                    intake.open_sheet(str(meta.name))
                    sheet = book.get_sheet_by_index(index)
                    _take_sheet(sheet, intake=intake, records=records.sheet(index))
    except calamine.PasswordError as error:
        raise ParseFailed("file_encrypted") from error
    except (calamine.CalamineError, ValueError, OSError) as error:
        raise ParseFailed("file_damaged") from error
    return sheets_draft(intake, work, engine="calamine", declared_title=records.title)


def _take_sheet(sheet: Any, *, intake: Intake, records: SheetRecords) -> None:
    for first, last in sheet.merged_cell_ranges or ():
        intake.add_merge(Merge(first[0] + 1, first[1] + 1, last[0] + 1, last[1] + 1))
    skipped = 0
    top = sheet.start[0] if sheet.start else 0
    left = sheet.start[1] if sheet.start else 0
    for index, values in enumerate(sheet.iter_rows()):
        row = top + index
        if row in records.hidden_rows:
            skipped += 1
            if any(value != "" for value in values):
                intake.tell(Notice.HIDDEN_CELLS)
            continue
        cells: list[tuple[int, Cell]] = []
        for offset, value in enumerate(values):
            column = left + offset
            code = records.code(row, column) if value != "" else ""
            if value == "":
                continue
            if records.is_hidden(column) or is_hiding(code):
                intake.tell(Notice.HIDDEN_CELLS)
                continue
            cells.append((column + 1, shown_cell(value, code=code)))
        if not intake.add_row(row + 1, order=row + 1 - skipped, cells=cells):
            return
