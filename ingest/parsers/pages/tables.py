"""Ruled tables of PDF pages: lines drawn by the page, cells by pdfplumber's geometry, words by liteparse.

Only pdfplumber's search of cells is used. Its own reading of a page costs thirty times more (14.2 s
against 0.5 s of processor on 134 pages of real tables) and gives "(cid:84)" for fonts without a map.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ingest.model import BlockKind
from ingest.parsers.pages.lines import lines_within, squeezed
from ingest.parsers.pages.page import Line, Page, Piece, Rect, lines_text, piece_words, union
from ingest.parsers.pages.words import joined_words, words_of

if TYPE_CHECKING:
    from liteparse.types import ParsedPage

_INSIDE = 0.7
_TOUCHING = 0.15
_LOST_SHARE = 0.1
_TILED_SHARE = 0.9
_CROSSED_SHARE = 0.3
_MIN_FILLED_SHARE = 0.4
_EDGE_POINTS = 3.0
_MIN_BROKEN_CHARS = 5
_FULL_LETTERS = 1.5
_THIN_POINTS = 3.0
_MAX_DRAWN = 6000
_MAX_CROSSINGS = 400_000

Cell = tuple[float, float, float, float]
_Edge = dict[str, Any]


def find_ruled_tables(parsed: ParsedPage) -> list[Piece]:
    """Tables drawn with lines on a page, of two rows and two columns at least.

    Pages with too many drawn lines (maps, plans) have none.

    Args:
        parsed: The page, with its vector graphics and the rectangles of its words.
    """
    edges = _edges(parsed)
    if not 4 <= len(edges) <= _MAX_DRAWN:
        return []
    found = _cells(edges)
    if not found:
        return []
    runs = [Rect(run.x, run.y, run.x + run.width, run.y + run.height) for run in parsed.text_items]
    grids = [cells for cells in found if not _is_crossed(cells, runs=runs)]
    words = _words(parsed) if grids else []
    tables = [_table(cells, words=words) for cells in grids]
    return [table for table in tables if table is not None]


def tables_of_rules(rules: list[Rect], *, words: list[Line]) -> list[Piece]:
    """Tables whose borders are known as thin rectangles, of two rows and two columns at least.

    Args:
        rules: The borders, in points.
        words: The words of the page, each with its own rectangle.
    """
    edges = [_edge(rule.left, rule.top, rule.right, rule.bottom) for rule in rules]
    if not 4 <= len(edges) <= _MAX_DRAWN:
        return []
    tables = [_table(cells, words=words) for cells in _cells(edges)]
    return [table for table in tables if table is not None]


def _words(parsed: ParsedPage) -> list[Line]:
    return [
        Line(word.text, Rect(word.x, word.y, word.x + word.width, word.y + word.height))
        for item in parsed.text_items
        for word in (item.words or [item])
        if word.text.strip()
    ]


def place_ruled_tables(pages: list[Page]) -> None:
    """Put each ruled table in the place of the pieces that lie inside it, in place.

    A piece that straddles its border keeps what lies outside; a table that would lose words is left out.
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
                if first.row_rects:
                    edge = replace(first.row_rects[0], bottom=first.row_rects[0].top)
                    first.row_rects = [edge, *first.row_rects]
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
    if not across or across * (len(kept) - across) > _MAX_CROSSINGS or len(kept) - across < 2:
        return []
    crossings = geometry.edges_to_intersections(kept, _EDGE_POINTS, _EDGE_POINTS)
    cells = geometry.intersections_to_cells(crossings)
    return cast("list[list[Cell]]", geometry.cells_to_tables(cells))


def _table(cells: list[Cell], *, words: list[Line]) -> Piece | None:
    columns = sorted({cell[0] for cell in cells})
    tops = sorted({cell[1] for cell in cells})
    rect = union([Rect(*cell) for cell in cells])
    if len(columns) < 2 or len(tops) < 2 or not _is_tiled(cells, rect=rect):
        return None
    inside = sorted((word for word in words if _is_inside(word.rect, rect)), key=_middle)
    middles = [_middle(word) for word in inside]
    texts = {
        (cell[0], cell[1]): _cell_text(
            Rect(*cell),
            words=inside[bisect_left(middles, cell[1]) : bisect_right(middles, cell[3])],
        )
        for cell in cells
    }
    rows = [[texts.get((left, top), "") for left in columns] for top in tops]
    filled = [index for index, row in enumerate(rows) if any(row)]
    is_used = sum(1 for text in texts.values() if text) >= _MIN_FILLED_SHARE * len(texts)
    if sum(1 for row in rows if sum(map(bool, row)) > 1) < 2 or not is_used:
        return None
    bottoms = [*tops[1:], rect.bottom]
    return Piece(
        kind=BlockKind.TABLE,
        text="",
        rect=rect,
        rows=[rows[index] for index in filled],
        row_rects=[Rect(rect.left, tops[index], rect.right, bottoms[index]) for index in filled],
    )


def _is_crossed(cells: list[Cell], *, runs: list[Rect]) -> bool:
    """Running text goes through what looks like borders of cells: they only set off some words."""
    area = union([Rect(*cell) for cell in cells])
    inside = [run for run in runs if _is_inside(run, area)]
    crossing = sum(1 for run in inside if not any(_is_held(run, cell) for cell in cells))
    return crossing > _CROSSED_SHARE * max(len(inside), 1)


def _is_held(run: Rect, cell: Cell) -> bool:
    """The run ends in the cell it starts in, a hair's breadth allowed."""
    left, top, right, bottom = cell
    return (
        left - _EDGE_POINTS <= run.left
        and run.right <= right + _EDGE_POINTS
        and top <= (run.top + run.bottom) / 2 < bottom
    )


def _is_tiled(cells: list[Cell], *, rect: Rect) -> bool:
    """Cells of a table fill it; words with a coloured ground, or boxes of a drawing, do not."""
    covered = sum(Rect(*cell).area for cell in cells)
    return covered >= _TILED_SHARE * rect.area


def _cell_text(rect: Rect, *, words: list[Line]) -> str:
    """Words whose middle lies in the cell, line by line; they come from top to bottom."""
    held = [word for word in words if _is_inside(word.rect, rect)]
    lines: list[list[Line]] = []
    for word in held:
        middle = (word.rect.top + word.rect.bottom) / 2
        if lines and middle <= lines[-1][0].rect.bottom:
            lines[-1].append(word)
        else:
            lines.append([word])
    ordered = [sorted(line, key=lambda item: item.rect.left) for line in lines]
    return _joined_lines(ordered, rect=rect)


def _joined_lines(lines: list[list[Line]], *, rect: Rect) -> str:
    """Lines of a cell; a word longer than the cell is wide goes on at the start of the next one."""
    text = ""
    for line, following in zip(lines, [*lines[1:], []], strict=False):
        text += " ".join(word.text for word in line)
        if following:
            text += "" if _is_broken(line, following[0], rect=rect) else " "
    return joined_words(text)


def _is_broken(line: list[Line], following: Line, *, rect: Rect) -> bool:
    """A lone word that fills its line to the last letter, before one that starts as words do not."""
    word = line[0]
    margin = max(word.rect.left - rect.left, 0)
    letter = (word.rect.right - word.rect.left) / max(len(word.text), 1)
    room = rect.right - margin - word.rect.right
    first = following.text[0]
    return (
        len(line) == 1
        and len(word.text) >= _MIN_BROKEN_CHARS
        and room < letter * _FULL_LETTERS
        and word.text[-1] not in ".,;:)!?"
        and (first.islower() or first.isdigit() or first == "_")
    )


def _middle(word: Line) -> float:
    return (word.rect.top + word.rect.bottom) / 2


def _is_inside(word: Rect, cell: Rect) -> bool:
    x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    return cell.left <= x < cell.right and cell.top <= y < cell.bottom


def _place(table: Piece, *, page: Page) -> None:
    replaced = [piece for piece in page.pieces if piece.rect.share_inside(table.rect) > _TOUCHING]
    if not replaced:
        return
    before: list[Piece] = []
    after: list[Piece] = []
    for piece in replaced:
        above, below = _outside(piece, rect=table.rect, lines=page.lines)
        before.extend(above)
        after.extend(below)
    if _loses(table, lines=page.lines):
        return
    first = page.pieces.index(replaced[0])
    kept_before = [piece for piece in page.pieces[:first] if piece not in replaced]
    kept_after = [piece for piece in page.pieces[first:] if piece not in replaced]
    page.pieces = [*kept_before, *before, table, *after, *kept_after]


def _outside(piece: Piece, *, rect: Rect, lines: list[Line]) -> tuple[list[Piece], list[Piece]]:
    """What a piece says above a table, and elsewhere around it, rebuilt from its lines."""
    said = squeezed(piece_words(piece))
    left = [
        line
        for line in lines_within(lines, rect=piece.rect)
        if not _is_inside(line.rect, rect) and squeezed(line.text) in said
    ]
    above = [line for line in left if line.rect.bottom <= rect.top + _EDGE_POINTS]
    below = [line for line in left if line not in above]
    return _rebuilt(piece, lines=above), _rebuilt(piece, lines=below)


def _rebuilt(piece: Piece, *, lines: list[Line]) -> list[Piece]:
    if not lines:
        return []
    kind = BlockKind.PARAGRAPH if piece.rows is not None else piece.kind
    area = union([line.rect for line in lines])
    text = joined_words(lines_text(lines))
    return [Piece(kind=kind, text=text, rect=area, level=piece.level)]


def _loses(table: Piece, *, lines: list[Line]) -> bool:
    """Words printed inside a table are in none of its cells."""
    inside = [line.text for line in lines if line.rect.share_inside(table.rect) > _INSIDE]
    expected = words_of(" ".join(inside))
    lost = sum((expected - words_of(piece_words(table))).values())
    return lost > _LOST_SHARE * max(expected.total(), 1)
