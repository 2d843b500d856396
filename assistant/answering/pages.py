"""Which page of a passage to open it at: one that runs over two may answer on the second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from assistant.answering.terms import terms
from assistant.answering.units import units_of
from assistant.domain.answers import Passage
from assistant.domain.documents import SourceChunk


def page_of(words: str, *, chunk: SourceChunk) -> int | None:
    """The page of a passage that tells most of some words.

    Args:
        words: A question, or a sentence of the passage.
        chunk: The passage.

    Returns:
        The page with the most of the words; of equal ones that with the most in one sentence, else
        the first. The first page where it is unknown where they begin, None for formats without pages.
    """
    pages, parts = chunk.locator.pages, list(_parts(chunk))
    if len(parts) < 2 or len(parts) != len(pages):
        return pages[0] if pages else None
    wanted = frozenset(terms(words))
    told = [_told(wanted, replace(chunk, text=part)) for part in parts]
    return pages[told.index(max(told))]


def _parts(chunk: SourceChunk) -> Iterator[str]:
    """The text of each page of a passage."""
    for start, end in pairwise([*chunk.locator.page_starts, len(chunk.text)]):
        yield chunk.text[start:end]


def _told(wanted: frozenset[str], part: SourceChunk) -> tuple[int, int]:
    """How many of the words are on a page, and how many of them in one sentence at most."""
    in_one = [len(wanted & unit.terms) for unit in units_of(Passage(marker=1, chunk=part))]
    return len(wanted & set(terms(part.text))), max(in_one, default=0)
