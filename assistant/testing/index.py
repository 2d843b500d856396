"""An index in plain dictionaries: the meaning of `ChunkIndex`, with no engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import log, sqrt
from threading import Lock

from assistant.adapters.qdrant.bm25 import (
    PRODUCT,
    TermWeights,
    document_weights,
    query_weights,
    whole_weights,
)
from assistant.adapters.qdrant.schema import (
    MAX_FOUND,
    MAX_POINTS,
    checked_ids,
    checked_limit,
    checked_vector,
    checked_vectors,
)
from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.reconciliation import HeldPoint
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking, ScoredChunk, Vector
from assistant.domain.tenancy import Scope
from assistant.domain.weighing import WordWeighing


class InMemoryChunkIndex:
    """A `ChunkIndex` that holds its points in memory and scores every one of them."""

    def __init__(self, *, embedder: EmbedderIdentity, weighing: WordWeighing = PRODUCT) -> None:
        self._embedder, self._weighing = embedder, weighing
        self._points: dict[ChunkId, IndexPoint] = {}
        self._vectors: dict[ChunkId, list[float]] = {}
        self._terms: dict[ChunkId, dict[int, float]] = {}
        self._whole: dict[ChunkId, dict[int, float]] = {}
        self._lock = Lock()

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder whose vectors it holds."""
        return self._embedder

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        """Add or replace points by chunk id.

        Raises:
            ValueError: More than 200 points, or a vector of the wrong length or not finite.
        """
        vectors = checked_vectors(points, embedder=self._embedder)
        with self._lock:
            for point, vector in zip(points, vectors, strict=True):
                self._points[point.chunk_id] = point
                self._vectors[point.chunk_id] = _unit(vector)
                terms = document_weights(point.text, self._weighing)
                whole = whole_weights(point.document_texts, self._weighing)
                self._terms[point.chunk_id] = _as_dict(terms)
                self._whole[point.chunk_id] = _as_dict(whole)

    def search_dense(self, vector: Vector, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope nearest to a vector, by cosine."""
        checked_limit(limit)
        query = _unit(checked_vector(vector, embedder=self._embedder))

        def score(chunk_id: ChunkId) -> float:
            return sum(a * b for a, b in zip(query, self._vectors[chunk_id], strict=True))

        return self._best(score, scope=scope, limit=limit)

    def search_lexical(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope that share terms with a text, by BM25."""
        checked_limit(limit)
        return self._worded(text, self._terms, scope=scope, limit=limit)

    def search_documents(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The documents within the scope that share terms with a text, by BM25 over their whole text."""
        checked_limit(limit)
        return self._worded(text, self._whole, scope=scope, limit=limit)

    def remove_version(self, version_id: VersionId) -> None:
        """Remove all points of a version."""
        with self._lock:
            points = list(self._points.values())
            self._drop(point.chunk_id for point in points if point.version_id == version_id)

    def count(self, *, scope: Scope) -> int:
        """Number of points within the scope."""
        return len(self._within(scope))

    def count_all(self) -> int:
        """Number of points of all tenants."""
        return len(self._points)

    def held_versions(self) -> dict[VersionId, int]:
        """Number of points of each version that has some."""
        return dict(Counter(point.version_id for point in self._points.values()))

    def iter_points(self, *, page: int) -> Iterator[Sequence[HeldPoint]]:
        """All points in order of chunk id, `page` at a time."""
        last = ""
        while True:
            with self._lock:
                ids = sorted(each for each in self._points if each > last)[:page]
                held = [_held(self._points[each]) for each in ids]
            yield held
            if len(ids) < page:
                return
            last = ids[-1]

    def find_points(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, HeldPoint]:
        """Those of the points, at most 1,000, that it holds."""
        with self._lock:
            found = [self._points.get(each) for each in checked_ids(chunk_ids, most=MAX_FOUND)]
        return {point.chunk_id: _held(point) for point in found if point is not None}

    def remove_points(self, chunk_ids: Sequence[ChunkId]) -> None:
        """Remove points, at most 200 a call."""
        ids = checked_ids(chunk_ids, most=MAX_POINTS)
        with self._lock:
            self._drop(each for each in ids if each in self._points)

    def flush(self) -> None:
        """Nothing to write."""

    def close(self, *, discard: bool = False) -> None:
        """Nothing to release."""

    def _drop(self, chunk_ids: Iterable[ChunkId]) -> None:
        for chunk_id in list(chunk_ids):
            for held in (self._points, self._vectors, self._terms, self._whole):
                del held[chunk_id]

    def _within(self, scope: Scope) -> list[IndexPoint]:
        with self._lock:
            return [
                point
                for point in self._points.values()
                if scope.allows(tenant_id=point.tenant_id, collection_id=point.collection_id)
            ]

    def _worded(
        self,
        text: str,
        held: Mapping[ChunkId, Mapping[int, float]],
        *,
        scope: Scope,
        limit: int,
    ) -> Ranking:
        query = query_weights(text, self._weighing).indices
        within = [held[point.chunk_id] for point in self._within(scope)]
        rarity = _rarity(query, within=[terms for terms in within if terms])

        def score(chunk_id: ChunkId) -> float:
            terms = held[chunk_id]
            return sum(rarity[term] * terms[term] for term in query if term in terms)

        ranking = self._best(score, scope=scope, limit=max(limit, len(within)))
        return tuple(chunk for chunk in ranking if chunk.score > 0)[:limit]

    def _best(self, score: Callable[[ChunkId], float], *, scope: Scope, limit: int) -> Ranking:
        scored = [
            ScoredChunk(point.chunk_id, score(point.chunk_id), point.version_id)
            for point in self._within(scope)
        ]
        return tuple(sorted(scored, key=lambda chunk: (-chunk.score, chunk.chunk_id))[:limit])


def _held(point: IndexPoint) -> HeldPoint:
    return HeldPoint(
        chunk_id=point.chunk_id,
        tenant_id=point.tenant_id,
        collection_id=point.collection_id,
        document_id=point.document_id,
        version_id=point.version_id,
        is_head=bool(point.document_texts),
    )


def _unit(vector: list[float]) -> list[float]:
    length = sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector


def _rarity(query: Sequence[int], *, within: Sequence[Mapping[int, float]]) -> dict[int, float]:
    total = len(within)
    held = {term: sum(term in terms for terms in within) for term in query}
    return {term: log(1 + (total - held[term] + 0.5) / (held[term] + 0.5)) for term in query}


def _as_dict(terms: TermWeights) -> dict[int, float]:
    return dict(zip(terms.indices, terms.weights, strict=True))
