"""Which of the retrieved chunks are shown to the model, under which number and headings."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain.answers import Passage
from assistant.domain.documents import SourceChunk
from assistant.domain.retrieval import Hit


def choose_passages(hits: Sequence[Hit], *, limit: int, max_tokens: int) -> tuple[Passage, ...]:
    """The best hits that fit into a number of tokens, numbered from 1 in order of rank.

    The best one is always taken, whatever its length; a later one that is too long is passed over
    for the next that fits.

    Args:
        hits: Best first, equal words once.
        limit: Greatest number of passages, at least 1.
        max_tokens: Sum of the chunks' tokens, as counted at their ingestion.

    Returns:
        Passages with markers 1, 2, 3….
    """
    chosen: list[Passage] = []
    left = max_tokens
    for hit in hits:
        if len(chosen) == limit:
            break
        if chosen and hit.chunk.tokens > left:
            continue
        chosen.append(Passage(len(chosen) + 1, hit.chunk, hit.also, hit.page))
        left -= hit.chunk.tokens
    return tuple(chosen)


def text_under_headings(chunk: SourceChunk) -> str:
    """A chunk under its title and headings, without which it may not tell what it is about."""
    return "\n".join((" > ".join((chunk.title, *chunk.locator.section)), chunk.text))
