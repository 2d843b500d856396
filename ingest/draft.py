"""What a parser hands over: blocks in reading order, before title, date and kind are looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ingest.cleaning import clean_text, one_line
from ingest.limits import Limits, PageTeller
from ingest.model import Block, BlockKind, Box, FileFormat, Notice, Table
from ingest.parts import UNWATCHED, PartWatch
from ingest.tools import Tool

MAX_CELL_CHARS = 4000
MAX_HEADING_CHARS = 300
_FEWEST_BLANKS = 5
"""Rows of one number each that make a form."""
_LONGEST_ORDINAL = 3
_MAX_STOPPED_WORDS = 8
"""A heading may end with a full stop; beyond this many words it is a sentence."""


@dataclass(frozen=True, slots=True)
class Work:
    """The reading that a parser is part of."""

    name: str
    """Name of the file as ingested."""
    limits: Limits
    on_pages: PageTeller
    """Told the number of pages, if there are any, before the long work begins."""
    watch: PartWatch = UNWATCHED
    """Of the attachments, if it is the reading of a message."""
    read_inner: Callable[[Path, Work, FileFormat], Draft] | None = None
    """Reads a file that was found inside this one."""
    missing: set[Tool] = field(default_factory=set[Tool])
    """Added to by parsers: what is not installed and would have read more, even of what is given up."""


@dataclass(slots=True)
class Draft:
    """A document as a parser found it."""

    engine: str
    """Name of the library that gave the blocks."""
    blocks: list[Block] = field(default_factory=list[Block])
    running: list[Block] = field(default_factory=list[Block])
    """What stands at the head or foot of its pages; shown first, and no place to look for a title."""
    page_count: int = 0
    """0 for formats without pages."""
    notices: list[Notice] = field(default_factory=list[Notice])
    declared_title: str = ""
    """Title given by the file's own metadata or by a style named for it; may be junk."""
    own_title: str = ""
    """Title that its format gives beyond doubt, as a message has its subject; goes before all others."""
    own_date: date | None = None
    """Date likewise."""
    unread_parts: list[str] = field(default_factory=list[str])
    """Names of the attachments of a message that were not read."""

    @property
    def letters(self) -> int:
        """Number of letters and digits in all blocks."""
        return sum(sum(map(str.isalnum, block.text)) for block in self.blocks)


def text_block(
    text: str, *, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0, box: Box | None = None
) -> Block | None:
    """A block of cleaned text, None when nothing is left of it; a heading that is none is a paragraph."""
    cleaned = one_line(text) if kind is BlockKind.HEADING else clean_text(text)
    if not cleaned:
        return None
    if kind is BlockKind.HEADING and _is_text(cleaned):
        kind, level = BlockKind.PARAGRAPH, 0
    return Block(kind=kind, text=cleaned, level=level, box=box)


def _is_text(heading: str) -> bool:
    """True when an author's heading is running text: what it says would be lost as a mere label."""
    is_sentence = heading.endswith(".") and len(heading.split()) > _MAX_STOPPED_WORDS
    return is_sentence or len(heading) > MAX_HEADING_CHARS or heading.endswith((",", ";"))


def table_block(rows: list[list[str]], *, box: Box | None = None) -> Block | None:
    """A block of a table whose first row is the header; empty rows and columns are dropped.

    A table of a single column or a single row is no table: it becomes a paragraph.
    """
    cleaned = [[one_line(cell)[:MAX_CELL_CHARS] for cell in row] for row in rows]
    width = max((len(row) for row in cleaned), default=0)
    padded = [row + [""] * (width - len(row)) for row in cleaned if any(row)]
    kept = [index for index in range(width) if any(row[index] for row in padded)]
    cells = without_blanks([tuple(row[index] for index in kept) for row in padded])
    if not cells:
        return None
    if len(kept) == 1 or len(cells) == 1:
        lines = (" — ".join(cell for cell in row if cell) for row in cells)
        return text_block("\n".join(lines), box=box)
    table = Table(header=cells[0], rows=tuple(cells[1:]))
    return Block(kind=BlockKind.TABLE, text=table_markdown(table), box=box, table=table)


def without_blanks(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows of a table without the lines of a form, numbered from 1 to its end, that wait to be filled in.

    Elsewhere a row of one number may share the text of a merged cell above it.
    """
    end = len(rows)
    while end and _lone_number(rows[end - 1]) is not None:
        end -= 1
    numbers = [_lone_number(row) for row in rows[end:]]
    is_form = len(numbers) >= _FEWEST_BLANKS and numbers == [*range(1, len(numbers) + 1)]
    return rows[:end] if is_form else rows


def _lone_number(row: tuple[str, ...]) -> int | None:
    """The small number that a row holds at its beginning and nothing else, None for another row."""
    first = row[0].rstrip(".)")
    is_lone = len(row) > 1 and not any(row[1:]) and len(first) <= _LONGEST_ORDINAL
    return int(first) if is_lone and first.isdecimal() else None


def table_markdown(table: Table) -> str:
    """The Markdown form of a table: header, rule, rows."""
    return "\n".join((*header_lines(table), *(row_line(row) for row in table.rows)))


def header_lines(table: Table) -> tuple[str, str]:
    """The two lines that open the Markdown form of a table."""
    return row_line(table.header), "|" + " --- |" * len(table.header)


def row_line(row: tuple[str, ...]) -> str:
    """One row of a table in Markdown."""
    return "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
