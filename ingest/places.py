"""Boxes and ranges of sheets, put together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.model import Box, LineBox, Table

_MAX_GAP_LINES = 1.5
_RANGE = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)")


def bounding_box(boxes: Sequence[Box]) -> Box:
    """The smallest rectangle that holds some boxes of one page; at least one is needed."""
    return Box(
        page=boxes[0].page,
        left=min(box.left for box in boxes),
        top=min(box.top for box in boxes),
        right=max(box.right for box in boxes),
        bottom=max(box.bottom for box in boxes),
    )


def covering_boxes(lines: Sequence[LineBox], *, start: int, end: int) -> tuple[Box, ...]:
    """Rectangles that hold some characters of a text and as little else as may be.

    Whole lines one under the other make one rectangle; a line that is cut, or that stands in another
    column, has its own.

    Args:
        lines: Printed lines of the text that hold these characters, in order.
        start: Offset of the first character.
        end: Offset after the last one.
    """
    boxes: list[Box] = []
    is_open = False
    for line in lines:
        is_whole = start - 1 <= line.start and end + 1 >= line.end
        box = line.box if is_whole else _cut_box(line, start=start, end=end)
        if is_open and is_whole and _stacks(boxes[-1], box):
            boxes[-1] = bounding_box([boxes[-1], box])
        else:
            boxes.append(box)
        is_open = is_whole
    return tuple(boxes)


def _cut_box(line: LineBox, *, start: int, end: int) -> Box:
    """The part of a line's box that holds some of its characters, all taken to be equally wide."""
    width, length = line.box.right - line.box.left, max(line.end - line.start, 1)
    before = max(start - line.start, 0) / length
    after = max(line.end - end, 0) / length
    return Box(
        page=line.box.page,
        left=round(line.box.left + width * before, 4),
        top=line.box.top,
        right=round(line.box.right - width * after, 4),
        bottom=line.box.bottom,
    )


def _stacks(area: Box, box: Box) -> bool:
    height = box.bottom - box.top
    return (
        box.page == area.page
        and -height < box.top - area.bottom < _MAX_GAP_LINES * height
        and box.top > area.top
        and min(area.right, box.right) > max(area.left, box.left)
    )


def page_starts(blocks: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The offsets at which the pages of a text begin.

    Args:
        blocks: For each block of the text, in order, its offset and its page, 0 where unknown.

    Returns:
        One offset a page, ascending; none for a single page, nor where a page is unknown or comes
        after a later one.
    """
    pages = [page for _, page in blocks]
    if 0 in pages or pages != sorted(pages):
        return ()
    starts: dict[int, int] = {}
    for offset, page in blocks:
        starts.setdefault(page, offset)
    return tuple(starts.values()) if len(starts) > 1 else ()


def cell_range(table: Table, *, first: int, last: int) -> str:
    """The range of some rows of a table in its sheet, such as "A3:F20"; empty outside sheets.

    Args:
        table: The table.
        first: Index of the first row, from 0, header left out.
        last: Index of the last row, inclusive.
    """
    if not table.sheet_rows:
        return ""
    rows = table.sheet_rows[1 + first : 2 + last] or table.sheet_rows[:1]
    left, right = (column_name(column) for column in table.sheet_columns)
    return f"{left}{rows[0]}:{right}{rows[-1]}"


def joined_range(one: str, other: str) -> str:
    """The smallest range that holds both; an empty one adds nothing."""
    found = [match for match in map(_RANGE.fullmatch, (one, other)) if match is not None]
    if len(found) < 2:
        return one or other
    left = min((match[1] for match in found), key=_column_order)
    right = max((match[3] for match in found), key=_column_order)
    top, bottom = min(int(match[2]) for match in found), max(int(match[4]) for match in found)
    return f"{left}{top}:{right}{bottom}"


def column_name(number: int) -> str:
    """The letters of a column, from 1: A to Z, then AA, AB and so on."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _column_order(letters: str) -> tuple[int, str]:
    return len(letters), letters
