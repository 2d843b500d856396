"""Slides to blocks, whatever their format: reading order, heading, notes, what is left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ingest.draft import Draft, text_block
from ingest.model import Block, BlockKind, Notice, Place

_MAX_ORDERED = 200
"""More frames than that are sorted instead of cut into rows and columns."""
_OVERLAP = 0.2
"""Share of the smaller frame by which two rows or columns may overlap."""
_TOP_SHARE = 0.35
_FOOT_SHARE = 0.85
_MIN_REPEATS = 3
_DIGITS = re.compile(r"\d+")
_NUMBER_OR_DATE = re.compile(r"0(?:[/.]0[/.]0)?")
"""Once each number is written 0."""
_MAX_TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands in one rectangle of a slide; the unit of length is the caller's."""

    left: float
    top: float
    right: float
    bottom: float
    blocks: tuple[Block, ...]


@dataclass(slots=True)
class Slide:
    """One slide as found, before its reading order."""

    number: int
    """From 1, hidden slides counted."""
    height: float
    """In the unit of its frames."""
    title: str = ""
    frames: list[Frame] = field(default_factory=list[Frame])
    notes: str = ""
    """What the speaker reads, without the audience seeing it."""
    is_hidden: bool = False
    is_hiding: bool = False
    """True when words of it that the audience does not see were left out."""
    has_picture: bool = False


def add_slides(draft: Draft, slides: Iterable[Slide]) -> None:
    """Append the blocks of slides to a draft; hidden and textless ones only leave a notice.

    What stands at the foot of most slides, and dates and numbers there, are left out.
    """
    found = list(slides)
    shown = [slide for slide in found if not slide.is_hidden]
    if len(shown) < len(found):
        _note(draft, Notice.HIDDEN_SLIDES)
    if any(slide.is_hiding for slide in shown):
        _note(draft, Notice.HIDDEN_TEXT)
    _drop_furniture(shown)
    for slide in shown:
        blocks = _slide_blocks(slide)
        if not blocks and slide.has_picture:
            _note(draft, Notice.PAGES_WITHOUT_TEXT)
        place = Place(slide=slide.number)
        draft.blocks.extend(replace(block, place=place) for block in blocks)


def reading_order(frames: Sequence[Frame]) -> list[Frame]:
    """Frames from top to bottom, then from left to right; columns that stand apart are read whole."""
    if len(frames) > _MAX_ORDERED:
        return sorted(frames, key=lambda frame: (frame.top, frame.left))
    return _cut(list(frames))


def paragraph_blocks(paragraphs: Iterable[tuple[str, bool]]) -> tuple[Block, ...]:
    """The blocks of paragraphs given as (text, whether it is a list item); empty ones are dropped."""
    found = (
        text_block(text, kind=BlockKind.LIST_ITEM if is_item else BlockKind.PARAGRAPH)
        for text, is_item in paragraphs
    )
    return tuple(block for block in found if block is not None)


def _note(draft: Draft, notice: Notice) -> None:
    if notice not in draft.notices:
        draft.notices.append(notice)


def _drop_furniture(slides: Sequence[Slide]) -> None:
    feet = Counter(
        text for slide in slides for text in {_foot(frame, slide) for frame in slide.frames} if text
    )
    least = max(_MIN_REPEATS, len(slides) / 2)
    repeated = {text for text, count in feet.items() if count >= least}
    for slide in slides:
        slide.frames = [
            frame
            for frame in slide.frames
            if not ((text := _foot(frame, slide)) in repeated or _NUMBER_OR_DATE.fullmatch(text))
        ]


def _foot(frame: Frame, slide: Slide) -> str:
    """The text of a frame that stands at the foot of its slide, digits aside; else nothing."""
    if frame.top < slide.height * _FOOT_SHARE or any(block.table for block in frame.blocks):
        return ""
    return _DIGITS.sub("0", " ".join(block.text for block in frame.blocks))


def _slide_blocks(slide: Slide) -> list[Block]:
    frames = reading_order([frame for frame in slide.frames if frame.blocks])
    body = [block for frame in frames for block in frame.blocks]
    notes = text_block(f"Notes : {slide.notes}") if slide.notes.strip() else None
    if notes is not None:
        body.append(notes)
    heading = text_block(slide.title.lstrip(" ,;:"), kind=BlockKind.HEADING, level=1)
    if heading is not None:
        return [heading, *body]
    if frames and _is_title(frames, height=slide.height):
        first = frames[0].blocks[0].text
        heading = text_block(first, kind=BlockKind.HEADING, level=1)
        body = body[1:]
    else:
        heading = text_block(f"Diapositive {slide.number}", kind=BlockKind.HEADING, level=1)
    return [heading, *body] if heading is not None and (body or frames) else []


def _is_title(frames: Sequence[Frame], *, height: float) -> bool:
    """A slide without a title often has a short line for one: at its top, or all by itself."""
    first = frames[0]
    text = first.blocks[0].text
    is_short = len(text) <= _MAX_TITLE_CHARS and "\n" not in text and not text.endswith((".", ";"))
    is_alone = len(first.blocks) == 1 and first.blocks[0].table is None
    is_high = first.top < height * _TOP_SHARE and first.bottom < height / 2
    return is_short and is_alone and (is_high or len(frames) == 1)


def _cut(frames: list[Frame]) -> list[Frame]:
    if len(frames) < 2:
        return frames
    rows = _parts([((frame.top, frame.bottom), frame) for frame in frames])
    if len(rows) > 1:
        return [frame for row in rows for frame in _cut(row)]
    columns = _parts([((frame.left, frame.right), frame) for frame in frames])
    if len(columns) > 1:
        return [frame for column in columns for frame in _cut(column)]
    return sorted(frames, key=lambda frame: (frame.top, frame.left))


def _parts(spans: list[tuple[tuple[float, float], Frame]]) -> list[list[Frame]]:
    """Frames grouped where their spans overlap, groups in ascending order."""
    parts: list[list[Frame]] = []
    end, shortest = 0.0, 0.0
    for (first, last), frame in sorted(spans, key=lambda span: span[0]):
        allowed = min(shortest, last - first) * _OVERLAP
        if parts and first < end - allowed:
            parts[-1].append(frame)
            end, shortest = max(end, last), min(shortest, last - first)
        else:
            parts.append([frame])
            end, shortest = last, last - first
    return parts
