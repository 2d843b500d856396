"""What the page of a passage shows: page images with boxes, or the section with the passage marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from assistant.api.drawing import Drawing
from assistant.api.mapping import API_PREFIX, page_url, view_url
from assistant.api.passage_text import TextBlock, text_blocks
from assistant.containers import Container
from assistant.domain.catalogue import sentence
from assistant.domain.documents import SourceChunk
from assistant.domain.errors import AssistantError
from assistant.domain.french import french_date
from assistant.domain.links import document_standing
from assistant.domain.tenancy import Scope
from ingest.model import DECKS, PAGED, Box, DocumentKind, Locator

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PageView:
    """A page image with the boxes of the passage."""

    label: str
    """« Page 3 », « Diapositive 3 »."""
    image_url: str
    width: int
    """Of the image, in pixels; reserves its place before it is loaded."""
    height: int
    boxes: tuple[str, ...]
    """CSS of each box, as percentages of the page."""
    is_opened: bool
    """True for the one page to begin to read at; the first with boxes unless another is asked for."""


@dataclass(frozen=True, slots=True)
class PartView:
    """A passage of the section as text."""

    is_cited: bool
    blocks: tuple[TextBlock, ...]


@dataclass(frozen=True, slots=True)
class PassageView:
    """Everything the template needs."""

    title: str
    label: str
    """Classification of its collection, in words; empty without one."""
    facts: tuple[str, ...]
    """Kind, date, pages, in French."""
    breadcrumb: tuple[str, ...]
    file: str
    original_url: str
    pages: tuple[PageView, ...]
    notice: str
    """Why there is no image, in French; empty when there is one, or the format has none."""
    parts: tuple[PartView, ...]
    """For page images, the passage alone; else its section."""
    previous_url: str | None
    next_url: str | None


@dataclass(slots=True)
class Drawn:
    """What could be drawn of a passage."""

    images: dict[int, Path] = field(default_factory=dict[int, Path])
    """Of its pages, or of its slide, by number; those that cannot be had are left out."""
    boxes: tuple[Box, ...] = ()
    """Where it stands on them."""
    notice: str = ""
    """Why the last image that is missing could not be had, in French."""


async def drawn_passage(chunk: SourceChunk, *, drawing: Drawing, scope: Scope) -> Drawn:
    """The images of the pages or of the slide of a passage, with its boxes."""
    drawn = Drawn(boxes=chunk.locator.boxes)
    for number in _shown_numbers(chunk):
        try:
            drawn.images[number] = await drawing.page_image(
                chunk.document_id, page=number, scope=scope
            )
        except AssistantError as error:
            _log_lost(chunk, number=number, error=error)
            drawn.notice = error.sentence
            if error.code == "reader_busy":
                break
    if chunk.format in DECKS and drawn.images:
        drawn.boxes = await _slide_boxes(chunk, drawing=drawing, scope=scope)
    return drawn


def _shown_numbers(chunk: SourceChunk) -> tuple[int, ...]:
    """The pages, or the slide, whose image shows a passage."""
    if chunk.format in DECKS:
        slide = chunk.locator.place.slide
        return (slide,) if slide else ()
    return chunk.locator.pages if chunk.format in PAGED else ()


async def _slide_boxes(chunk: SourceChunk, *, drawing: Drawing, scope: Scope) -> tuple[Box, ...]:
    try:
        return await drawing.slide_boxes(chunk, scope=scope)
    except AssistantError as error:
        _log_lost(chunk, number=chunk.locator.place.slide, error=error)
        return ()


def passage_view(
    chunk: SourceChunk,
    *,
    drawn: Drawn,
    services: Container,
    scope: Scope,
    opened: int | None = None,
) -> PassageView:
    """The view of a live passage on the images of its pages, opened at one of them. Blocking.

    Raises:
        NotFound: The passage is no longer live.
    """
    section = services.documents.section(chunk.id, scope=scope)
    before, after = _neighbours(chunk, services=services, scope=scope)
    pages = _pages(chunk, drawn=drawn, opened=opened)
    shown = [chunk] if pages else section
    return PassageView(
        title=chunk.title,
        label=sentence("place_classified", label=chunk.label) if chunk.label else "",
        facts=tuple(_facts(chunk)),
        breadcrumb=chunk.locator.section,
        file=chunk.file,
        original_url=f"{API_PREFIX}/v1/documents/{chunk.document_id}/original",
        pages=tuple(pages),
        notice="" if pages else _notice(chunk, drawn=drawn),
        parts=tuple(PartView(each.id == chunk.id, tuple(text_blocks(each.text))) for each in shown),
        previous_url=None if before is None else view_url(before.id),
        next_url=None if after is None else view_url(after.id),
    )


def _neighbours(
    chunk: SourceChunk, *, services: Container, scope: Scope
) -> tuple[SourceChunk | None, SourceChunk | None]:
    first = max(0, chunk.ordinal - 1)
    around = services.documents.passages(chunk.document_id, scope=scope, limit=3, offset=first)
    by_ordinal = {each.ordinal: each for each in around}
    return by_ordinal.get(chunk.ordinal - 1), by_ordinal.get(chunk.ordinal + 1)


def _notice(chunk: SourceChunk, *, drawn: Drawn) -> str:
    """Why a passage that should have images has none; an image may also go once it is drawn."""
    numbers = _shown_numbers(chunk)
    if drawn.notice or not numbers:
        return drawn.notice
    return sentence("page_unrenderable", page=numbers[0])


def _pages(chunk: SourceChunk, *, drawn: Drawn, opened: int | None) -> list[PageView]:
    sizes: dict[int, tuple[int, int]] = {}
    for number, path in drawn.images.items():
        try:
            sizes[number] = _size(path)
        except OSError as error:
            _log_lost(chunk, number=number, error=error)
    code = "image_of_slide" if chunk.format in DECKS else "image_of_page"
    marked = [number for number in sizes if any(box.page == number for box in drawn.boxes)]
    begin = opened if opened in marked else next(iter(marked), None)
    return [
        PageView(
            label=sentence(code, number=number),
            image_url=page_url(chunk, page=number),
            width=width,
            height=height,
            boxes=tuple(_css(box) for box in drawn.boxes if box.page == number),
            is_opened=number == begin,
        )
        for number, (width, height) in sizes.items()
    ]


def _log_lost(chunk: SourceChunk, *, number: int, error: Exception) -> None:
    _log.warning(
        "page_not_shown", document_id=chunk.document_id, page=number, kind=type(error).__name__
    )


def _size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        return image.width, image.height


def _css(box: Box) -> str:
    left, top = 100 * box.left, 100 * box.top
    width, height = 100 * (box.right - box.left), 100 * (box.bottom - box.top)
    return f"left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%"


def _facts(chunk: SourceChunk) -> list[str]:
    facts = [] if chunk.kind is DocumentKind.OTHER else [sentence(f"kind_{chunk.kind.value}")]
    if chunk.date is not None:
        facts.append(french_date(chunk.date))
    if chunk.locator.pages:
        facts.append(french_pages(chunk.locator.pages))
    facts += french_place(chunk.locator)
    if standing := document_standing(chunk):
        facts.append(standing)
    return facts


def french_place(locator: Locator) -> list[str]:
    """Sheet and range, slide, attachment, and the certainty of text read from an image, in words."""
    place, words = locator.place, list[str]()
    if place.sheet:
        words.append(sentence("place_sheet", name=place.sheet))
        if locator.cells:
            words[-1] = sentence("place_cells", sheet=words[-1], cells=locator.cells)
    if place.slide:
        words.append(sentence("place_slide", number=place.slide))
    if place.part:
        words.append(sentence("place_part", name=place.part))
    if locator.confidence is not None:
        words.append(sentence("place_read", percent=round(100 * locator.confidence)))
    return words


def french_pages(pages: Sequence[int]) -> str:
    """Pages in words: « page 3 », « pages 3 et 4 », « pages 3 à 6 »."""
    first, last = pages[0], pages[-1]
    if len(pages) == 1:
        return sentence("place_page", page=first)
    return sentence("place_two_pages" if len(pages) == 2 else "place_pages", first=first, last=last)
