"""Words read on an image to pieces of a page: lines, paragraphs, list items and headings by size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median

from ingest.cleaning import one_line
from ingest.draft import table_block, text_block
from ingest.headings import is_plausible_heading, is_structural_heading
from ingest.model import Block, BlockKind, LineBox
from ingest.parsers.ocr.engine import Word
from ingest.parsers.ocr.score import is_well_formed, text_quality
from ingest.parsers.pages.lines import placed_block
from ingest.parsers.pages.page import Line, Page, Piece, Rect, union
from ingest.parsers.pages.words import joined_words

_MIN_WORD = 0.2
"""Tesseract gives 0 to many right words with an apostrophe ("l'éclairage"): their form decides."""
_MIN_NOISE, _MIN_NOISE_QUALITY = 0.55, 0.55
_LONE_WORDS, _MIN_LONE = 2, 0.3
_RULES = "|¦_"
"""What the lines of tables are read as."""
_WIDE_GAP = 0.9
_HEADING_SIZE, _TITLE_SIZE = 1.3, 1.7
_MAX_HEADING_LINES = 3
_MIN_HEADING_SURE = 0.8
_FULL_LINE = 0.85
_TALL = re.compile(r"[A-ZÀ-Þ0-9bdfhklt]")
_BULLET = re.compile(r"^(?:[-–—•▪●○◦➢➤►>*+]|[a-z0-9]{1,2}[.)])\s+(?=\S{2})")


@dataclass(slots=True)
class _Row:
    """One printed line."""

    words: list[Word]
    rect: Rect
    size: float
    """Height of its capitals, in pixels."""

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def pieces_of(words: Sequence[Word]) -> list[Piece]:
    """The pieces that words make, in reading order, in the coordinates of the words.

    A paragraph ends where the engine says so, at a wide gap, and before a list item, an article or
    another structural heading. What is neither sure nor well formed is noise and left out.
    """
    groups = [
        list(rows)
        for _, rows in groupby(_rows(words), key=lambda row: row.words[0].line[:2])
        for rows in _split(list(rows))
    ]
    kept = [rows for rows in groups if not _is_noise(rows)]
    body = _body_size(kept)
    return [_piece(rows, body=body) for rows in kept]


def page_blocks(page: Page) -> list[Block]:
    """The blocks of a page in order, each with its box and printed lines, whatever its pieces come from."""
    blocks: list[Block] = []
    for piece in page.pieces:
        box = page.box(piece.rect)
        if piece.kind is BlockKind.TABLE:
            block = table_block(piece.rows or [], box=box)
        else:
            block = text_block(piece.text, kind=piece.kind, level=piece.level, box=box)
        if block is not None:
            place = placed_block if piece.confidence is None else _sure_block
            blocks.append(place(block, piece=piece, page=page))
    return blocks


def _sure_block(block: Block, *, piece: Piece, page: Page) -> Block:
    """A block with the certainty and the printed lines, or rows, of the piece read from an image."""
    if block.table is not None:
        placed = placed_block(block, piece=piece, page=page)
        return replace(placed, confidence=piece.confidence)
    boxes: list[LineBox] = []
    cursor = 0
    for line in piece.lines:
        printed = one_line(line.text)
        start = block.text.find(printed, cursor)
        if start < 0 or not printed:
            continue
        cursor = start + len(printed)
        boxes.append(LineBox(start=start, end=cursor, box=page.box(line.rect)))
    return replace(block, confidence=piece.confidence, lines=tuple(boxes))


def mean_confidence(words: Iterable[Word]) -> float:
    """Certainty of some words, each counted by its length; 0 without words."""
    held = [(len(word.text), word.confidence) for word in words]
    total = sum(length for length, _ in held)
    return sum(length * sure for length, sure in held) / total if total else 0.0


def _rows(words: Sequence[Word]) -> list[_Row]:
    bare = [replace(word, text=word.text.strip(_RULES)) for word in words]
    sure = [
        word
        for word in bare
        if word.text and (word.confidence >= _MIN_WORD or is_well_formed(word.text))
    ]
    rows: list[_Row] = []
    for _, group in groupby(sure, key=lambda word: word.line):
        held = list(group)
        rows.append(_Row(held, union([word.rect for word in held]), _size(held)))
    return rows


def _size(words: list[Word]) -> float:
    tall = [word.rect.height for word in words if _TALL.search(word.text)]
    return median(tall or [word.rect.height for word in words])


def _split(rows: list[_Row]) -> list[list[_Row]]:
    groups: list[list[_Row]] = []
    for row in rows:
        if groups and not _breaks(groups[-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _breaks(rows: list[_Row], row: _Row) -> bool:
    last = rows[-1]
    gap = row.rect.top - last.rect.bottom
    high = max(row.size, last.size)
    return (
        gap > _WIDE_GAP * high + 0.3 * high
        or high > _HEADING_SIZE * min(row.size, last.size)
        or bool(_BULLET.match(row.text))
        or is_structural_heading(row.text)
        or (len(rows) == 1 and is_structural_heading(last.text) and row.text[:1].isupper())
    )


def _is_noise(rows: list[_Row]) -> bool:
    words = [word for row in rows for word in row.words]
    if not any(char.isalnum() for word in words for char in word.text):
        return True
    if len(words) <= _LONE_WORDS and mean_confidence(words) < _MIN_LONE:
        return True
    quality = text_quality(word.text for word in words)
    return mean_confidence(words) < _MIN_NOISE and quality < _MIN_NOISE_QUALITY


def _body_size(groups: list[list[_Row]]) -> float:
    sizes = [row.size for rows in groups for row in rows for _ in row.words]
    return median(sizes) if sizes else 0.0


def _piece(rows: list[_Row], *, body: float) -> Piece:
    text, lines = _joined(rows)
    words = [word for row in rows for word in row.words]
    sure = mean_confidence(words)
    kind, level = _kind(rows, text=text, body=body if sure >= _MIN_HEADING_SURE else math.inf)
    return Piece(
        kind=kind,
        text=text,
        rect=union([row.rect for row in rows]),
        level=level,
        lines=lines,
        confidence=round(sure, 3),
    )


def _kind(rows: list[_Row], *, text: str, body: float) -> tuple[BlockKind, int]:
    size = median([row.size for row in rows])
    if (
        size >= _HEADING_SIZE * body
        and len(rows) <= _MAX_HEADING_LINES
        and is_plausible_heading(one_line(text))
    ):
        return BlockKind.HEADING, 1 if size >= _TITLE_SIZE * body else 2
    if _BULLET.match(text):
        return BlockKind.LIST_ITEM, 0
    return BlockKind.PARAGRAPH, 0


def _joined(rows: list[_Row]) -> tuple[str, list[Line]]:
    """Lines as running text: a hyphen at the end of a line is undone, a short line ends with a break."""
    right = max(row.rect.right for row in rows)
    left = min(row.rect.left for row in rows)
    text = ""
    lines: list[Line] = []
    for position, row in enumerate(rows):
        printed = row.text
        following = rows[position + 1].text if position + 1 < len(rows) else ""
        joined = joined_words(f"{printed}\n{following}") if following else ""
        if joined and "\n" not in joined:
            printed, separator = joined[: -len(following)], ""
        else:
            is_full = row.rect.right - left >= _FULL_LINE * (right - left)
            separator = " " if is_full else "\n"
        lines.append(Line(printed, row.rect))
        text += printed + (separator if following else "")
    return text, lines
