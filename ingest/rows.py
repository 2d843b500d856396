"""The rows of a sheet as they are, for lists that people fill in; read inside a parsing child."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingest.errors import UnsupportedFormat
from ingest.formats import detect_format
from ingest.guards import check_access, check_content
from ingest.limits import Limits
from ingest.model import FileFormat, Notice

if TYPE_CHECKING:
    from ingest.parsers.sheets.intake import Intake

_TEXTS = frozenset({FileFormat.CSV, FileFormat.TEXT, FileFormat.MARKDOWN})
"""A list of one column has no separator and looks like plain text."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of which some cell is filled."""

    number: int
    """In its sheet, from 1, as a spreadsheet shows it."""
    cells: dict[int, str]
    """Filled cells by column, from 1: what they show, on one line."""


@dataclass(frozen=True, slots=True)
class SheetContent:
    """A sheet that is not hidden."""

    name: str
    """Empty for CSV."""
    rows: tuple[SheetRow, ...]


@dataclass(frozen=True, slots=True)
class SheetFile:
    """What a file of sheets shows, in order."""

    sheets: tuple[SheetContent, ...]
    is_cut: bool
    """True when rows, columns or cells beyond the limits were left out."""

    def dump(self) -> bytes:
        """UTF-8 JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def load(cls, data: bytes) -> SheetFile:
        """What `dump` wrote.

        Raises:
            ValueError: The data is something else.
        """
        try:
            plain = cast("dict[str, Any]", json.loads(data))
            sheets = tuple(_sheet(each) for each in plain["sheets"])
            return cls(sheets, is_cut=bool(plain["is_cut"]))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("not a file of sheets") from error


def read_rows(path: Path, *, name: str, limits: Limits) -> SheetFile:
    """The rows of a CSV, ODS or XLSX file, read in this very process; what is hidden is left out.

    Args:
        path: The content.
        name: Its extension tells a list of one column from plain text.
        limits: Bounds of size, expansion, rows, columns and cells.

    Raises:
        IngestError: It is damaged, empty, too large, or of another format ("not_a_sheet").
    """
    check_access(path, limits=limits)
    try:
        file_format = detect_format(path, name=name)
    except UnsupportedFormat as error:
        raise UnsupportedFormat("not_a_sheet", **error.params) from error
    if file_format in _TEXTS and name.lower().endswith((".csv", ".tsv", ".txt")):
        file_format = FileFormat.CSV
    check_content(path, file_format=file_format, limits=limits)
    intake = _intake(path, file_format=file_format, limits=limits)
    sheets = tuple(
        SheetContent(
            sheet.name,
            tuple(
                SheetRow(row.number, {column: cell.text for column, cell in row.cells.items()})
                for row in sheet.rows
            ),
        )
        for sheet in intake.sheets
    )
    return SheetFile(sheets, is_cut=Notice.SHEETS_CUT in intake.notices)


def _intake(path: Path, *, file_format: FileFormat, limits: Limits) -> Intake:
    match file_format:
        case FileFormat.CSV:
            return import_module("ingest.parsers.sheets.csv").csv_rows(path, limits)
        case FileFormat.ODS:
            return import_module("ingest.parsers.sheets.ods").ods_rows(path, limits)[0]
        case FileFormat.XLSX:
            return import_module("ingest.parsers.sheets.xlsx").xlsx_rows(path, limits)
        case _:
            raise UnsupportedFormat("not_a_sheet", format=file_format.upper())


def _sheet(plain: dict[str, Any]) -> SheetContent:
    rows = (
        SheetRow(int(row["number"]), {int(key): str(text) for key, text in row["cells"].items()})
        for row in plain["rows"]
    )
    return SheetContent(str(plain["name"]), tuple(rows))
