"""Blocks grouped by the headings above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.headings import (
    ARTICLE_LEVEL,
    ENACTING_PART,
    PART_LEVEL,
    article_label,
    part_label,
)
from ingest.model import Block, BlockKind

_MAX_LABEL_CHARS = 120
_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Section:
    """Consecutive blocks under one heading, which is the first of them (if there is one)."""

    path: tuple[str, ...]
    """Headings from the outermost to the section's own."""
    first: int
    """Index of the first block."""
    last: int
    """Index of the last block, inclusive."""


def split_sections(blocks: Sequence[Block]) -> list[Section]:
    """The sections of a document in order; together they hold every block once.

    A paragraph that begins with "Article 3 :" opens a section as a heading would, and so do the visas,
    grounds and enacting terms of an act; so does another sheet, slide or message part, outside all
    headings before it.
    """
    sections: list[Section] = []
    stack: list[tuple[int, str]] = []
    parts = _act_parts(blocks)
    start = 0
    for index, block in enumerate(blocks):
        opening = _opening(block, part=parts.get(index))
        is_elsewhere = index > 0 and block.place != blocks[index - 1].place
        if opening is None and not is_elsewhere:
            continue
        if index > start:
            sections.append(Section(path=_path(stack), first=start, last=index - 1))
        start = index
        if is_elsewhere:
            stack.clear()
        if opening is not None:
            _open(stack, opening)
    if start < len(blocks):
        sections.append(Section(path=_path(stack), first=start, last=len(blocks) - 1))
    return sections


def _open(stack: list[tuple[int, str]], opening: tuple[int, str]) -> None:
    level, label = opening
    while stack and stack[-1][0] >= level:
        stack.pop()
    if label:
        stack.append(opening)


def _act_parts(blocks: Sequence[Block]) -> dict[int, str]:
    """Blocks that open the visas, grounds or enacting terms of an act, by index; "" where they end.

    Enacting terms end with the next heading. Where none comes before the next act, nothing tells what
    was still decided, and no part is named in the whole document.
    """
    found: dict[int, str] = {}
    current = ""
    for index, block in enumerate(blocks):
        label = part_label(block.text) if block.table is None else ""
        if label and current == ENACTING_PART and label != current:
            return {}
        is_end = not label and _ends_part(block, part=current)
        if (label and label != current) or (is_end and block.kind is not BlockKind.HEADING):
            found[index] = label
        if label or is_end:
            current = label
    return found if any(found.values()) else {}


def _ends_part(block: Block, *, part: str) -> bool:
    if block.kind is BlockKind.HEADING:
        return bool(part) and block.level < PART_LEVEL
    if part in ("", ENACTING_PART) or block.kind is not BlockKind.PARAGRAPH:
        return False
    return not block.text[:1].islower() and not article_label(block.text)


def _opening(block: Block, *, part: str | None) -> tuple[int, str] | None:
    if block.kind is BlockKind.HEADING:
        return (PART_LEVEL if part else max(block.level, 1)), _label(block.text)
    if part is not None:
        return (PART_LEVEL if part == ENACTING_PART else ARTICLE_LEVEL), part
    if block.kind is BlockKind.PARAGRAPH:
        label = article_label(block.text)
        if label:
            return ARTICLE_LEVEL, label
    return None


def _label(text: str) -> str:
    if len(text) <= _MAX_LABEL_CHARS:
        return text
    return text[:_MAX_LABEL_CHARS].rsplit(" ", 1)[0] + "…"


def _path(stack: list[tuple[int, str]]) -> tuple[str, ...]:
    labels = [label for _, label in stack]
    if len(labels) > _MAX_DEPTH:
        labels = [*labels[:2], *labels[-(_MAX_DEPTH - 2) :]]
    return tuple(labels)
