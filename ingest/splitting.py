"""Long text cut on sentence borders, by LlamaIndex's `SentenceSplitter` with our own French rules.

The splitter is given our sentence borders and token counter: its defaults would reach for downloads.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ingest.sentences import split_sentences
from ingest.tokens import count_tokens

if TYPE_CHECKING:
    from llama_index.core.node_parser import SentenceSplitter

_PARAGRAPH_BREAK = "\n\n"
_SLACK = 1.15
_SLICE_CHARS = 200_000
"""The splitter's cost grows with the square of its sentences: 16 s for 2.7 million characters at once."""
_BORDERS = (_PARAGRAPH_BREAK, "\n", ". ", " ")


def split_text(text: str, *, budget: int) -> list[tuple[int, int]]:
    """Spans of at most `budget` tokens each, of even lengths, cut between paragraphs, else sentences.

    A sentence longer than the budget is cut at its commas, else between words.

    Returns:
        Half-open character ranges, ascending, disjoint, that hold every non-blank character.
    """
    return [
        (first + start, first + end)
        for first, last in _slices(text)
        for start, end in _split(text[first:last], budget=budget)
    ]


def _slices(text: str) -> list[tuple[int, int]]:
    """Ranges that hold the whole text, cut at the strongest border near the end of each."""
    slices: list[tuple[int, int]] = []
    start = 0
    while len(text) - start > _SLICE_CHARS:
        least, most = start + _SLICE_CHARS // 2, start + _SLICE_CHARS
        found = (text.rfind(border, least, most) for border in _BORDERS)
        end = next((place + 1 for place in found if place >= 0), most)
        slices.append((start, end))
        start = end
    return [*slices, (start, len(text))]


def _split(text: str, *, budget: int) -> list[tuple[int, int]]:
    total = count_tokens(text)
    if total <= budget:
        return [(0, len(text))] if text.strip() else []
    parts = -(-total // budget)
    size = min(budget, int(total / parts * _SLACK) + 1)
    return _spans(text, pieces=_splitter(size).split_text(text))


def _spans(text: str, *, pieces: list[str]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    cursor = 0
    for piece in pieces:
        start = text.index(piece, cursor)
        cursor = start + len(piece)
        spans.append((start, cursor))
    return spans


@lru_cache(maxsize=64)
def _splitter(size: int) -> SentenceSplitter:
    from llama_index.core.node_parser import SentenceSplitter

    return SentenceSplitter(
        chunk_size=size,
        chunk_overlap=0,
        paragraph_separator=_PARAGRAPH_BREAK,
        tokenizer=_tokens,
        chunking_tokenizer_fn=_sentences,
        include_metadata=False,
        include_prev_next_rel=False,
    )


def _tokens(text: str) -> range:
    return range(count_tokens(text))


def _sentences(text: str) -> list[str]:
    starts = [start for start, _ in split_sentences(text)]
    if not starts:
        return [text]
    starts[0] = 0
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
