"""From blocks to chunks: by section, on sentence borders, tables whole, nothing lost and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ingest.draft import header_lines, row_line
from ingest.model import (
    NOWHERE,
    Block,
    BlockKind,
    Box,
    Chunk,
    Locator,
    ParsedDocument,
    Place,
    Table,
)
from ingest.places import bounding_box, cell_range, covering_boxes, joined_range, page_starts
from ingest.sections import Section, split_sections
from ingest.splitting import split_text
from ingest.tokens import count_tokens

CHUNKER_VERSION = 4
"""Raised whenever the same blocks would give other chunks or locators."""

_MAX_EMBEDDED_TOKENS = 460
"""Embedding models of the E5 family read 512 of their own tokens; ours may fall 10 % short."""
_SMALL_SHARE = 0.5
_LEAD_TOKENS = 60
_TAIL_TOKENS = 30
_SENTENCE_ENDS = ".!?:;…»)"
_WHOLE = (0.0, 1.0)
_LINE_MARGIN = 0.025
"""Share of a page's height kept around a cut inside a block: about two lines."""


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    path: tuple[str, ...]
    first: int
    last: int
    boxes: tuple[Box, ...]
    pages: tuple[tuple[int, int], ...]
    """Offset of each block in the text, and its page; 0 for a block without a page."""
    tokens: int
    place: Place = NOWHERE
    cells: str = ""
    confidence: float | None = None
    is_whole_section: bool = False
    is_lead: bool = False
    """Holds headings only: belongs with what follows."""


def chunk_document(document: ParsedDocument, *, target_tokens: int) -> tuple[Chunk, ...]:
    """The chunks of a document, in reading order.

    Every non-blank character of the blocks lands in exactly one chunk; only the header row of a table
    that had to be split comes back in each of its parts. Small neighbouring sections share a chunk,
    under the headings they have in common.

    Args:
        document: The parsed document.
        target_tokens: Length aimed at, title and breadcrumb included, in tokens of our counter.
    """
    title_tokens = count_tokens(document.title)
    pieces: list[_Piece] = []
    for section in split_sections(document.blocks):
        chunker = _SectionChunker(
            document.blocks, section, title_tokens=title_tokens, target=target_tokens
        )
        pieces.extend(chunker.pieces())
    merged = _merge_small(pieces, title_tokens=title_tokens, target=target_tokens)
    return tuple(
        _chunk(piece, ordinal=ordinal, title=document.title) for ordinal, piece in enumerate(merged)
    )


def _chunk(piece: _Piece, *, ordinal: int, title: str) -> Chunk:
    locator = Locator(
        pages=tuple(sorted({box.page for box in piece.boxes})),
        boxes=piece.boxes,
        section=piece.path,
        first_block=piece.first,
        last_block=piece.last,
        place=piece.place,
        cells=piece.cells,
        confidence=piece.confidence,
        page_starts=page_starts(piece.pages),
    )
    bare = Chunk(ordinal=ordinal, text=piece.text, locator=locator, tokens=0)
    tokens = count_tokens(bare.embedded_text(title=title))
    return Chunk(ordinal=ordinal, text=piece.text, locator=locator, tokens=tokens)


def _budget(path: tuple[str, ...], *, title_tokens: int, target: int) -> int:
    prefix = title_tokens + sum(count_tokens(label) + 1 for label in path)
    return max(target - prefix, target // 2)


class _SectionChunker:
    def __init__(
        self, blocks: Sequence[Block], section: Section, *, title_tokens: int, target: int
    ) -> None:
        self._blocks = blocks
        self._section = section
        self._budget = _budget(section.path, title_tokens=title_tokens, target=target)
        self._table_budget = _budget(
            section.path, title_tokens=title_tokens, target=max(target, _MAX_EMBEDDED_TOKENS)
        )

    def pieces(self) -> list[_Piece]:
        pieces: list[_Piece] = []
        run: list[int] = []
        for index in range(self._section.first, self._section.last + 1):
            if self._blocks[index].table is None:
                run.append(index)
                continue
            pieces.extend(self._text_pieces(run))
            run = []
            pieces.extend(self._table_pieces(index))
        pieces.extend(self._text_pieces(run))
        joined = self._join(pieces)
        if len(joined) == 1:
            only = joined[0]
            is_lead = all(
                self._blocks[index].kind is BlockKind.HEADING
                for index in range(only.first, only.last + 1)
            )
            return [replace(only, is_whole_section=True, is_lead=is_lead)]
        return joined

    def _text_pieces(self, run: list[int]) -> list[_Piece]:
        text, spans = _joined_text(self._blocks, run)
        pieces: list[_Piece] = []
        for start, end in split_text(text, budget=self._budget):
            body = text[start:end].strip()
            begin = text.index(body, start)
            touched = [
                (index, span[0])
                for index, span in zip(run, spans, strict=True)
                if span[0] < end and span[1] > start
            ]
            boxes = [
                _covered(self._blocks[index], start=start - at, end=end - at)
                for index, at in touched
            ]
            piece = self._piece(
                body,
                first=touched[0][0],
                last=touched[-1][0],
                boxes=tuple(chain.from_iterable(boxes)),
                offsets=[max(at - begin, 0) for _, at in touched],
            )
            pieces.append(piece)
        return pieces

    def _piece(
        self,
        text: str,
        *,
        first: int,
        last: int,
        boxes: tuple[Box, ...],
        offsets: Sequence[int] = (0,),
        cells: str = "",
    ) -> _Piece:
        blocks = self._blocks[first : last + 1]
        sure = [block.confidence for block in blocks]
        return _Piece(
            text=text,
            path=self._section.path,
            first=first,
            last=last,
            boxes=boxes,
            pages=tuple(zip(offsets, map(_page, blocks), strict=True)),
            tokens=count_tokens(text),
            place=self._blocks[first].place,
            cells=cells,
            confidence=min((value for value in sure if value is not None), default=None),
        )

    def _table_pieces(self, index: int) -> list[_Piece]:
        block = self._blocks[index]
        table = block.table
        if table is None or count_tokens(block.text) <= self._table_budget:
            cells = cell_range(table, first=0, last=len(table.rows) - 1) if table else ""
            boxes = _present(block.box)
            return [self._piece(block.text, first=index, last=index, boxes=boxes, cells=cells)]
        header = "\n".join(header_lines(table))
        room = max(self._table_budget - count_tokens(header), self._table_budget // 3)
        lines = [row_line(row) for row in table.rows]
        pieces: list[_Piece] = []
        for first, last, body, share in _row_groups(lines, room=room):
            pieces.append(
                self._piece(
                    f"{header}\n{body}",
                    first=index,
                    last=index,
                    boxes=_rows_boxes(block, table=table, rows=(first, last), share=share),
                    cells=cell_range(table, first=first, last=last),
                )
            )
        return pieces

    def _join(self, pieces: list[_Piece]) -> list[_Piece]:
        """Text and tables of one section share a chunk where they fit; a short lead never stands alone."""
        joined: list[_Piece] = []
        for piece in pieces:
            if joined and self._may_join(joined[-1], piece):
                joined[-1] = _union(joined[-1], piece, path=self._section.path)
                continue
            joined.append(piece)
        return joined

    def _may_join(self, piece: _Piece, following: _Piece) -> bool:
        is_after_table = self._blocks[piece.last].table is not None
        is_table = self._blocks[following.first].table is not None
        if not (is_after_table or is_table):
            return False
        total = piece.tokens + following.tokens
        is_lead = is_table and piece.tokens <= _LEAD_TOKENS
        is_tail = following.tokens <= _TAIL_TOKENS
        return total <= self._budget or ((is_lead or is_tail) and total <= self._table_budget)


def _joined_text(blocks: Sequence[Block], run: list[int]) -> tuple[str, list[tuple[int, int]]]:
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    for position, index in enumerate(run):
        if position:
            separator = _separator(blocks[run[position - 1]], blocks[index])
            parts.append(separator)
            length += len(separator)
        text = blocks[index].text
        spans.append((length, length + len(text)))
        parts.append(text)
        length += len(text)
    return "".join(parts), spans


def _separator(block: Block, following: Block) -> str:
    if block.kind is BlockKind.HEADING or following.kind is BlockKind.LIST_ITEM:
        return "\n"
    is_cut = (
        following.kind is BlockKind.PARAGRAPH
        and block.text[-1] not in _SENTENCE_ENDS
        and following.text[0].islower()
    )
    return " " if is_cut else "\n\n"


def _row_groups(lines: list[str], *, room: int) -> list[tuple[int, int, str, tuple[float, float]]]:
    """Consecutive rows that fit together, as (first, last, text, share of it); one too long is cut."""
    groups: list[tuple[int, int, str, tuple[float, float]]] = []
    start, used = 0, 0
    for index, line in enumerate(lines):
        tokens = count_tokens(line)
        if used and used + tokens > room:
            groups.append((start, index - 1, "\n".join(lines[start:index]), _WHOLE))
            start, used = index, 0
        if tokens > room:
            groups.extend(
                (index, index, line[first:last], (first / len(line), last / len(line)))
                for first, last in split_text(line, budget=room)
            )
            start, used = index + 1, 0
        else:
            used += tokens
    if start < len(lines):
        groups.append((start, len(lines) - 1, "\n".join(lines[start:]), _WHOLE))
    return groups


def _covered(block: Block, *, start: int, end: int) -> tuple[Box, ...]:
    """The part of a block's box that holds some of its characters, exact where its lines are known."""
    touched = [line for line in block.lines if line.start < end and line.end > start]
    if touched:
        return covering_boxes(touched, start=start, end=end)
    if start <= 0 and end >= len(block.text):
        return _present(block.box)
    length = max(len(block.text), 1)
    share = (max(start, 0) / length, min(end, len(block.text)) / length)
    return _present(_clip(block.box, share=share))


def _rows_boxes(
    block: Block, *, table: Table, rows: tuple[int, int], share: tuple[float, float]
) -> tuple[Box, ...]:
    """Some rows, and the header that is repeated above them where it is on the same page."""
    first, last = rows
    boxes = table.row_boxes[1 + first : 2 + last]
    if boxes:
        header, held = table.row_boxes[0], _clip(bounding_box(boxes), share=share)
        is_apart = first > 0 or share[0] > 0
        if held is None or header.bottom <= header.top:
            return _present(held)
        return (header, held) if is_apart else (bounding_box([header, held]),)
    count = max(len(table.rows), 1)
    return _present(_clip(block.box, share=(first / count, (last + 1) / count)))


def _clip(box: Box | None, *, share: tuple[float, float]) -> Box | None:
    """The part of a block's box that holds a share of its text, with a margin of lines around a cut."""
    if box is None or share == _WHOLE:
        return box
    height = box.bottom - box.top
    top = box.top + height * share[0] - (_LINE_MARGIN if share[0] > 0 else 0)
    bottom = box.top + height * share[1] + (_LINE_MARGIN if share[1] < 1 else 0)
    return Box(
        page=box.page,
        left=box.left,
        top=round(max(top, box.top), 4),
        right=box.right,
        bottom=round(min(bottom, box.bottom), 4),
    )


def _page(block: Block) -> int:
    return 0 if block.box is None else block.box.page


def _present(box: Box | None) -> tuple[Box, ...]:
    return (box,) if box is not None else ()


def _union(piece: _Piece, following: _Piece, *, path: tuple[str, ...]) -> _Piece:
    boxes = piece.boxes + tuple(box for box in following.boxes if box not in piece.boxes)
    head = piece.text + ("\n" if piece.is_lead else "\n\n")
    return _Piece(
        text=head + following.text,
        path=path,
        first=piece.first,
        last=following.last,
        boxes=boxes,
        pages=piece.pages + tuple((len(head) + at, page) for at, page in following.pages),
        tokens=piece.tokens + following.tokens,
        place=piece.place,
        cells=joined_range(piece.cells, following.cells),
        confidence=min(
            (value for value in (piece.confidence, following.confidence) if value is not None),
            default=None,
        ),
        is_whole_section=piece.is_whole_section and following.is_whole_section,
        is_lead=piece.is_lead and following.is_lead,
    )


def _merge_small(pieces: list[_Piece], *, title_tokens: int, target: int) -> list[_Piece]:
    merged: list[_Piece] = []
    for piece in pieces:
        if merged:
            path = _shared_path(merged[-1], piece)
            budget = _budget(path, title_tokens=title_tokens, target=target)
            if _may_share(merged[-1], piece, budget=budget):
                merged[-1] = _union(merged[-1], piece, path=path)
                continue
        merged.append(piece)
    return merged


def _may_share(piece: _Piece, following: _Piece, *, budget: int) -> bool:
    if piece.place != following.place:
        return False
    total = piece.tokens + following.tokens
    if piece.is_lead:
        return total <= max(budget, following.tokens + _LEAD_TOKENS)
    if not (piece.is_whole_section and following.is_whole_section):
        return False
    return total <= budget and min(piece.tokens, following.tokens) < budget * _SMALL_SHARE


def _shared_path(piece: _Piece, following: _Piece) -> tuple[str, ...]:
    if piece.is_lead:
        return following.path
    shared: list[str] = []
    for left, right in zip(piece.path, following.path, strict=False):
        if left != right:
            break
        shared.append(left)
    return tuple(shared)
