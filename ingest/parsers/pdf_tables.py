"""Ruled tables of PDF pages: lines drawn by the page, cells by pdfplumber's geometry, words by liteparse.

Only pdfplumber's search of cells is used. Its own reading of a page costs thirty times more (14.2 s
against 0.5 s of processor on 134 pages of real tables) and gives "(cid:84)" for fonts without a map.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ingest.model import BlockKind
from ingest.parsers.pdf_page import Line, Page, Piece, Rect, piece_words, union
from ingest.parsers.pdf_text import words_of

if TYPE_CHECKING:
    from liteparse.types import ParsedPage

_INSIDE = 0.7
_TOUCHING = 0.15
_LOST_SHARE = 0.1
_EDGE_POINTS = 3.0
_THIN_POINTS = 3.0
_MAX_DRAWN = 6000
_MAX_CROSSINGS = 400_000

Cell = tuple[float, float, float, float]
_Edge = dict[str, Any]


def find_ruled_tables(parsed: ParsedPage, *, words: list[Line]) -> list[Piece]:
    """Tables drawn with lines on a page, of two rows and two columns at least.

    Pages with too many drawn lines (maps, plans) have none.

    Args:
        parsed: The page, with its vector graphics.
        words: Its words, each with its own rectangle.
    """
    edges = _edges(parsed)
    if not 4 <= len(edges) <= _MAX_DRAWN:
        return []
    tables = [_table(cells, words=words) for cells in _cells(edges)]
    return [table for table in tables if table is not None]


def place_ruled_tables(pages: list[Page]) -> None:
    """Put each ruled table in the place of the pieces that lie inside it, in place.

    A table is left out when words would be lost or a piece straddles its border.
    """
    for page in pages:
        for table in page.ruled_tables:
            _place(table, page=page)


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


def _edges(parsed: ParsedPage) -> list[_Edge]:
    drawn = parsed.vector_graphics
    if drawn is None or len(drawn.lines) + len(drawn.shapes) > _MAX_DRAWN:
        return []
    edges = [
        _edge(
            min(line.x1, line.x2),
            min(line.y1, line.y2),
            max(line.x1, line.x2),
            max(line.y1, line.y2),
        )
        for line in drawn.lines
        if abs(line.x1 - line.x2) < _THIN_POINTS or abs(line.y1 - line.y2) < _THIN_POINTS
    ]
    for shape in drawn.shapes:
        if not shape.has_curve:
            left, top, width, height = shape.bbox
            edges.extend(_rectangle_edges(Rect(left, top, left + width, top + height)))
    return edges


def _rectangle_edges(rect: Rect) -> list[_Edge]:
    if rect.right - rect.left < _THIN_POINTS or rect.height < _THIN_POINTS:
        return [_edge(rect.left, rect.top, rect.right, rect.bottom)]
    return [
        _edge(rect.left, rect.top, rect.right, rect.top),
        _edge(rect.left, rect.bottom, rect.right, rect.bottom),
        _edge(rect.left, rect.top, rect.left, rect.bottom),
        _edge(rect.right, rect.top, rect.right, rect.bottom),
    ]


def _edge(left: float, top: float, right: float, bottom: float) -> _Edge:
    """A line in pdfplumber's terms, without thickness."""
    if right - left >= bottom - top:
        top = bottom = (top + bottom) / 2
        orientation = "h"
    else:
        left = right = (left + right) / 2
        orientation = "v"
    return {
        "x0": left,
        "x1": right,
        "top": top,
        "bottom": bottom,
        "width": right - left,
        "height": bottom - top,
        "object_type": "line",
        "orientation": orientation,
    }


def _cells(edges: list[_Edge]) -> list[list[Cell]]:
    geometry = cast("Any", import_module("pdfplumber.table"))
    merged = cast("list[_Edge]", geometry.merge_edges(edges, *[_EDGE_POINTS] * 4))
    kept = [edge for edge in merged if max(edge["width"], edge["height"]) >= _EDGE_POINTS]
    across = sum(1 for edge in kept if edge["orientation"] == "h")
    if across * (len(kept) - across) > _MAX_CROSSINGS:
        return []
    crossings = geometry.edges_to_intersections(kept, _EDGE_POINTS, _EDGE_POINTS)
    cells = geometry.intersections_to_cells(crossings)
    return cast("list[list[Cell]]", geometry.cells_to_tables(cells))


def _table(cells: list[Cell], *, words: list[Line]) -> Piece | None:
    columns = sorted({cell[0] for cell in cells})
    tops = sorted({cell[1] for cell in cells})
    if len(columns) < 2 or len(tops) < 2:
        return None
    rect = union([Rect(*cell) for cell in cells])
    inside = [word for word in words if word.rect.share_inside(rect) > 0]
    texts = {(cell[0], cell[1]): _cell_text(Rect(*cell), words=inside) for cell in cells}
    rows = [[texts.get((left, top), "") for left in columns] for top in tops]
    filled = [row for row in rows if any(row)]
    if len(filled) < 2:
        return None
    return Piece(kind=BlockKind.TABLE, text="", rect=rect, rows=filled)


def _cell_text(rect: Rect, *, words: list[Line]) -> str:
    """Words whose middle lies in the cell, line by line."""
    held = sorted(
        (word for word in words if _is_inside(word.rect, rect)),
        key=lambda word: word.rect.top + word.rect.bottom,
    )
    lines: list[list[Line]] = []
    for word in held:
        middle = (word.rect.top + word.rect.bottom) / 2
        if lines and middle <= lines[-1][0].rect.bottom:
            lines[-1].append(word)
        else:
            lines.append([word])
    ordered = (word for line in lines for word in sorted(line, key=lambda item: item.rect.left))
    return " ".join(word.text for word in ordered)


def _is_inside(word: Rect, cell: Rect) -> bool:
    x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    return cell.left <= x < cell.right and cell.top <= y < cell.bottom


def _place(table: Piece, *, page: Page) -> None:
    inside = [piece for piece in page.pieces if piece.rect.share_inside(table.rect) >= _INSIDE]
    touching = any(
        _TOUCHING < piece.rect.share_inside(table.rect) < _INSIDE for piece in page.pieces
    )
    if touching or not inside or _loses(inside, table):
        return
    first = page.pieces.index(inside[0])
    before = [piece for piece in page.pieces[:first] if piece not in inside]
    after = [piece for piece in page.pieces[first:] if piece not in inside]
    page.pieces = [*before, table, *after]


def _loses(replaced: list[Piece], placed: Piece) -> bool:
    expected = words_of(" ".join(piece_words(piece) for piece in replaced))
    lost = sum((expected - words_of(piece_words(placed))).values())
    return lost > _LOST_SHARE * max(expected.total(), 1)
