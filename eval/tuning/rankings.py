"""Ways of merging the rankings of a query, and what each is worth on judged questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.domain import retrieval
from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.retrieval import Ranking, ScoredChunk
from eval.questions import JudgedQuestion
from eval.retrieval import retrieval_measures

Scores = NDArray[np.float64]
DEPTH = 100
"""Candidates of each ranking."""
_FUSED = 200
_RECIPROCAL_K = 60


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """A question with its rankings: of all passages by meaning and by words, of all documents by words."""

    question: JudgedQuestion
    dense: Ranking
    lexical: Ranking
    documents: Ranking


Fuse = Callable[[ScoredQuestion], Ranking]


def ranking(scores: Scores, *, files: Sequence[str], depth: int = DEPTH) -> Ranking:
    """The best by score, those at 0 left out.

    Args:
        scores: Of passages or of documents; the number of each is its id.
        files: The file of each, which stands for the version.
        depth: How many, at most.
    """
    best = np.argsort(-scores, kind="stable")[:depth]
    return tuple(
        ScoredChunk(ChunkId(f"{number:07}"), float(scores[number]), VersionId(str(files[number])))
        for number in best
        if scores[number] > 0
    )


def dense_only(scored: ScoredQuestion) -> Ranking:
    """Similarity alone."""
    return scored.dense


def lexical_only(scored: ScoredQuestion) -> Ranking:
    """BM25 of the passages alone."""
    return scored.lexical


def distribution(
    weight: float, *, depth: int = DEPTH, document_share: float = retrieval.DOCUMENT_SHARE
) -> Fuse:
    """The product's fusion with a share of the dense score, and one of the words of the document."""
    return lambda scored: retrieval.fuse(
        scored.dense[:depth],
        scored.lexical[:depth],
        documents=scored.documents[: depth // 2],
        dense_weight=weight,
        limit=_FUSED,
        document_share=document_share,
    )


def convex(weight: float) -> Fuse:
    """Convex sum of min-max scores (Bruch, Gai, Ingber, ACM TOIS 2023)."""

    def fuse(scored: ScoredQuestion) -> Ranking:
        dense, lexical = scored.dense, scored.lexical
        return _summed(
            (dense, lexical),
            (_min_max(dense, share=weight), _min_max(lexical, share=1 - weight)),
        )

    return fuse


def reciprocal(scored: ScoredQuestion) -> Ranking:
    """Reciprocal rank fusion with k = 60 (Cormack, Clarke, Büttcher, SIGIR 2009)."""
    both = (scored.dense, scored.lexical)
    return _summed(
        both,
        (
            {item.chunk_id: 1 / (_RECIPROCAL_K + rank) for rank, item in enumerate(each, 1)}
            for each in both
        ),
    )


def fixed_scale(weight: float, *, floor: float) -> Fuse:
    """Convex with the similarity measured from a fixed floor, BM25 from 0, each over its best."""

    def fuse(scored: ScoredQuestion) -> Ranking:
        dense, lexical = scored.dense, scored.lexical
        return _summed(
            (dense, lexical),
            (
                _from_floor(dense, floor=floor, share=weight),
                _from_floor(lexical, floor=0.0, share=1 - weight),
            ),
        )

    return fuse


def measures(
    scored: Sequence[ScoredQuestion], *, files: Sequence[str], fuse: Fuse
) -> dict[str, dict[str, float]]:
    """The measures of each question for one fusion, by best passage of each document."""
    ranked: dict[str, list[str]] = {}
    for each in scored:
        fused = fuse(each)
        ranked[each.question.id] = list(dict.fromkeys(files[int(item.chunk_id)] for item in fused))
    judged = {each.question.id: each.question.judged for each in scored}
    return retrieval_measures(judged, ranked)


def _summed(rankings: Iterable[Ranking], parts: Iterable[Mapping[ChunkId, float]]) -> Ranking:
    totals: dict[ChunkId, ScoredChunk] = {}
    for ranking, part in zip(rankings, parts, strict=True):
        for item in ranking:
            before = totals[item.chunk_id].score if item.chunk_id in totals else 0.0
            totals[item.chunk_id] = replace(item, score=before + part[item.chunk_id])
    return tuple(sorted(totals.values(), key=lambda item: (-item.score, item.chunk_id)))


def _min_max(ranking: Ranking, *, share: float) -> Mapping[ChunkId, float]:
    if not ranking or ranking[0].score == ranking[-1].score:
        return {item.chunk_id: share for item in ranking}
    return _from_floor(ranking, floor=ranking[-1].score, share=share)


def _from_floor(ranking: Ranking, *, floor: float, share: float) -> Mapping[ChunkId, float]:
    if not ranking:
        return {}
    height = max(ranking[0].score - floor, 1e-9)
    return {item.chunk_id: share * (item.score - floor) / height for item in ranking}
