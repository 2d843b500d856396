"""Headings and running headers of a PDF, decided over the whole document."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from ingest.cleaning import fold, one_line
from ingest.headings import (
    ACT_LEVEL,
    heading_level,
    is_numbered,
    is_plausible_heading,
    is_structural_heading,
    names_an_act,
)
from ingest.model import BlockKind
from ingest.parsers.pages.page import Page, Piece, piece_words

_MIN_BOOKMARKS = 5
_MAX_GAP_LINES = 0.75
_SAME_HEIGHT = 0.25
_BAND = 0.13
_MAX_FURNITURE_CHARS = 300
_MIN_REPEATS = 3
_REPEAT_SHARE = 0.4
_PAGE_NUMBER = re.compile(
    r"^(?:page|p\.)?\s*[-–—|/]*\s*\d{1,4}\s*(?:(?:/|sur|de)\s*\d{1,4})?\s*[-–—|]*$", re.I
)
_STAMP = re.compile(
    r"(?:Envoyé|Transmis|Reçu) en préfecture le\s*:?\s*\d{2}/\d{2}/\d{4}|"
    r"(?:Publié|Affiché|Mis en ligne|Notifié) le\s*:?\s*(?:\d{2}/\d{2}/\d{4}|(?=\s*ID\s*:))|"
    r"ID\s*:\s*\d{2,3}-\d{6,9}-\d{8}-[\w.-]+|"
    r"Accusé (?:de réception|certifié exécutoire)(?: en préfecture| - Ministère de l['’]Intérieur)?"
    r"\s*(?:\d{2,3}-\d{6,9}-\d{8}-[\w.-]+)?|"
    r"Date de (?:télétransmission|réception(?: en)? préfecture|transmission)\s*:?\s*\d{2}/\d{2}/\d{4}|"
    r"(?:Réception par le préfet|Affichage|Publication)\s*:\s*\d{2}/\d{2}/\d{4}"
)
_MIN_LEFT_LETTERS = 8
_DIGITS = re.compile(r"\d+")
_MAX_PROMOTED_CHARS = 200
_MAX_RUN = 3
_MIN_ACTS = 3
_MAX_AGENDA_CHARS = 300
_MIN_AGENDA_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's outline."""

    title: str
    page: int
    """From 1."""
    level: int
    """From 1."""


def drop_furniture(pages: list[Page]) -> None:
    """Remove page numbers and the lines that come back at the top or bottom of many pages.

    A line counts as the same when its words are, and its numbers are or follow the page's.
    """
    counts: Counter[str] = Counter()
    for page in pages:
        in_band = [piece for piece in page.pieces if _is_in_band(piece, page=page)]
        counts.update({key for piece in in_band for key in _furniture_keys(piece, page=page)})
    needed = max(_MIN_REPEATS, int(len(pages) * _REPEAT_SHARE)) if len(pages) < 40 else 8
    repeated = {key for key, count in counts.items() if count >= needed}
    for page in pages:
        page.pieces = [
            piece
            for piece in page.pieces
            if not (
                _is_in_band(piece, page=page)
                and (_is_page_number(piece) or repeated & _furniture_keys(piece, page=page))
            )
        ]


def drop_stamps(pages: list[Page]) -> None:
    """Remove the stamps of transmission to the prefecture, wherever they stand on a page.

    A page that carries two of their phrases carries the stamp; one alone may be a sentence.
    """
    for page in pages:
        found = {
            match.group()[:4]
            for piece in page.pieces
            if piece.rows is None
            for match in _STAMP.finditer(piece.text)
        }
        if len(found) > 1:
            page.pieces = [piece for piece in page.pieces if _is_left(piece)]


def _is_left(piece: Piece) -> bool:
    if piece.rows is not None or not _STAMP.search(piece.text):
        return True
    piece.text = _STAMP.sub(" ", piece.text).strip()
    return sum(char.isalpha() for char in piece.text) >= _MIN_LEFT_LETTERS


def settle_headings(pages: list[Page], *, bookmarks: list[Bookmark]) -> None:
    """Decide which pieces are headings, and how deep.

    Bookmarks rule where at least five are found on their pages, else the headings that the file tags,
    five at least; else the engine's headings count, wrapped ones merged, implausible ones demoted. The
    form of the words ("Article 3") always counts.
    """
    for page in pages:
        page.pieces = _merged(page.pieces)
    marked = _mark_bookmarks(pages, bookmarks=bookmarks) or _mark_bookmarks(
        pages, bookmarks=_tagged(pages)
    )
    repeats = _repeated_headings(pages)
    for page in pages:
        for piece in page.pieces:
            if id(piece) not in marked:
                _settle(piece, is_outlined=bool(marked) and page.number > 1, repeats=repeats)
        _demote_runs(page.pieces, marked=marked)
    _promote_agenda(pages)
    _deepen_within_acts(pages, marked=marked)


def _is_in_band(piece: Piece, *, page: Page) -> bool:
    if piece.rows is not None and len(piece.rows) > 2:
        return False
    is_top = piece.rect.bottom < page.height * _BAND
    is_bottom = piece.rect.top > page.height * (1 - _BAND)
    return (is_top or is_bottom) and len(piece.text) <= _MAX_FURNITURE_CHARS


def _furniture_keys(piece: Piece, *, page: Page) -> set[str]:
    text = one_line(piece_words(piece))
    folded = fold(text)
    if is_structural_heading(text):
        return {folded}
    numbers = list(_DIGITS.finditer(folded))
    keys = {folded}
    for found in {match.span(): match for match in (*numbers[:1], *numbers[-2:])}.values():
        offset = int(found.group()[:6]) - page.number
        keys.add(f"{folded[: found.start()]}#{offset}{folded[found.end() :]}")
    return keys


def _is_page_number(piece: Piece) -> bool:
    return piece.rows is None and bool(_PAGE_NUMBER.match(one_line(piece.text)))


def _merged(pieces: list[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        if merged and _continues(merged[-1], piece):
            last = merged[-1]
            last.text = f"{last.text} {piece.text}"
            last.rect = last.rect.joined(piece.rect)
            last.level = min(last.level, piece.level)
        else:
            merged.append(piece)
    return merged


def _continues(heading: Piece, piece: Piece) -> bool:
    if heading.kind is not BlockKind.HEADING or piece.kind is not BlockKind.HEADING:
        return False
    if is_structural_heading(piece.text) or heading_level(piece.text, default=0):
        return False
    if piece.text[:1].isupper() and not is_plausible_heading(heading.text):
        return False
    height = piece.rect.height
    gap = piece.rect.top - heading.rect.bottom
    lines = max(1, round(heading.rect.height / max(height, 1)))
    same_height = abs(heading.rect.height / lines - height) <= _SAME_HEIGHT * height
    return (
        same_height
        and -0.5 * height <= gap <= _MAX_GAP_LINES * height
        and heading.level == piece.level
    )


def _mark_bookmarks(pages: list[Page], *, bookmarks: list[Bookmark]) -> set[int]:
    if len(bookmarks) < _MIN_BOOKMARKS:
        return set()
    by_number = {page.number: page for page in pages}
    marked: set[int] = set()
    for bookmark in bookmarks:
        page = by_number.get(bookmark.page)
        piece = _titled(page, title=bookmark.title, marked=marked) if page is not None else None
        if piece is not None:
            piece.kind, piece.level = BlockKind.HEADING, bookmark.level
            marked.add(id(piece))
    return marked if len(marked) >= _MIN_BOOKMARKS else set()


def _tagged(pages: list[Page]) -> list[Bookmark]:
    return [
        Bookmark(title=one_line(text), page=page.number, level=level)
        for page in pages
        for text, level in page.tags
    ]


def _titled(page: Page, *, title: str, marked: set[int]) -> Piece | None:
    wanted = _letters(title)
    for piece in page.pieces:
        if (
            piece.rows is None
            and id(piece) not in marked
            and len(piece.text) <= len(title) * 1.6 + 12
        ):
            found = _letters(piece.text)
            if wanted and (found == wanted or found.endswith(wanted)):
                return piece
    return None


def _letters(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalpha())


def _repeated_headings(pages: list[Page]) -> set[str]:
    counts = Counter(
        fold(piece.text)
        for page in pages
        for piece in page.pieces
        if piece.kind is BlockKind.HEADING
    )
    return {text for text, count in counts.items() if count >= _MIN_REPEATS}


def _settle(piece: Piece, *, is_outlined: bool, repeats: set[str]) -> None:
    if piece.rows is not None:
        return
    text = one_line(piece.text)
    is_structural = len(text) <= _MAX_PROMOTED_CHARS and is_structural_heading(text)
    if piece.kind is BlockKind.HEADING:
        is_kept = is_plausible_heading(text) and (is_structural or fold(piece.text) not in repeats)
        if not is_kept or (is_outlined and not is_structural):
            piece.kind, piece.level = BlockKind.PARAGRAPH, 0
        else:
            piece.level = heading_level(text, default=piece.level)
    elif piece.kind is BlockKind.PARAGRAPH and is_structural:
        piece.kind, piece.level = BlockKind.HEADING, heading_level(text, default=3)


def _promote_agenda(pages: list[Page]) -> None:
    """A numbered line of an agenda that comes back further on is the heading of what was said of it."""
    announced: set[str] = set()
    for piece in (piece for page in pages for piece in page.pieces):
        text = one_line(piece.text)
        if piece.rows is not None or len(text) > _MAX_AGENDA_CHARS or not is_numbered(text):
            continue
        key = _letters(text)
        if len(key) < _MIN_AGENDA_LETTERS:
            continue
        if key in announced:
            piece.kind, piece.level = BlockKind.HEADING, heading_level(text, default=1)
        announced.add(key)


def _deepen_within_acts(pages: list[Page], *, marked: set[int]) -> None:
    """Where acts follow one another, a heading without number lies inside its act, whatever its size."""
    headings = [piece for page in pages for piece in page.pieces if piece.kind is BlockKind.HEADING]
    acts = [index for index, piece in enumerate(headings) if names_an_act(piece.text)]
    if len(acts) < _MIN_ACTS:
        return
    for piece in headings[acts[0] :]:
        if (
            id(piece) not in marked
            and not is_structural_heading(piece.text)
            and not is_numbered(piece.text)
        ):
            piece.level = max(piece.level, ACT_LEVEL + 1)


def _demote_runs(pieces: list[Piece], *, marked: set[int]) -> None:
    """More than three headings in a row, none of them structural, are a list of lines."""
    run: list[Piece] = []
    for piece in [*pieces, None]:
        is_weak = (
            piece is not None
            and piece.kind is BlockKind.HEADING
            and id(piece) not in marked
            and not is_structural_heading(piece.text)
        )
        if piece is not None and is_weak:
            run.append(piece)
            continue
        if len(run) > _MAX_RUN:
            for weak in run:
                weak.kind, weak.level = BlockKind.PARAGRAPH, 0
        run = []
