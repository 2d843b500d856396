"""From an engine's candidates to a ranking whose order never depends on the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from assistant.domain.retrieval import Ranking, ScoredChunk

_SPARE = 16
"""Candidates asked beyond the limit, so that equal scores at the cut seldom need a second query."""


def ordered(candidates: Iterable[ScoredChunk]) -> list[ScoredChunk]:
    """Best first, ties by ascending chunk id."""
    return sorted(candidates, key=lambda chunk: (-chunk.score, chunk.chunk_id))


def best_candidates(fetch: Callable[[int], Iterable[ScoredChunk]], *, limit: int) -> Ranking:
    """The `limit` best candidates, settling equal scores at the cut by ascending chunk id.

    Args:
        fetch: Gives the engine's best candidates, as many as asked or all there are.
        limit: At least 1.
    """
    asked = limit + _SPARE
    best = ordered(fetch(asked))
    while _is_cut_between_equals(best, limit=limit, asked=asked):
        asked *= 4
        best = ordered(fetch(asked))
    return tuple(best[:limit])


def _is_cut_between_equals(best: Sequence[ScoredChunk], *, limit: int, asked: int) -> bool:
    """True when chunks as good as the last kept one may have been left out by the engine."""
    return len(best) >= asked and best[limit - 1].score == best[-1].score
