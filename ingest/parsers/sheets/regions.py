"""The tables of a sheet: where each begins, what names its columns, which lines stand around it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

from ingest.parsers.sheets.intake import Cell, Merge, Sheet, SheetRow

_YEAR = re.compile(r"(?:19|20)\d{2}")
_MONTH = re.compile(r"[^\W\d_]{3,9} (?:19|20)\d{2}")
_NOTE = re.compile(
    r"(?:sources?|notes?|nb|n\.b\.|lecture|champ|légende|remarques?)\s*[:.]|\*|\(\d", re.I
)
_MAX_LABEL_CHARS = 200
_MAX_REPEATED_CHARS = 200
_MAX_FILLED = 200_000
_LONG_NOTE_CHARS = 60
_FIRST_ROWS = 8
_WIDTH_ROWS = 50
_HEADER_SHARE = 0.6
_MAX_DEPTH = 4
_MAX_LEAD_ROWS = 3
_LIST_ROWS = 8
_LIST_CHARS = 120


@dataclass(slots=True)
class Region:
    """Rows without a blank one between them, or a table that goes on after a blank one."""

    rows: list[SheetRow]
    """Rows of the header, then those of the body."""
    depth: int = 0
    """How many rows make the header."""
    is_table: bool = False
    lead: list[SheetRow] = field(default_factory=list[SheetRow])
    """Rows above the table that are no part of it."""
    notes: list[SheetRow] = field(default_factory=list[SheetRow])
    """Rows below it."""

    @property
    def columns(self) -> list[int]:
        """Columns with a filled cell, ascending."""
        return sorted({column for row in self.rows for column in row.cells})


def find_regions(sheet: Sheet) -> list[Region]:
    """The regions of a sheet in order; every row is in exactly one of them.

    Vertically merged cells repeat their value in each of their rows.
    """
    _fill_down(sheet)
    wide = WideMerges(sheet.merges)
    runs = _with_lone_headers(_runs(sheet.rows))
    regions: list[Region] = []
    for run in runs:
        region = _region(run, wide=wide, merges=sheet.merges)
        if regions and _goes_on(regions[-1], region):
            regions[-1].rows.extend(region.rows)
            regions[-1].notes = region.notes
        else:
            regions.append(region)
    return _with_titles(regions)


class WideMerges:
    """Ranges merged over several columns, by row."""

    def __init__(self, merges: list[Merge]) -> None:
        self._by_row: defaultdict[int, list[Merge]] = defaultdict(list)
        for merge in merges:
            if merge.right > merge.left:
                for row in range(merge.top, min(merge.bottom, merge.top + _MAX_DEPTH) + 1):
                    self._by_row[row].append(merge)

    def of(self, row: SheetRow) -> list[Merge]:
        """Those that touch a row and whose first cell is filled."""
        return [merge for merge in self._by_row.get(row.number, ()) if merge.left in row.cells]

    def owner(self, row: SheetRow, column: int) -> int:
        """The column whose cell is spread over this one; itself when none is."""
        for merge in self.of(row):
            if merge.left <= column <= merge.right:
                return merge.left
        return column

    def reach(self, row: SheetRow) -> int:
        """How many columns the cells of a row cover."""
        covered = set(row.cells)
        for merge in self.of(row):
            covered.update(range(merge.left, min(merge.right, merge.left + _WIDTH_ROWS) + 1))
        return len(covered)


def header_labels(region: Region, *, wide: WideMerges) -> dict[int, str]:
    """What names each column: the cells of the header rows above it, joined by a dash."""
    heads = region.rows[: region.depth]
    labels: dict[int, str] = {}
    for column in region.columns:
        parts: list[str] = []
        for row in heads:
            cell = row.cells.get(wide.owner(row, column))
            if cell is None and row is not heads[-1] and not wide.of(row):
                cell = _spread(row, column=column, below=heads[-1])
            if cell is not None and cell.text not in parts:
                parts.append(cell.text)
        labels[column] = " — ".join(parts)
    return labels


def is_list(region: Region) -> bool:
    """True for a column of many short lines, which reads as a table of one column."""
    return (
        len(region.rows) >= _LIST_ROWS
        and len(region.columns) == 1
        and all(len(text) <= _LIST_CHARS for row in region.rows for text in texts(row))
    )


def texts(row: SheetRow) -> list[str]:
    """What the filled cells of a row show."""
    return [cell.text for cell in row.cells.values()]


def _fill_down(sheet: Sheet) -> None:
    numbers = [row.number for row in sheet.rows]
    left = _MAX_FILLED
    for merge in sheet.merges:
        first, last = bisect_left(numbers, merge.top), bisect_right(numbers, merge.bottom)
        if first == last or numbers[first] != merge.top or merge.bottom == merge.top:
            continue
        cell = sheet.rows[first].cells.get(merge.left)
        if cell is None or len(cell.text) > _MAX_REPEATED_CHARS:
            continue
        for row in sheet.rows[first + 1 : last]:
            left -= 1
            if left < 0:
                return
            if merge.left not in row.cells:
                row.cells[merge.left] = cell
                row.cells = dict(sorted(row.cells.items()))


def _runs(rows: list[SheetRow]) -> list[list[SheetRow]]:
    runs: list[list[SheetRow]] = []
    for row in rows:
        if runs and row.order == runs[-1][-1].order + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _with_lone_headers(runs: list[list[SheetRow]]) -> list[list[SheetRow]]:
    """A row of labels set off from its values by a blank row joins them."""
    joined: list[list[SheetRow]] = []
    for run in runs:
        if joined and len(joined[-1]) == 1 and len(joined[-1][0].cells) > 1:
            above = joined[-1][0]
            is_header = _is_label_row(above) and set(run[0].cells) <= set(above.cells)
            if is_header and len(run[0].cells) > 1 and not _is_label_row(run[0]):
                joined[-1] = [above, *run]
                continue
        joined.append(run)
    return joined


def _region(run: list[SheetRow], *, wide: WideMerges, merges: list[Merge]) -> Region:
    start, has_header = _start(run, wide=wide)
    rows, notes = run[start:], list[SheetRow]()
    if not any(len(row.cells) > 1 for row in rows):
        return Region(rows=run)
    while len(rows) > 1 and _is_note(rows[-1], first=min(rows[0].cells)):
        notes.insert(0, rows.pop())
    depth = _depth(rows, wide=wide, merges=merges) if has_header and len(rows) > 1 else 0
    return Region(rows=rows, depth=depth, is_table=True, lead=run[:start], notes=notes)


def _start(run: list[SheetRow], *, wide: WideMerges) -> tuple[int, bool]:
    """Index of the first row of the table and whether it names the columns."""
    width = max(wide.reach(row) for row in run[:_WIDTH_ROWS])
    left = min(min(row.cells) for row in run[:_WIDTH_ROWS])
    for index, row in enumerate(run[:_FIRST_ROWS]):
        if _is_title(row, wide=wide, left=left, width=width):
            continue
        if wide.reach(row) < max(2, _HEADER_SHARE * width):
            continue
        if all(_may_head(cell) for cell in row.cells.values()) and index + 1 < len(run):
            return index, True
        break
    first = next((index for index, row in enumerate(run) if len(row.cells) > 1), 0)
    return first, False


def _is_title(row: SheetRow, *, wide: WideMerges, left: int, width: int) -> bool:
    if len(row.cells) > 1:
        return False
    merges = wide.of(row)
    return not merges or merges[0].left == left or wide.reach(row) >= width


def _is_note(row: SheetRow, *, first: int) -> bool:
    if len(row.cells) > 1 or min(row.cells) > first:
        return False
    text = row.cells[min(row.cells)].text
    return bool(_NOTE.match(text)) or (len(text) > _LONG_NOTE_CHARS and " " in text)


def _may_head(cell: Cell) -> bool:
    if len(cell.text) > _MAX_LABEL_CHARS:
        return False
    is_period = bool(_YEAR.fullmatch(cell.text) or _MONTH.fullmatch(cell.text))
    return not cell.is_value or is_period


def _is_label_row(row: SheetRow) -> bool:
    return all(_may_head(cell) for cell in row.cells.values())


def _depth(rows: list[SheetRow], *, wide: WideMerges, merges: list[Merge]) -> int:
    depth = 1
    while depth < min(_MAX_DEPTH, len(rows) - 1):
        upper, lower = rows[depth - 1], rows[depth]
        if not _is_label_row(lower):
            break
        if not (
            _splits(upper, lower, wide=wide)
            or _reaches_down(rows[0], lower, merges=merges)
            or _fills_gaps(upper, lower)
        ):
            break
        depth += 1
    return depth


def _splits(upper: SheetRow, lower: SheetRow, *, wide: WideMerges) -> bool:
    """True when cells of the lower row divide a merged one above them."""
    return any(
        sum(1 for column in lower.cells if merge.left <= column <= merge.right) > 1
        for merge in wide.of(upper)
        if merge.bottom <= upper.number
    )


def _reaches_down(first: SheetRow, lower: SheetRow, *, merges: list[Merge]) -> bool:
    return any(
        merge.top == first.number and merge.bottom >= lower.number and merge.left in first.cells
        for merge in merges
    )


def _fills_gaps(upper: SheetRow, lower: SheetRow) -> bool:
    """True when the lower row names only columns that the upper one leaves open, and those before them."""
    gaps = set(lower.cells) - set(upper.cells)
    alone = set(upper.cells) - set(lower.cells)
    return bool(gaps) and bool(alone) and all(column - 1 in lower.cells for column in gaps)


def _spread(row: SheetRow, *, column: int, below: SheetRow) -> Cell | None:
    """The cell to the left that names several columns below without being merged over them."""
    if column not in below.cells:
        return None
    before = [other for other in row.cells if other < column]
    return row.cells[before[-1]] if before and before[-1] in below.cells else None


def _goes_on(region: Region, following: Region) -> bool:
    """True when rows after a blank one have no header of their own and fit under the one above."""
    if not region.is_table or not region.depth or region.notes or following.lead:
        return False
    if not following.is_table or following.depth:
        return False
    columns = following.columns
    is_value = any(cell.is_value for row in following.rows for cell in row.cells.values())
    return is_value and set(columns) <= set(region.columns)


def _with_titles(regions: list[Region]) -> list[Region]:
    """A few lines right above a table, set off by a blank row, belong to it."""
    kept: list[Region] = []
    for region in regions:
        above = kept[-1] if kept else None
        if (
            above is not None
            and region.is_table
            and not above.is_table
            and len(above.rows) <= _MAX_LEAD_ROWS
            and not region.lead
        ):
            region.lead = above.rows
            kept.pop()
        kept.append(region)
    return kept
