"""Blocks grouped by the headings above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.model import Block, BlockKind
from ingest.parsers.headings import ARTICLE_LEVEL, article_label

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

    A paragraph that begins with "Article 3 :" opens a section as a heading would; so does another
    sheet, slide or message part, outside all headings before it.
    """
    sections: list[Section] = []
    stack: list[tuple[int, str]] = []
    start = 0
    for index, block in enumerate(blocks):
        opening = _opening(block)
        is_elsewhere = index > 0 and block.place != blocks[index - 1].place
        if opening is None and not is_elsewhere:
            continue
        if index > start:
            sections.append(Section(path=_path(stack), first=start, last=index - 1))
        start = index
        if is_elsewhere:
            stack.clear()
        if opening is not None:
            level, label = opening
            while stack and stack[-1][0] >= level:
                stack.pop()
            stack.append((level, label))
    if start < len(blocks):
        sections.append(Section(path=_path(stack), first=start, last=len(blocks) - 1))
    return sections


def _opening(block: Block) -> tuple[int, str] | None:
    if block.kind is BlockKind.HEADING:
        return max(block.level, 1), _label(block.text)
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
