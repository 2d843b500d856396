"""Sheets as any parser of spreadsheets hands them over, and the bounds of what it may hand over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ingest.cleaning import one_line
from ingest.limits import Limits
from ingest.model import Notice

_MAX_MERGES = 20_000


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows."""

    text: str
    """On one line, never empty."""
    is_value: bool = False
    """True for numbers, dates and booleans; False for words."""


@dataclass(slots=True)
class SheetRow:
    """A row of which some cell is filled."""

    number: int
    """In its sheet, from 1."""
    order: int
    """Position among the rows that are shown; two neighbours differ by one."""
    cells: dict[int, Cell]
    """Filled cells by column, from 1, ascending."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range; rows and columns from 1, the last ones inclusive."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Sheet:
    """The filled and shown cells of a sheet; its size is that of its content, however far it reaches."""

    name: str
    """Empty for a format without sheets."""
    rows: list[SheetRow] = field(default_factory=list[SheetRow])
    merges: list[Merge] = field(default_factory=list[Merge])


class Intake:
    """Collects sheets within the limits of rows, columns, cells and characters.

    What does not fit is left out and said so by `notices`.
    """

    def __init__(self, limits: Limits) -> None:
        self.sheets: list[Sheet] = []
        self._limits = limits
        self._cells_left = limits.max_sheet_cells
        self._chars_left = limits.max_sheet_chars
        self._columns: set[int] = set()
        self._found: dict[Notice, None] = {}
        self._is_full = False

    @property
    def notices(self) -> list[Notice]:
        """What was left out, each once, in the order of its finding."""
        return list(self._found)

    @property
    def chars(self) -> int:
        """Characters taken so far."""
        return self._limits.max_sheet_chars - self._chars_left

    def tell(self, notice: Notice) -> None:
        """Remember something that was left out."""
        self._found[notice] = None

    def open_sheet(self, name: str) -> None:
        """Begin the next sheet."""
        self.sheets.append(Sheet(name=one_line(name)))
        self._columns = set()

    def add_row(self, number: int, *, order: int, cells: Iterable[tuple[int, Cell]]) -> bool:
        """Add a row of the open sheet, rows in ascending order.

        Args:
            number: In the sheet, from 1.
            order: Position among the rows that are shown.
            cells: Columns from 1, ascending, and what they show; an empty text is no cell.

        Returns:
            False when no further row of this sheet can be taken; then something was left out.
        """
        kept: dict[int, Cell] = {}
        for column, cell in cells:
            if cell.text and self._takes(column, cell=cell):
                kept[column] = cell
        if kept:
            rows = self.sheets[-1].rows
            if len(rows) >= self._limits.max_sheet_rows:
                self.tell(Notice.SHEETS_CUT)
                return False
            rows.append(SheetRow(number=number, order=order, cells=kept))
        return not self._is_full

    def add_merge(self, merge: Merge) -> None:
        """Add a merged range of the open sheet."""
        merges = self.sheets[-1].merges
        is_wide = merge.right > merge.left or merge.bottom > merge.top
        if is_wide and len(merges) < _MAX_MERGES:
            merges.append(merge)

    def _takes(self, column: int, *, cell: Cell) -> bool:
        self._is_full = self._is_full or self._cells_left <= 0 or self._chars_left < len(cell.text)
        is_beyond = (
            column not in self._columns and len(self._columns) >= self._limits.max_sheet_columns
        )
        if self._is_full or is_beyond:
            self.tell(Notice.SHEETS_CUT)
            return False
        self._columns.add(column)
        self._cells_left -= 1
        self._chars_left -= len(cell.text)
        return True
