"""From an engine's candidates to a ranking whose order never depends on the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

Candidate = tuple[UUID, float]
"""A chunk and its score, as the engine gives them; UUIDs order as their texts do."""

_SPARE = 16
"""Candidates asked beyond the limit, so that equal scores at the cut seldom need a second query."""


def ordered(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first, ties by ascending chunk id."""
    return sorted(candidates, key=lambda candidate: (-candidate[1], candidate[0]))


def is_cut_between_equals(best: Sequence[Candidate], *, limit: int, asked: int) -> bool:
    """True when chunks as good as the last kept one may have been left out by the engine.

    Args:
        best: Candidates in order.
        limit: Candidates to keep.
        asked: Candidates asked from the engine; fewer came when there are no more.
    """
    return len(best) >= asked > limit and best[limit - 1][1] == best[-1][1]


def best_candidates(fetch: Callable[[int], Iterable[Candidate]], *, limit: int) -> list[Candidate]:
    """The `limit` best candidates, settling equal scores at the cut by ascending chunk id.

    Args:
        fetch: Gives the engine's best candidates, as many as asked or all there are.
        limit: At least 1.
    """
    asked = limit + _SPARE
    best = ordered(fetch(asked))
    while is_cut_between_equals(best, limit=limit, asked=asked):
        asked *= 4
        best = ordered(fetch(asked))
    return best[:limit]
