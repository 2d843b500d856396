"""Ways of merging the two rankings of a query, and what each is worth on judged questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.domain import retrieval
from assistant.domain.ids import ChunkId
from assistant.domain.retrieval import Ranking, ScoredChunk
from eval.questions import JudgedQuestion
from eval.retrieval import retrieval_measures

Scores = NDArray[np.float64]
Fuse = Callable[[Ranking, Ranking], Ranking]
DEPTH = 100
"""Candidates of each ranking."""
_FUSED = 200
_RECIPROCAL_K = 60


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """A question with its two rankings of all passages."""

    question: JudgedQuestion
    dense: Ranking
    lexical: Ranking


def ranking(scores: Scores, *, depth: int = DEPTH) -> Ranking:
    """The best passages by score, those at 0 left out; the number of a passage is its id."""
    best = np.argsort(-scores, kind="stable")[:depth]
    return tuple(
        ScoredChunk(ChunkId(f"{number:07}"), float(scores[number]))
        for number in best
        if scores[number] > 0
    )


def dense_only(dense: Ranking, _lexical: Ranking) -> Ranking:
    """Similarity alone."""
    return dense


def lexical_only(_dense: Ranking, lexical: Ranking) -> Ranking:
    """BM25 alone."""
    return lexical


def distribution(weight: float, *, depth: int = DEPTH) -> Fuse:
    """The product's fusion with a share of the dense score."""
    return lambda dense, lexical: retrieval.fuse(
        dense[:depth], lexical[:depth], dense_weight=weight, limit=_FUSED
    )


def convex(weight: float) -> Fuse:
    """Convex sum of min-max scores (Bruch, Gai, Ingber, ACM TOIS 2023)."""

    def fuse(dense: Ranking, lexical: Ranking) -> Ranking:
        return _summed((_min_max(dense, share=weight), _min_max(lexical, share=1 - weight)))

    return fuse


def reciprocal(dense: Ranking, lexical: Ranking) -> Ranking:
    """Reciprocal rank fusion with k = 60 (Cormack, Clarke, Büttcher, SIGIR 2009)."""
    return _summed(
        {item.chunk_id: 1 / (_RECIPROCAL_K + rank) for rank, item in enumerate(each, 1)}
        for each in (dense, lexical)
    )


def fixed_scale(weight: float, *, floor: float) -> Fuse:
    """Convex with the similarity measured from a fixed floor, BM25 from 0, each over its best."""

    def fuse(dense: Ranking, lexical: Ranking) -> Ranking:
        return _summed(
            (
                _from_floor(dense, floor=floor, share=weight),
                _from_floor(lexical, floor=0.0, share=1 - weight),
            )
        )

    return fuse


def measures(
    scored: Sequence[ScoredQuestion], *, files: Sequence[str], fuse: Fuse
) -> dict[str, dict[str, float]]:
    """The measures of each question for one fusion, by best passage of each document."""
    ranked: dict[str, list[str]] = {}
    for each in scored:
        fused = fuse(each.dense, each.lexical)
        ranked[each.question.id] = list(dict.fromkeys(files[int(item.chunk_id)] for item in fused))
    judged = {each.question.id: each.question.judged for each in scored}
    return retrieval_measures(judged, ranked)


def _summed(parts: Iterable[Mapping[ChunkId, float]]) -> Ranking:
    totals: dict[ChunkId, float] = {}
    for part in parts:
        for chunk_id, score in part.items():
            totals[chunk_id] = totals.get(chunk_id, 0.0) + score
    ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ScoredChunk(chunk_id, score) for chunk_id, score in ordered)


def _min_max(ranking: Ranking, *, share: float) -> Mapping[ChunkId, float]:
    if not ranking or ranking[0].score == ranking[-1].score:
        return {item.chunk_id: share for item in ranking}
    return _from_floor(ranking, floor=ranking[-1].score, share=share)


def _from_floor(ranking: Ranking, *, floor: float, share: float) -> Mapping[ChunkId, float]:
    if not ranking:
        return {}
    height = max(ranking[0].score - floor, 1e-9)
    return {item.chunk_id: share * (item.score - floor) / height for item in ranking}
