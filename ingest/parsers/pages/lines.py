"""Which printed line holds which characters of a block, so that a passage is shown exactly.

Engines join hyphens, open ligatures and change quotes: only letters and digits are compared, folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from ingest.cleaning import fold
from ingest.model import Block, LineBox
from ingest.parsers.pages.page import Line, Page, Piece, Rect

_MIN_COVERED = 0.9
_SURE_CHARS = 12
_EDGE_POINTS = 2.0
_SAME_ROW = 0.5
_CROSSED_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class LineSpan:
    """Some characters of a text and the rectangle they were printed in."""

    start: int
    """Offset of the first character."""
    end: int
    """Offset after the last one."""
    rect: Rect


def placed_block(block: Block, *, piece: Piece, page: Page) -> Block:
    """A block with its printed lines, or with the place of each row of its table.

    Args:
        block: What was made of a piece.
        piece: The piece.
        page: Its page, with the lines the engine read.
    """
    if block.table is not None:
        boxes = tuple(page.box(rect) for rect in piece.row_rects)
        if len(boxes) != len(block.table.rows) + 1:
            return block
        return replace(block, table=replace(block.table, row_boxes=boxes))
    spans = line_spans(block.text, lines=lines_within(page.lines, rect=piece.rect))
    lines = tuple(LineBox(span.start, span.end, page.box(span.rect)) for span in spans)
    return replace(block, lines=lines)


def lines_within(lines: Sequence[Line], *, rect: Rect) -> list[Line]:
    """The lines whose middle lies in a rectangle, a hair's breadth allowed."""
    return [
        line
        for line in lines
        if rect.left - _EDGE_POINTS
        <= (line.rect.left + line.rect.right) / 2
        <= rect.right + _EDGE_POINTS
        and rect.top - _EDGE_POINTS
        <= (line.rect.top + line.rect.bottom) / 2
        <= rect.bottom + _EDGE_POINTS
    ]


def line_spans(text: str, *, lines: Sequence[Line]) -> list[LineSpan]:
    """The printed lines of a text in its own order, without overlap; none when they do not tell it all.

    Args:
        text: Text of a block.
        lines: Runs of text that may be part of it, in the engine's order.
    """
    letters, offsets = squeeze(text)
    found = _claims(letters, lines=lines)
    if sum(end - start for start, end, _ in found) < _MIN_COVERED * len(letters):
        return []
    return _joined_rows(_without_gaps(text, spans=_spans(found, offsets=offsets)))


def found_spans(text: str, *, lines: Sequence[Line]) -> list[LineSpan]:
    """The printed lines of which a text holds every letter, in its own order, without overlap.

    Args:
        text: A text, parts of which may be printed nowhere.
        lines: All lines of a page, in the engine's order.
    """
    letters, offsets = squeeze(text)
    return _joined_rows(_spans(_claims(letters, lines=lines), offsets=offsets))


def squeeze(text: str) -> tuple[str, list[int]]:
    """Letters and digits of a text, folded, and the offset each of them comes from."""
    kept: list[str] = []
    offsets: list[int] = []
    for index, char in enumerate(text):
        for letter in _folded(char):
            kept.append(letter)
            offsets.append(index)
    return "".join(kept), offsets


def squeezed(text: str) -> str:
    """Letters and digits of a text, folded."""
    return "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    return "".join(letter for letter in fold(char) if letter.isalnum())


def _claims(letters: str, *, lines: Sequence[Line]) -> list[tuple[int, int, Rect]]:
    """Where each line stands in a text: long ones wherever they are, short ones between neighbours."""
    words = [squeezed(line.text) for line in lines]
    claimed: dict[int, tuple[int, int]] = {}
    taken = bytearray(len(letters))
    cursor = 0
    for index, word in enumerate(words):
        if len(word) >= _SURE_CHARS:
            start = _free(letters, word, taken=taken, bounds=(cursor, len(letters)))
            start = start if start >= 0 else _free(letters, word, taken=taken, bounds=(0, cursor))
            if start >= 0:
                cursor = _claim(claimed, index, start=start, length=len(word), taken=taken)
    for index, word in enumerate(words):
        if 0 < len(word) < _SURE_CHARS:
            bounds = _bounds(claimed, index, length=len(letters))
            start = _free(letters, word, taken=taken, bounds=bounds)
            if start >= 0:
                _claim(claimed, index, start=start, length=len(word), taken=taken)
    return sorted(
        ((start, end, lines[index].rect) for index, (start, end) in claimed.items()),
        key=lambda item: item[0],
    )


def _spans(found: Sequence[tuple[int, int, Rect]], *, offsets: Sequence[int]) -> list[LineSpan]:
    return [LineSpan(offsets[start], offsets[end - 1] + 1, rect) for start, end, rect in found]


def _claim(
    claimed: dict[int, tuple[int, int]], index: int, *, start: int, length: int, taken: bytearray
) -> int:
    claimed[index] = (start, start + length)
    taken[start : start + length] = b"\x01" * length
    return start + length


def _bounds(claimed: dict[int, tuple[int, int]], index: int, *, length: int) -> tuple[int, int]:
    before = max((other for other in claimed if other < index), default=None)
    after = min((other for other in claimed if other > index), default=None)
    low = claimed[before][1] if before is not None else 0
    high = claimed[after][0] if after is not None else length
    return (low, high) if low <= high else (low, length)


def _free(letters: str, word: str, *, taken: bytearray, bounds: tuple[int, int]) -> int:
    """First place of a word within bounds that no other line has taken, else -1."""
    start = letters.find(word, bounds[0], max(bounds[1], bounds[0]))
    while start >= 0 and any(taken[start : start + len(word)]):
        start = letters.find(word, start + 1, bounds[1])
    return start


def _without_gaps(text: str, *, spans: list[LineSpan]) -> list[LineSpan]:
    """The same spans, marks between them given to one or the other at the last blank."""
    if not spans:
        return []
    starts = [0]
    for span, following in pairwise(spans):
        between = text[span.end : following.start]
        blanks = [index for index, char in enumerate(between) if char.isspace()]
        starts.append(span.end + blanks[-1] + 1 if blanks else following.start)
    ends = [*starts[1:], len(text)]
    return [
        LineSpan(start, end, span.rect)
        for start, end, span in zip(starts, ends, spans, strict=True)
        if start < end
    ]


def _joined_rows(spans: list[LineSpan]) -> list[LineSpan]:
    joined: list[LineSpan] = []
    for span in spans:
        if joined and _is_same_row(joined[-1].rect, span.rect):
            last = joined[-1]
            joined[-1] = LineSpan(last.start, span.end, last.rect.joined(span.rect))
        else:
            joined.append(span)
    return joined


def _is_same_row(rect: Rect, following: Rect) -> bool:
    shared = min(rect.bottom, following.bottom) - max(rect.top, following.top)
    low = min(rect.height, following.height)
    return shared > _SAME_ROW * low and following.left >= rect.right - low


def overlapping_share(lines: Sequence[Line]) -> float:
    """Share of the lines of a page printed across another one of other words, in [0, 1].

    Two drafts laid over each other, or tracked changes shown in place, give many of them.
    """
    ordered = sorted(
        (line for line in lines if len(squeezed(line.text)) >= _SURE_CHARS),
        key=lambda line: line.rect.top,
    )
    crossed = {index for index, line in enumerate(ordered) if "\n" in line.text.strip()}
    for index, line in enumerate(ordered):
        for other in range(index + 1, len(ordered)):
            if ordered[other].rect.top >= line.rect.bottom:
                break
            if _are_crossed(line, ordered[other]):
                crossed.update((index, other))
    return len(crossed) / len(ordered) if ordered else 0.0


def _are_crossed(line: Line, other: Line) -> bool:
    narrow, wide = sorted((line, other), key=lambda item: item.rect.area)
    return narrow.rect.share_inside(wide.rect) > _CROSSED_SHARE and squeezed(
        narrow.text
    ) not in squeezed(wide.text)
