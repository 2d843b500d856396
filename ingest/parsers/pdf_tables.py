"""Ruled tables of PDF pages, by pdfplumber, put in the place of what the layout engine made of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.model import BlockKind
from ingest.parsers.pdf_page import Page, Piece, Rect, piece_words
from ingest.parsers.pdf_text import PlainPdf, words_of

if TYPE_CHECKING:
    from pdfplumber.page import Page as PlumberPage
    from pdfplumber.table import Table as PlumberTable

_INSIDE = 0.7
_TOUCHING = 0.15
_LOST_SHARE = 0.1
_SETTINGS = {"text_x_tolerance_ratio": 0.15}
_EDGE_POINTS = 3.0


def place_ruled_tables(path: Path, *, pages: list[Page], plain: PlainPdf, budget_s: float) -> None:
    """Replace, in pages flagged for ruled tables, the pieces inside a table by that table.

    A table is left as it was when words would be lost or a piece straddles its border.

    Args:
        path: The PDF.
        pages: Pages in order; their pieces are changed in place.
        plain: The same file, to skip pages with too many drawn paths.
        budget_s: Wall time after which the remaining pages keep what they have.
    """
    flagged = [page for page in pages if page.has_ruled_tables and not page.is_fallback]
    if not flagged:
        return
    import pdfplumber

    deadline = time.monotonic() + budget_s
    with pdfplumber.open(path) as document:
        for page in flagged:
            if time.monotonic() > deadline:
                break
            if plain.is_heavy(page.number):
                continue
            source = document.pages[page.number - 1]
            for table in source.find_tables(_SETTINGS):
                _place(table, page=page, source=source)
            source.close()


def continue_tables(pages: list[Page]) -> None:
    """Give the rows of a table that goes on at the top of the next page the header of its first part."""
    previous: Piece | None = None
    number = 0
    for page in pages:
        if not page.pieces:
            previous = None
            continue
        first = page.pieces[0]
        if previous is not None and page.number == number + 1 and _goes_on(previous, first):
            header = (previous.rows or [[]])[0]
            rows = first.rows or []
            if [cell.split() for cell in rows[0]] != [cell.split() for cell in header]:
                first.rows = [list(header), *rows]
        last = page.pieces[-1]
        previous, number = (last if last.rows is not None else None), page.number


def _goes_on(previous: Piece, first: Piece) -> bool:
    return (
        previous.rows is not None
        and first.rows is not None
        and len(previous.rows[0]) == len(first.rows[0])
        and abs(previous.rect.left - first.rect.left) < _EDGE_POINTS
        and abs(previous.rect.right - first.rect.right) < _EDGE_POINTS
    )


def _place(table: PlumberTable, *, page: Page, source: PlumberPage) -> None:
    cells = [[cell or "" for cell in row] for row in table.extract(x_tolerance_ratio=0.15)]
    filled = [row for row in cells if any(cell.strip() for cell in row)]
    if len(filled) < 2 or max(len(row) for row in filled) < 2:
        return
    rect = _rect(table, page=page, source=source)
    inside = [piece for piece in page.pieces if piece.rect.share_inside(rect) >= _INSIDE]
    touching = [
        piece for piece in page.pieces if _TOUCHING < piece.rect.share_inside(rect) < _INSIDE
    ]
    placed = Piece(kind=BlockKind.TABLE, text="", rect=rect, rows=filled)
    if touching or not inside or _loses(inside, placed):
        return
    first = page.pieces.index(inside[0])
    before = [piece for piece in page.pieces[:first] if piece not in inside]
    after = [piece for piece in page.pieces[first:] if piece not in inside]
    page.pieces = [*before, placed, *after]


def _rect(table: PlumberTable, *, page: Page, source: PlumberPage) -> Rect:
    left, top, right, bottom = table.bbox
    origin_x, origin_y = source.bbox[0], source.bbox[1]
    across, down = page.width / float(source.width), page.height / float(source.height)
    return Rect(
        (left - origin_x) * across,
        (top - origin_y) * down,
        (right - origin_x) * across,
        (bottom - origin_y) * down,
    )


def _loses(replaced: list[Piece], placed: Piece) -> bool:
    expected = words_of(" ".join(piece_words(piece) for piece in replaced))
    lost = sum((expected - words_of(piece_words(placed))).values())
    return lost > _LOST_SHARE * max(expected.total(), 1)
