"""What the pages of a PDF are made of, and which of them have to be read from their image."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.parsers.ocr.score import text_quality
from ingest.parsers.pages.page import Page, Rect, piece_words
from ingest.parsers.pages.shown import shown_share

_MIN_LETTERS = 25
_STAMP_LETTERS = 200
_SCAN_COVER = 0.6
_DRAWN_PATHS = 300
_SEEN_COVER, _SEEN_PATHS = 0.05, 20
_REGION_COVER = 0.15
"""A council's table of accounts, pasted as a picture under its paragraph, covers .17 of a real page."""
_REGION_LETTERS = 20
_HIDDEN_SHARE = 0.5
_GOOD_LAYER = 0.88
_MAX_OBJECTS = 5000
_MAX_DEPTH = 3
_CELLS = 32
_TOUCHING = 4.0
_INVISIBLE = 3
"""Text render mode of layers that only serve to search and copy."""


class Reason(StrEnum):
    """Why a page is read from its image."""

    NO_TEXT = "no_text"
    """Something is to be seen, and no text layer tells what."""
    STAMP = "stamp"
    """A scan whose text layer is a stamp, or a slide whose picture may hold words."""
    DRAWN = "drawn"
    """Many drawn shapes and hardly a letter: glyphs turned into outlines."""
    BAD_LAYER = "bad_layer"
    """An invisible text layer over a scan that does not read like French."""
    REGION = "region"
    """A large image inside a page of text, such as a table pasted as a picture."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A page to read from its image."""

    page: Page
    reason: Reason
    region: Rect | None = None
    """The part to read, in points, when it is not the whole page."""


@dataclass(slots=True)
class _Facts:
    images: list[Rect] = field(default_factory=list[Rect])
    paths: int = 0
    texts: int = 0
    hidden: int = 0
    """Text objects that are invisible, or lie under a picture of the whole page."""


def find_scans(document: Any, pages: list[Page]) -> list[Scan]:
    """The pages to read from their image, in order.

    Args:
        document: The PDF, opened by pypdfium2.
        pages: Its pages, with the pieces of their text layers.
    """
    pdfium = cast("Any", import_module("pypdfium2"))
    scans: list[Scan] = []
    for page in pages:
        try:
            handle = document[page.number - 1]
        except (pdfium.PdfiumError, IndexError):
            continue
        try:
            scan = _scan(page, facts=_facts(handle, page=page))
        finally:
            handle.close()
        if scan is not None:
            scans.append(scan)
    return scans


def open_document(path: Path) -> Any:
    """A PDF that another engine has already opened without trouble."""
    return cast("Any", import_module("pypdfium2")).PdfDocument(str(path))


def _scan(page: Page, *, facts: _Facts) -> Scan | None:
    text = " ".join(piece_words(piece) for piece in page.pieces)
    letters = _letters(text)
    cover = _cover(facts.images, page=page)
    is_hidden = facts.hidden > _HIDDEN_SHARE * max(facts.texts, 1)
    if letters < _MIN_LETTERS:
        is_seen = cover >= _SEEN_COVER or facts.paths >= _SEEN_PATHS
        is_drawn = letters == 0 and bool(facts.images or facts.paths or facts.texts)
        return Scan(page, Reason.NO_TEXT) if is_seen or is_drawn else None
    if cover >= _SCAN_COVER and is_hidden:
        is_bad = text_quality(text.split()) < _GOOD_LAYER or letters < _STAMP_LETTERS
        return Scan(page, Reason.BAD_LAYER) if is_bad else None
    if letters < _STAMP_LETTERS and cover >= _SCAN_COVER:
        return Scan(page, Reason.STAMP)
    if letters < _STAMP_LETTERS and facts.paths >= _DRAWN_PATHS:
        return Scan(page, Reason.DRAWN)
    region = _region(facts.images, page=page)
    return Scan(page, Reason.REGION, region=region) if region is not None else None


def _region(images: list[Rect], *, page: Page) -> Rect | None:
    """The largest image, its strips put together, that no text lies on."""
    whole = page.width * page.height
    for rect in sorted(_joined(images), key=lambda rect: -rect.area):
        if rect.area < _REGION_COVER * whole:
            return None
        inside = [line.text for line in page.lines if line.rect.share_inside(rect) > 0.5]
        if _letters(" ".join(inside)) < _REGION_LETTERS:
            return rect
    return None


def _joined(images: list[Rect]) -> list[Rect]:
    joined: list[Rect] = []
    for image in sorted(images, key=lambda rect: (rect.top, rect.left)):
        rect = image
        for other in [held for held in joined if _touch(held, rect)]:
            joined.remove(other)
            rect = rect.joined(other)
        joined.append(rect)
    return joined


def _touch(rect: Rect, other: Rect) -> bool:
    return (
        rect.left <= other.right + _TOUCHING
        and other.left <= rect.right + _TOUCHING
        and rect.top <= other.bottom + _TOUCHING
        and other.top <= rect.bottom + _TOUCHING
    )


def _cover(images: list[Rect], *, page: Page) -> float:
    """Share of the page that images cover together, on a grid of 32 by 32."""
    covered: set[tuple[int, int]] = set()
    for image in images:
        first, last = _cells(image.left, image.right, whole=page.width)
        top, bottom = _cells(image.top, image.bottom, whole=page.height)
        covered.update((x, y) for x in range(first, last) for y in range(top, bottom))
    return len(covered) / _CELLS**2


def _cells(low: float, high: float, *, whole: float) -> tuple[int, int]:
    shares = (value / max(whole, 1) * _CELLS for value in (low, high))
    first, last = (min(max(round(share), 0), _CELLS) for share in shares)
    return first, last


def _facts(handle: Any, *, page: Page) -> _Facts:
    raw = cast("Any", import_module("pypdfium2.raw"))
    pdfium = cast("Any", import_module("pypdfium2"))
    facts = _Facts()
    try:
        for number, item in enumerate(handle.get_objects(max_depth=_MAX_DEPTH)):
            if number >= _MAX_OBJECTS:
                break
            if item.type == raw.FPDF_PAGEOBJ_IMAGE:
                _add_image(facts, item, handle=handle, page=page)
            elif item.type == raw.FPDF_PAGEOBJ_PATH:
                facts.paths += 1
            elif item.type == raw.FPDF_PAGEOBJ_TEXT:
                facts.texts += 1
                facts.hidden += raw.FPDFTextObj_GetTextRenderMode(item.raw) == _INVISIBLE
    except pdfium.PdfiumError:
        return facts
    return facts


def _add_image(facts: _Facts, item: Any, *, handle: Any, page: Page) -> None:
    box = cast("tuple[float, float, float, float]", item.get_bounds())
    rect = _shown(handle, box, page=page)
    facts.images.append(rect)
    if rect.area >= _SCAN_COVER * page.width * page.height:
        facts.hidden = facts.texts


def _shown(handle: Any, box: tuple[float, float, float, float], *, page: Page) -> Rect:
    """The part of a rectangle of the page's own space that is seen, in points."""
    held = page.rect(shown_share(handle, box))
    return Rect(
        max(held.left, 0),
        max(held.top, 0),
        min(held.right, page.width),
        min(held.bottom, page.height),
    )


def _letters(text: str) -> int:
    return sum(1 for char in text if char.isalnum())
