"""From sheets to blocks: the name of each, its tables with their ranges, the lines around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ingest.draft import Draft, Work, header_lines, row_line, table_markdown, text_block
from ingest.headings import is_plausible_heading
from ingest.model import NOWHERE, Block, BlockKind, Place, Table
from ingest.parsers.sheets.intake import Intake, Sheet, SheetRow
from ingest.parsers.sheets.regions import (
    Region,
    WideMerges,
    find_regions,
    header_labels,
    is_list,
    texts,
)
from ingest.places import column_name
from ingest.tokens import count_tokens

_MAX_TITLES = 2
_MAX_TITLE_CHARS = 150
_MAX_HEADER_TOKENS = 160
_MAX_ROW_TOKENS = 320
"""Header and row together, so that they fit in one passage with title and breadcrumb."""
_PAGE_CHARS = 2500
_KEY_COLUMNS = 2
_KEY_ROWS = 500
_KEY_CHARS = 80
_KEY_FILLED = 0.8


def sheets_draft(intake: Intake, work: Work, *, engine: str, declared_title: str = "") -> Draft:
    """The draft of a whole file from its sheets.

    Args:
        intake: The sheets and what was left out of them.
        work: Is told how many pages the text would fill: long sheets take their time.
        engine: Name of the library that read the file.
        declared_title: Title in the properties of the file, else empty.
    """
    work.on_pages(intake.chars // _PAGE_CHARS)
    blocks = [block for sheet in intake.sheets for block in sheet_blocks(sheet)]
    return Draft(
        engine=engine, blocks=blocks, notices=intake.notices, declared_title=declared_title
    )


def sheet_blocks(sheet: Sheet) -> list[Block]:
    """The blocks of a sheet in order, under a heading that names it; none for an empty sheet."""
    place = Place(sheet=sheet.name) if sheet.name else NOWHERE
    wide = WideMerges(sheet.merges)
    body = [block for region in find_regions(sheet) for block in _region_blocks(region, wide=wide)]
    heading = text_block(sheet.name, kind=BlockKind.HEADING, level=1) if sheet.name else None
    found = [heading, *body] if body and heading is not None else body
    return [replace(block, place=place) for block in found]


def _region_blocks(region: Region, *, wide: WideMerges) -> Iterator[Block]:
    if not region.is_table and not is_list(region):
        yield from _line_blocks(region.rows)
        return
    titles = _titles(region.lead)
    yield from titles
    yield from _line_blocks(region.lead[len(titles) :])
    if region.is_table and len(region.rows) == 1:
        yield from _line_blocks(region.rows)
    else:
        yield from _table_blocks(region, wide=wide)
    yield from _line_blocks(region.notes)


def _titles(lead: list[SheetRow]) -> list[Block]:
    """The first lines above a table, as long as they look like headings: who publishes, then what."""
    titles: list[Block] = []
    for row in lead[:_MAX_TITLES]:
        text = " ".join(texts(row))
        is_title = len(text) <= _MAX_TITLE_CHARS and is_plausible_heading(text)
        heading = text_block(text, kind=BlockKind.HEADING, level=2 + len(titles))
        if not is_title or heading is None or heading.kind is not BlockKind.HEADING:
            break
        titles.append(heading)
    return titles


def _line_blocks(rows: list[SheetRow]) -> Iterator[Block]:
    lines = [" — ".join(texts(row)) for row in rows]
    block = text_block("\n".join(lines))
    if block is not None:
        yield block


@dataclass(frozen=True, slots=True)
class _Body:
    """The body of a table, column by column."""

    columns: list[int]
    labels: tuple[str, ...]
    head: int
    """Row of the sheet that names the columns."""
    keys: list[int]
    """Columns whose words tell one row from another."""

    def cells(self, row: SheetRow) -> tuple[str, ...]:
        return tuple(
            row.cells[column].text if column in row.cells else "" for column in self.columns
        )

    @property
    def span(self) -> tuple[int, int]:
        return self.columns[0], self.columns[-1]


def _table_blocks(region: Region, *, wide: WideMerges) -> Iterator[Block]:
    """The table, cut where rows are too long to be read beside their header: each is then a card."""
    depth = region.depth or (1 if is_list(region) else 0)
    rows = region.rows[depth:]
    columns = region.columns
    labels = header_labels(replace(region, depth=depth), wide=wide)
    names = tuple(labels[column] if depth else _letters(column) for column in columns)
    head = region.rows[max(depth - 1, 0)].number
    body = _Body(columns, names, head=head, keys=_key_columns(rows, columns=columns))
    header_tokens = sum(map(count_tokens, header_lines(Table(header=names, rows=()))))
    room = _MAX_ROW_TOKENS - header_tokens if header_tokens <= _MAX_HEADER_TOKENS else 0
    together: list[SheetRow] = []
    if not room:
        yield from _label_blocks(names)
    for row in rows:
        if count_tokens(row_line(body.cells(row))) <= room:
            together.append(row)
            continue
        if together:
            yield _table(body, together)
            together = []
        yield _card(body, row)
    if together:
        yield _table(body, together)


def _label_blocks(labels: tuple[str, ...]) -> Iterator[Block]:
    """All column names once: a card names only those of its filled cells."""
    block = text_block(f"Colonnes : {' ; '.join(filter(None, labels))}.")
    if block is not None:
        yield block


def _table(body: _Body, rows: list[SheetRow]) -> Block:
    return _block(
        Table(
            header=body.labels,
            rows=tuple(body.cells(row) for row in rows),
            sheet_rows=(body.head, *(row.number for row in rows)),
            sheet_columns=body.span,
        )
    )


def _card(body: _Body, row: SheetRow) -> Block:
    """One row as a table of two columns: what names a cell, and the cell. Empty cells are left out."""
    pairs = [
        (label or _letters(column), row.cells[column].text)
        for column, label in zip(body.columns, body.labels, strict=True)
        if column in row.cells
    ]
    name = " — ".join(row.cells[column].text for column in body.keys if column in row.cells)
    return _block(
        Table(
            header=(f"Ligne {row.number}", name),
            rows=tuple(pairs),
            sheet_rows=(body.head, *(row.number for _ in pairs)),
            sheet_columns=body.span,
        )
    )


def _block(table: Table) -> Block:
    return Block(kind=BlockKind.TABLE, text=table_markdown(table), table=table)


def _letters(column: int) -> str:
    return f"Colonne {column_name(column)}"


def _key_columns(rows: list[SheetRow], *, columns: list[int]) -> list[int]:
    """The few columns of short words that differ most from row to row, in their order."""
    sample = rows[:_KEY_ROWS]
    distinct: dict[int, int] = {}
    for column in columns:
        cells = [row.cells[column] for row in sample if column in row.cells]
        is_short = all(len(cell.text) <= _KEY_CHARS for cell in cells)
        is_worded = any(not cell.is_value for cell in cells)
        if is_short and is_worded and len(cells) >= _KEY_FILLED * len(sample):
            distinct[column] = len({cell.text for cell in cells})
    best = sorted(distinct, key=lambda column: (-distinct[column], column))[:_KEY_COLUMNS]
    return sorted(best)
