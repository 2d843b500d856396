"""An index in plain dictionaries: the meaning of `ChunkIndex`, with no engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import log, sqrt
from threading import Lock

from assistant.adapters.qdrant.bm25 import (
    TermWeights,
    document_weights,
    query_weights,
    whole_weights,
)
from assistant.adapters.qdrant.schema import checked_limit, checked_vector, checked_vectors
from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking, ScoredChunk, Vector
from assistant.domain.tenancy import Scope


class InMemoryChunkIndex:
    """A `ChunkIndex` that holds its points in memory and scores every one of them."""

    def __init__(self, *, embedder: EmbedderIdentity) -> None:
        self._embedder = embedder
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
                self._terms[point.chunk_id] = _as_dict(document_weights(point.text))
                self._whole[point.chunk_id] = _as_dict(whole_weights(point.document_texts))

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
            for point in list(self._points.values()):
                if point.version_id == version_id:
                    del self._points[point.chunk_id]
                    del self._vectors[point.chunk_id]
                    del self._terms[point.chunk_id]
                    del self._whole[point.chunk_id]

    def count(self, *, scope: Scope) -> int:
        """Number of points within the scope."""
        return len(self._within(scope))

    def count_all(self) -> int:
        """Number of points of all tenants."""
        return len(self._points)

    def held_versions(self) -> dict[VersionId, int]:
        """Number of points of each version that has some."""
        return dict(Counter(point.version_id for point in self._points.values()))

    def flush(self) -> None:
        """Nothing to write."""

    def close(self, *, discard: bool = False) -> None:
        """Nothing to release."""

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
        query = query_weights(text).indices
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


def _unit(vector: list[float]) -> list[float]:
    length = sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector


def _rarity(query: Sequence[int], *, within: Sequence[Mapping[int, float]]) -> dict[int, float]:
    total = len(within)
    held = {term: sum(term in terms for terms in within) for term in query}
    return {term: log(1 + (total - held[term] + 0.5) / (held[term] + 0.5)) for term in query}


def _as_dict(terms: TermWeights) -> dict[int, float]:
    return dict(zip(terms.indices, terms.weights, strict=True))
