"""Workbooks made on the spot, and how their tests read them.

`classeur.xls` is the workbook of `make_budget`, saved as XLS by LibreOffice.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, cast

from ingest.limits import Limits
from ingest.model import IngestedFile, Table
from ingest.reading import read_file

XLS = Path(__file__).parent / "classeur.xls"
BUDGET = [
    ("Voirie", 1234.5, 2000, date(2024, 12, 31), 0.125),
    ("Écoles", 98765.4, 100000, date(2024, 1, 15), 0.5),
    ("Secret", 1, 2, date(2024, 1, 1), 0.1),
]


def tell_nothing(pages: int, *, scans: int = 0) -> None:
    del pages, scans


def read(path: Path, *, limits: Limits | None = None, name: str = "x") -> IngestedFile:
    return read_file(path, name=name, limits=limits or Limits(), on_pages=tell_nothing)


def tables_of(ingested: IngestedFile) -> list[Table]:
    return [block.table for block in ingested.document.blocks if block.table is not None]


def text_of(ingested: IngestedFile) -> str:
    return "\n".join(chunk.text for chunk in ingested.chunks)


def new_book() -> tuple[Any, Any]:
    import openpyxl

    book = cast("Any", openpyxl.Workbook())
    return book, book.active


def make_budget() -> Any:
    book, sheet = new_book()
    sheet.title = "Budget"
    sheet.append(["Budget primitif 2024"])
    sheet.append([])
    sheet.append(["Poste", "Dépenses", None, "Date", "Taux", "Interne"])
    sheet.append([None, "2023", "2024"])
    for merged in ("B3:C3", "A3:A4", "D3:D4", "E3:E4", "F3:F4"):
        sheet.merge_cells(merged)
    for row in BUDGET:
        sheet.append([*row, "non communicable"])
    for row in sheet.iter_rows(min_row=5, max_row=7):
        codes = ("General", "#,##0.00 [$€-40C]", "#,##0", "dd/mm/yyyy", "0.0%")
        for cell, code in zip(row, codes, strict=False):
            cell.number_format = code
    sheet.row_dimensions[7].hidden = True
    sheet.column_dimensions["F"].hidden = True
    hidden = book.create_sheet("Cachée")
    hidden.append(["Feuille", "masquée"])
    hidden.sheet_state = "hidden"
    book.properties.title = "Budget de la voirie et des écoles"
    return book
