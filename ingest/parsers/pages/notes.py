"""Footnotes of PDF pages: put after the block that calls them, so that they break no sentence."""

from __future__ import annotations

import re

from ingest.model import BlockKind
from ingest.parsers.pages.lines import lines_within
from ingest.parsers.pages.page import Line, Page, Piece

_MARK = re.compile(r"\(?(\d{1,2})\)?$")
_NUMBERED = re.compile(r"\(?(\d{1,2})\)?(?:\s+(?=[^\W\d_])|(?=[A-ZÀ-Ý][a-zà-ÿ]))")
_RAISED_SHARE = 0.8
_SAME_HEIGHT = 0.12
_NEAR_POINTS = 12.0
_LOWER_HALF = 0.5
_SENTENCE_ENDS = (".", "!", "?", ":", ";", "…", "»", ")")


def attach_notes(pages: list[Page]) -> None:
    """Move each footnote behind the piece that calls it, as "Note 3 : …", in place.

    A footnote is a piece of the lower half that opens with a number, raised or bare, when the same
    number is raised, or glued to a word ("urbanisme2"), somewhere above it on the page.
    """
    for page in pages:
        for note, number in _notes(page):
            caller = _caller(page, number=number, note=note)
            if caller is not None:
                _attach(page, note=note, number=number, caller=caller)


def _notes(page: Page) -> list[tuple[Piece, str]]:
    found: list[tuple[Piece, str]] = []
    for piece in page.pieces:
        number = _NUMBERED.match(piece.text.strip())
        if piece.rows is None and number and piece.rect.top > page.height * _LOWER_HALF:
            found.append((piece, number[1]))
    return found


def _caller(page: Page, *, number: str, note: Piece) -> Line | None:
    """The run above a note that carries its number, alone and raised or glued to a word."""
    glued = re.compile(
        rf"[^\W\d_]{{3,}}[»\")’']?{number}(?=[\s.,;:)]|$)|^{number}(?=[a-zà-ÿ]{{2}})"
    )
    for index, line in enumerate(page.lines):
        if line.rect.bottom > note.rect.top:
            continue
        mark = _MARK.match(line.text.strip())
        around = page.lines[max(index - 1, 0) : index + 2]
        is_raised = mark is not None and mark[1] == number
        if glued.search(line.text) or (
            is_raised and any(_is_taller(other, line) for other in around)
        ):
            return line
    return None


def _is_taller(other: Line, mark: Line) -> bool:
    gap = max(other.rect.left - mark.rect.right, mark.rect.left - other.rect.right)
    middle = (mark.rect.top + mark.rect.bottom) / 2
    return (
        mark.rect.height < other.rect.height * _RAISED_SHARE
        and gap < _NEAR_POINTS
        and other.rect.top - mark.rect.height < middle < other.rect.bottom
    )


def _attach(page: Page, *, note: Piece, number: str, caller: Line) -> None:
    _take_rest(page, note)
    text = _NUMBERED.sub("", note.text.strip(), count=1)
    note.text = f"Note {number} : {text}"
    note.kind, note.level = BlockKind.PARAGRAPH, 0
    page.pieces = [piece for piece in page.pieces if piece is not note]
    page.pieces.insert(_place(page.pieces, caller=caller), note)


def _take_rest(page: Page, note: Piece) -> None:
    """Lines of a note that the engine took for a piece of their own, down to the next note."""
    index = next(i for i, piece in enumerate(page.pieces) if piece is note)
    size = _print_height(page, note)
    while index + 1 < len(page.pieces):
        rest = page.pieces[index + 1]
        is_rest = (
            rest.rows is None
            and not _NUMBERED.match(rest.text.strip())
            and abs(_print_height(page, rest) - size) < size * _SAME_HEIGHT
            and -size < rest.rect.top - note.rect.bottom < size
        )
        if not is_rest:
            return
        note.text = f"{note.text} {rest.text}"
        note.rect = note.rect.joined(rest.rect)
        del page.pieces[index + 1]


def _print_height(page: Page, piece: Piece) -> float:
    heights = [line.rect.height for line in lines_within(page.lines, rect=piece.rect)]
    return max(heights, default=piece.rect.height)


def _place(pieces: list[Piece], *, caller: Line) -> int:
    """Behind the piece of the caller, or earlier where that one breaks off at the end of the page."""
    position = next(
        (i for i, piece in enumerate(pieces) if caller.rect.share_inside(piece.rect) > _LOWER_HALF),
        len(pieces) - 1,
    )
    while position + 1 < len(pieces) and pieces[position + 1].text.startswith("Note "):
        position += 1
    is_last = all(piece.text.startswith("Note ") for piece in pieces[position + 1 :])
    if is_last and not pieces[position].text.rstrip().endswith(_SENTENCE_ENDS):
        return position
    return position + 1
