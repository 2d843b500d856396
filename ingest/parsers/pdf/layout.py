"""The primary PDF engine: liteparse, its blocks brought into pieces, its mistakes undone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.model import BlockKind
from ingest.parsers.pages.lines import squeezed
from ingest.parsers.pages.page import Line, Page, Piece, Rect, lines_text, piece_words, union
from ingest.parsers.pages.tables import find_ruled_tables

if TYPE_CHECKING:
    from liteparse.types import LayoutBlock, LayoutCell, ParsedPage, StructureTreeElement

_BATCH_PAGES = 50
_EMPHASIS = re.compile(r"(\*{1,3}|_{2,3}|~~)(?=\S)(.+?)(?<=\S)\1", re.S)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")
_BROKEN_LINE_SHARE = 0.3
_MIN_FILLED_SHARE = 0.5
_ODD_CELL_SHARE = 0.15
_INSIDE = 0.5
_REACH_LINES = 2.0
_MIN_LOST_LETTERS = 3
_TAG = re.compile(r"H([1-6])$")
_BULLETS = frozenset("•-–—▪◦➢*·")
_FUNCTION_WORD_LIST = (
    "le la les un une des de du d l et ou à au aux en par pour sur dans avec qui que ce "
    "ces cette est sont il"
)
_FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())


def layout_pages(path: Path, *, max_pages: int) -> Iterator[Page]:
    """Pages of a PDF in order, as liteparse reads them, in batches that bound memory.

    Raises:
        liteparse.ParseError: The engine cannot read the file.
    """
    from liteparse.parser import LiteParse

    engine = LiteParse(
        ocr_enabled=False,
        output_format="markdown",
        image_mode="off",
        extract_links=False,
        quiet=True,
        extract_blocks=True,
        continue_on_page_error=True,
        max_pages=max_pages,
        num_workers=1,
        keep_headers_footers=True,
        extract_vector_graphics=True,
        emit_word_boxes=True,
        extract_structure_tree=True,
        extract_text_metadata=True,
    )
    for batch in engine.parse_batches(str(path), batch_size=_BATCH_PAGES):
        for parsed in batch.result.pages:
            yield _page(parsed)


def _page(parsed: ParsedPage) -> Page:
    page = Page(number=parsed.page_num, width=parsed.width, height=parsed.height)
    page.lines = [
        Line(item.text, Rect(item.x, item.y, item.x + item.width, item.y + item.height))
        for item in parsed.text_items
        if item.text.strip()
    ]
    page.ruled_tables = find_ruled_tables(parsed)
    pieces = [_piece(block) for block in parsed.blocks or []]
    page.pieces = _without_false_tables(
        [piece for piece in pieces if piece is not None], lines=page.lines
    )
    _cover_lines(page)
    page.tags = _tagged_headings(parsed)
    drawn = parsed.vector_graphics
    page.strokes = len(drawn.lines) + len(drawn.shapes) if drawn is not None else 0
    return page


def _tagged_headings(parsed: ParsedPage) -> list[tuple[str, int]]:
    """Words and depth of what the structure tree of a tagged page calls H1 to H6, in order."""
    if parsed.structure_tree is None or not parsed.structure_tree.roots:
        return []
    words: dict[int, list[str]] = {}
    for item in parsed.text_items:
        if item.mcid is not None:
            words.setdefault(item.mcid, []).append(item.text)
    found: list[tuple[str, int]] = []
    pending = list(reversed(parsed.structure_tree.roots))
    while pending:
        element = pending.pop()
        level = _TAG.match(element.type)
        if level is None:
            pending.extend(reversed(element.children))
            continue
        text = " ".join(word for mark in _marks(element) for word in words.get(mark, []))
        if text.strip():
            found.append((text, int(level[1])))
    return found


def _marks(element: StructureTreeElement) -> list[int]:
    marks: list[int] = []
    pending = [element]
    while pending:
        inner = pending.pop()
        marks.extend(inner.marked_content_ids)
        pending.extend(inner.children)
    return sorted(marks)


def _cover_lines(page: Page) -> None:
    """Every line ends up inside the rectangle of the piece that holds its words.

    The engine gives some wrapped blocks the rectangle of their first line only, and drops some lines:
    those become pieces of their own.
    """
    whole = squeezed(" ".join(piece_words(piece) for piece in page.pieces))
    for line in page.lines:
        if any(line.rect.share_inside(piece.rect) > _INSIDE for piece in page.pieces):
            continue
        words = squeezed(line.text)
        owner = _owner(page.pieces, line=line, words=words) if words else None
        if owner is not None:
            owner.rect = owner.rect.joined(line.rect)
        elif sum(char.isalpha() for char in words) >= _MIN_LOST_LETTERS and words not in whole:
            _insert(page.pieces, Piece(kind=BlockKind.PARAGRAPH, text=line.text, rect=line.rect))


def _owner(pieces: list[Piece], *, line: Line, words: str) -> Piece | None:
    reach = _REACH_LINES * max(line.rect.height, 1)
    near = [
        (abs(piece.rect.top - line.rect.top) + abs(piece.rect.bottom - line.rect.bottom), index)
        for index, piece in enumerate(pieces)
        if piece.rect.top - reach <= line.rect.bottom
        and piece.rect.bottom + reach >= line.rect.top
        and words in squeezed(piece_words(piece))
    ]
    return pieces[min(near)[1]] if near else None


def _insert(pieces: list[Piece], lost: Piece) -> None:
    below = [index for index, piece in enumerate(pieces) if piece.rect.top >= lost.rect.bottom - 1]
    pieces.insert(below[0] if below else len(pieces), lost)


def _piece(block: LayoutBlock) -> Piece | None:
    if block.bbox is None or block.kind in {"rule", "figure"}:
        return None
    box = block.bbox
    rect = Rect(box.x, box.y, box.x + box.width, box.y + box.height)
    if block.kind == "table":
        rows = _rows(block.header, block.rows)
        if not rows:
            return None
        places = _row_rects(block.header, block.rows)
        return Piece(kind=BlockKind.TABLE, text="", rect=rect, rows=rows, row_rects=places)
    if block.lines:
        return Piece(kind=BlockKind.PARAGRAPH, text="\n".join(block.lines), rect=rect)
    text = _without_emphasis(block.text or "")
    if not text.strip():
        return None
    if block.kind == "heading":
        return Piece(kind=BlockKind.HEADING, text=text, rect=rect, level=block.level or 1)
    if block.kind == "list_item":
        marker = f"{block.marker} " if block.marker else ""
        return Piece(kind=BlockKind.LIST_ITEM, text=marker + text, rect=rect)
    return Piece(kind=BlockKind.PARAGRAPH, text=text, rect=rect)


def _rows(header: list[LayoutCell] | None, rows: list[list[LayoutCell]] | None) -> list[list[str]]:
    cells = ([header] if header else []) + (rows or [])
    return [[_without_emphasis(cell.text) for cell in row] for row in cells]


def _row_rects(header: list[LayoutCell] | None, rows: list[list[LayoutCell]] | None) -> list[Rect]:
    """Place of each row by the cells that carry ink; none at all when a row has none."""
    rects: list[Rect] = []
    for row in ([header] if header else []) + (rows or []):
        boxes = [cell.bbox for cell in row if cell.bbox is not None]
        if not boxes:
            return []
        rects.append(union([Rect(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes]))
    return rects


def _without_emphasis(text: str) -> str:
    previous = ""
    while previous != text:
        previous, text = text, _EMPHASIS.sub(r"\2", text)
    return _ESCAPE.sub(r"\1", text).replace("<br>", "\n")


def _without_false_tables(pieces: list[Piece], *, lines: list[Line]) -> list[Piece]:
    for table in [piece for piece in pieces if piece.rows is not None]:
        if table in pieces and _is_false_table(table, lines=lines):
            pieces = _replaced_by_lines(pieces, table=table, lines=lines)
    return pieces


def _is_false_table(table: Piece, *, lines: list[Line]) -> bool:
    """A grid that cuts lines of running text into cells, or is mostly empty, is no table."""
    rows = table.rows or []
    cells = [cell for row in rows for cell in row]
    if len(rows) < 2 or max(len(row) for row in rows) < 2:
        return True
    if (
        sum(1 for cell in cells if cell.strip()) < len(cells) * _MIN_FILLED_SHARE
        and len(rows[0]) > 2
    ):
        return True
    if _cuts_sentences(cells):
        return True
    folded = [squeezed(cell) for cell in cells]
    inside = [
        line
        for line in lines
        if line.rect.share_inside(table.rect) > 0.5 and " " in line.text.strip()
    ]
    broken = sum(1 for line in inside if not any(squeezed(line.text) in cell for cell in folded))
    return bool(inside) and broken > len(inside) * _BROKEN_LINE_SHARE


def _cuts_sentences(cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    odd = sum(1 for cell in filled if cell in _BULLETS or cell.lower() in _FUNCTION_WORDS)
    return odd >= 2 and odd > len(filled) * _ODD_CELL_SHARE


def _replaced_by_lines(pieces: list[Piece], *, table: Piece, lines: list[Line]) -> list[Piece]:
    """Everything at the height of a false table is rebuilt from its lines, top to bottom."""
    top, bottom = table.rect.top, table.rect.bottom
    taken = [
        piece
        for piece in pieces
        if piece is table
        or (piece.rows is None and piece.rect.top >= top - 1 and piece.rect.bottom <= bottom + 1)
    ]
    rects = [piece.rect for piece in taken]
    inside = [line for line in lines if any(line.rect.share_inside(rect) > 0.5 for rect in rects)]
    if not inside:
        return pieces
    area = union([line.rect for line in inside])
    rebuilt = Piece(kind=BlockKind.PARAGRAPH, text=lines_text(inside), rect=area)
    first = min(pieces.index(piece) for piece in taken)
    kept_before = [piece for piece in pieces[:first] if piece not in taken]
    kept_after = [piece for piece in pieces[first:] if piece not in taken]
    return [*kept_before, rebuilt, *kept_after]
