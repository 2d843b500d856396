"""How far the results of two forms of a question lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

PERSISTENCE = 0.9
"""Of rank-biased overlap: the chance that a reader goes on to the next rank."""


def jaccard(one: Sequence[str], other: Sequence[str], *, depth: int = 5) -> float:
    """Share of what the first results of either have in common, in [0, 1]; 1 when both are empty."""
    first, second = set(one[:depth]), set(other[:depth])
    return len(first & second) / len(first | second) if first | second else 1.0


def rank_biased_overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Likeness of two rankings without repetition, heavier at the top, in [0, 1]; 1 for equal ones.

    It is extrapolated beyond the shorter of the two; of an empty and another one it is 0.

    Source:
        Webber, Moffat, Zobel, "A Similarity Measure for Indefinite Rankings", TOIS 2010, equation 30
        (for rankings of equal length).
    """
    depth = min(len(one), len(other))
    if not depth:
        return float(not one and not other)
    total, agreement = 0.0, 0.0
    for rank in range(1, depth + 1):
        agreement = len(set(one[:rank]) & set(other[:rank])) / rank
        total += agreement * PERSISTENCE**rank
    return agreement * PERSISTENCE**depth + total * (1 - PERSISTENCE) / PERSISTENCE


def widest_gap(means: dict[str, float]) -> tuple[str, str]:
    """The two variants whose means lie furthest apart, the higher first."""
    return max(
        ((high, low) for pair in combinations(means, 2) for high, low in (pair, pair[::-1])),
        key=lambda pair: means[pair[0]] - means[pair[1]],
    )
