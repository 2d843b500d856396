"""Labels of drawn diagrams: words that only make sense in their picture are kept out of the text.

A diagram is told by its caption below, its many strokes, and print smaller than the page's own. Its
caption stays, and the page image shows the rest.
"""

from __future__ import annotations

import re
from statistics import median

from ingest.parsers.pages.lines import lines_within, squeezed
from ingest.parsers.pages.page import Line, Page, Piece, lines_text, piece_words, union
from ingest.parsers.pages.shown import Share
from ingest.parsers.pages.words import joined_words

_CAPTION = re.compile(r"^\W*(?:figure|fig\.|schéma|diagramme|illustration)\s*(?:n\s?°\s?)?\d", re.I)
_MIN_STROKES = 100
_SMALL_SHARE = 0.85
_MAX_LABEL_WORDS = 6
_MIN_LABELS = 8
_MIN_OUTSIDE_CHARS = 60
_MAX_GROUP_GAP = 0.6
_SAME_HEIGHT = 0.1


def drop_figure_labels(pages: list[Page]) -> None:
    """Remove the labels of captioned diagrams from the lines and pieces of pages, in place."""
    for page in pages:
        if page.strokes >= _MIN_STROKES:
            _drop(page)


def drop_spots(pages: list[Page], *, spots: dict[int, list[Share]]) -> None:
    """Remove the lines of pages whose middle lies in some places, in place.

    Args:
        pages: The pages.
        spots: The places, by page number.
    """
    for page in pages:
        for spot in spots.get(page.number, ()):
            dropped = {id(line) for line in lines_within(page.lines, rect=page.rect(spot))}
            _take_out(page, dropped)


def _take_out(page: Page, dropped: set[int]) -> None:
    page.pieces = [left for piece in page.pieces for left in _without(piece, page, dropped)]
    page.lines = [line for line in page.lines if id(line) not in dropped]


def _drop(page: Page) -> None:
    captions = [line for line in page.lines if _CAPTION.match(line.text)]
    labels = [label for caption in captions for label in _labels(caption, page=page)]
    if not labels:
        return
    _take_out(page, {id(line) for line in labels})


def pieces_of_lines(lines: list[Line], *, like: Piece) -> list[Piece]:
    """Loose lines as paragraphs: a change of height or a gap opens another one."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: (item.rect.top, item.rect.left)):
        if groups and _continues(groups[-1][-1], line):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [
        Piece(
            kind=like.kind,
            text=joined_words(lines_text(group)),
            rect=union([line.rect for line in group]),
            level=like.level,
        )
        for group in groups
    ]


def _continues(line: Line, following: Line) -> bool:
    low, high = sorted((line.rect.height, following.rect.height))
    gap = following.rect.top - line.rect.bottom
    return high - low <= _SAME_HEIGHT * high and gap <= _MAX_GROUP_GAP * max(high, 1.0)


def _labels(caption: Line, *, page: Page) -> list[Line]:
    """Small short lines between a caption and the nearest running text above it."""
    sizes = [line.rect.height for line in page.lines if len(line.text) >= _MIN_OUTSIDE_CHARS]
    if not sizes:
        return []
    body = median(sizes)
    above = [line for line in page.lines if line.rect.bottom <= caption.rect.top + 1]
    running = [
        line.rect.bottom
        for line in above
        if len(line.text) >= _MIN_OUTSIDE_CHARS or line.rect.height >= body * _SMALL_SHARE
    ]
    top = max(running, default=0.0)
    labels = [line for line in above if line.rect.top >= top - 1 and _is_label(line, body=body)]
    return labels if len(labels) >= _MIN_LABELS else []


def _is_label(line: Line, *, body: float) -> bool:
    return line.rect.height < body * _SMALL_SHARE and len(line.text.split()) <= _MAX_LABEL_WORDS


def _without(piece: Piece, page: Page, dropped: set[int]) -> list[Piece]:
    said = squeezed(piece_words(piece))
    held = [
        line for line in lines_within(page.lines, rect=piece.rect) if squeezed(line.text) in said
    ]
    if not any(id(line) in dropped for line in held):
        return [piece]
    return pieces_of_lines([line for line in held if id(line) not in dropped], like=piece)
