"""Tables of scanned pages: their ruled lines are found among the dark points, their words fall into cells."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ingest.parsers.ocr.engine import Word
from ingest.parsers.ocr.page import mean_confidence
from ingest.parsers.pages.page import Line, Piece, Rect, union
from ingest.parsers.pages.tables import tables_of_rules

if TYPE_CHECKING:
    from PIL.Image import Image

_DARK = 150
_ACROSS, _DOWN = 100, 60
"""Pixels of the shortest lines, at 200 dots per inch: half an inch, and the height of two rows of text."""
_UNBROKEN = 0.92
_MAX_RUNS = 20_000
_JOINED_ROWS = 3
_HELD_SHARE = 0.95
_RULES = "|¦_"
"""What borders are read as."""


def take_tables(image: Image, words: list[Word], *, scale: float) -> tuple[list[Piece], list[Word]]:
    """The ruled tables of an upright page, in pixels, and the words that are in none of them.

    A table whose cells would lose words is left out: its words stay.

    Args:
        image: The page in grey.
        words: The words read on it.
        scale: Pixels per point.
    """
    tables: list[Piece] = []
    left = words
    for table in _tables(image, words, scale=scale):
        inside = [word for word in left if _is_inside(word.rect, table.rect)]
        held = sum(len(cell.replace(" ", "")) for row in table.rows or [] for cell in row)
        if held >= _HELD_SHARE * sum(len(word.text.strip(_RULES)) for word in inside):
            table.confidence = round(mean_confidence(inside), 3)
            tables.append(table)
            left = [word for word in left if word not in inside]
    return tables, left


def _is_inside(word: Rect, table: Rect) -> bool:
    x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    return table.left <= x < table.right and table.top <= y < table.bottom


def _tables(image: Image, words: list[Word], *, scale: float) -> list[Piece]:
    numpy = cast("Any", import_module("numpy"))
    dark = numpy.asarray(image) < _DARK
    across = _rules(dark, shortest=_ACROSS)
    down = [Rect(r.top, r.left, r.bottom, r.right) for r in _rules(dark.T, shortest=_DOWN)]
    if len(across) < 3 or len(down) < 3:
        return []
    lines = [
        Line(text, _scaled(word.rect, 1 / scale))
        for word in words
        if (text := word.text.strip(_RULES))
    ]
    tables = tables_of_rules([_scaled(r, 1 / scale) for r in (*across, *down)], words=lines)
    for table in tables:
        table.rect = _scaled(table.rect, scale)
        table.row_rects = [_scaled(rect, scale) for rect in table.row_rects]
    return tables


def _rules(dark: Any, *, shortest: int) -> list[Rect]:
    """Unbroken dark lines along the rows of a mask, those of neighbouring rows put together."""
    numpy = cast("Any", import_module("numpy"))
    height, width = dark.shape
    if width <= shortest:
        return []
    thick = dark.copy()
    thick[1:] |= dark[:-1]
    thick[:-1] |= dark[1:]
    sums = numpy.zeros((height, width + 1), dtype="int32")
    numpy.cumsum(thick, axis=1, out=sums[:, 1:])
    hits = sums[:, shortest:] - sums[:, :-shortest] >= _UNBROKEN * shortest
    edges = numpy.diff(numpy.pad(hits, ((0, 0), (1, 1))).astype("int8"), axis=1)
    starts, ends = numpy.argwhere(edges == 1), numpy.argwhere(edges == -1)
    if len(starts) > _MAX_RUNS:
        return []
    pairs = zip(starts.tolist(), ends.tolist(), strict=True)
    return _joined(
        Rect(start, row, end - 1 + shortest, row + 1) for (row, start), (_, end) in pairs
    )


def _joined(runs: Iterable[Rect]) -> list[Rect]:
    """Runs from top to bottom, those that touch put together."""
    done: list[Rect] = []
    growing: list[Rect] = []
    for run in runs:
        done.extend(rule for rule in growing if run.top - rule.bottom > _JOINED_ROWS)
        growing = [rule for rule in growing if run.top - rule.bottom <= _JOINED_ROWS]
        near = [rule for rule in growing if run.left < rule.right and rule.left < run.right]
        growing = [rule for rule in growing if rule not in near]
        growing.append(union([run, *near]))
    return [*done, *growing]


def _scaled(rect: Rect, by: float) -> Rect:
    return Rect(rect.left * by, rect.top * by, rect.right * by, rect.bottom * by)
