"""CSV and TSV to blocks: decoded, cut at the delimiter of their own lines, then read as one sheet."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.charsets import decode
from ingest.cleaning import one_line
from ingest.csv_dialect import find_delimiter, parse_rows
from ingest.draft import Draft, Work
from ingest.limits import Limits
from ingest.parsers.sheets.blocks import sheets_draft
from ingest.parsers.sheets.intake import Cell, Intake

_SEPARATOR_LINE = re.compile(r"\ufeff?sep=(.)\r?\n", re.I)
_VALUE = re.compile(
    r"[-+−]?\d[\d\s.,'’]*\s*(?:%|€|\$|k€|M€)?|\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]+)?|\d\d?/\d\d?/\d{2,4}|"
    r"vrai|faux|true|false",
    re.I,
)


def read_csv(path: Path, work: Work) -> Draft:
    """The blocks of a text in columns."""
    return sheets_draft(csv_rows(path, work.limits), work, engine="csv")


def csv_rows(path: Path, limits: Limits) -> Intake:
    """The rows of a text in columns, as one sheet; they are numbered as a spreadsheet would."""
    text = decode(path.read_bytes())
    declared = _SEPARATOR_LINE.match(text)
    if declared is not None:
        text = text[declared.end() :]
    delimiter = declared[1] if declared is not None else find_delimiter(text, is_expected=True)
    first = 1 if declared is None else 2
    intake = Intake(limits)
    intake.open_sheet("")
    for number, row in enumerate(parse_rows(text, delimiter=delimiter or ";"), start=first):
        cells = ((column, _cell(field)) for column, field in enumerate(row, start=1))
        if not intake.add_row(number, order=number, cells=cells):
            break
    return intake


def _cell(field: str) -> Cell:
    text = one_line(field)
    return Cell(text, is_value=_VALUE.fullmatch(text) is not None)
