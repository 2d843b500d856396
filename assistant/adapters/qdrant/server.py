"""The chunk index on a Qdrant server or cluster; one collection per embedder."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from json import JSONDecodeError
from typing import TYPE_CHECKING
from uuid import UUID

from assistant.adapters.qdrant.bm25 import PRODUCT, TermWeights, query_weights
from assistant.adapters.qdrant.filters import build_filter, build_version_filter, to_client
from assistant.adapters.qdrant.identity import (
    identity_data,
    parse_identity,
    parse_layout,
    refuse_other,
)
from assistant.adapters.qdrant.rankings import best_candidates
from assistant.adapters.qdrant.schema import (
    DENSE,
    DOCUMENT_LEXICAL,
    GRANT,
    HEAD_GRANT,
    INDEXED_KEYS,
    LAYOUT,
    LEXICAL,
    MAX_FOUND,
    MAX_POINTS,
    TENANT,
    VERSION,
    checked_ids,
    checked_limit,
    checked_vector,
    checked_vectors,
    held_point,
    payload_of,
    sparse_of,
)
from assistant.domain.errors import IndexUnavailable
from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.reconciliation import HeldPoint
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking, ScoredChunk, Vector
from assistant.domain.tenancy import Scope
from assistant.domain.weighing import WordWeighing

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

_ALREADY_THERE = 409
"""HTTP status when another process created the collection at the same moment."""


class ServerChunkIndex:
    """A `ChunkIndex` over one collection of a Qdrant server."""

    def __init__(
        self,
        client: QdrantClient,
        *,
        collection: str,
        embedder: EmbedderIdentity,
        weighing: WordWeighing = PRODUCT,
    ) -> None:
        """Use the collection, created if absent.

        Args:
            client: Closed with the index.
            collection: Exact name.
            embedder: The embedder whose vectors it holds.
            weighing: How its words are weighed.

        Raises:
            ConfigurationError: Built with another embedder ("index_other_embedder").
            IndexUnavailable: Unreachable, or not a collection of ours ("index_damaged").
        """
        self._client = client
        self._collection = collection
        self._embedder, self._weighing = embedder, weighing
        with _server_errors():
            self._open()

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder whose vectors it holds."""
        return self._embedder

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        """Add or replace points by chunk id; on the server's disk when it returns.

        Raises:
            ValueError: More than 200 points, a vector of the wrong length or not finite, or a
                chunk id that is not a UUID.
        """
        vectors = checked_vectors(points, embedder=self._embedder)
        batch = [
            _server_point(point, vector, weighing=self._weighing)
            for point, vector in zip(points, vectors, strict=True)
        ]
        if batch:
            with _server_errors():
                self._client.upsert(self._collection, batch, wait=True)

    def search_dense(self, vector: Vector, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope nearest to a vector, by exact cosine."""
        values = checked_vector(vector, embedder=self._embedder)
        checked_limit(limit)
        return () if scope.is_empty else self._search(values, DENSE, scope=scope, limit=limit)

    def search_lexical(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope that share terms with a text, by BM25.

        The rarity of a term is that within the scope: what others index changes no ranking.
        """
        return self._search_words(text, LEXICAL, scope=scope, limit=limit)

    def search_documents(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The documents within the scope that share terms with a text, by BM25 over their whole text."""
        return self._search_words(text, DOCUMENT_LEXICAL, scope=scope, limit=limit)

    def remove_version(self, version_id: VersionId) -> None:
        """Remove all points of a version."""
        from qdrant_client import models

        selector = models.FilterSelector(filter=to_client(build_version_filter(version_id)))
        with _server_errors():
            self._client.delete(self._collection, selector, wait=True)

    def count(self, *, scope: Scope) -> int:
        """Number of points within the scope."""
        return 0 if scope.is_empty else self._count(to_client(build_filter(scope)))

    def count_all(self) -> int:
        """Number of points of all tenants."""
        return self._count(None)

    def held_versions(self) -> dict[VersionId, int]:
        """Number of points of each version that has some."""
        limit = max(1, self.count_all())
        with _server_errors():
            hits = self._client.facet(self._collection, VERSION, limit=limit, exact=True).hits
        return {VersionId(str(hit.value)): hit.count for hit in hits if hit.count}

    def iter_points(self, *, page: int) -> Iterator[Sequence[HeldPoint]]:
        """All points in order of chunk id, `page` at a time."""
        following = None
        while True:
            with _server_errors():
                records, following = self._client.scroll(
                    self._collection, limit=page, offset=following, with_payload=True
                )
            yield [held_point(record.id, record.payload) for record in records]
            if following is None:
                return

    def find_points(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, HeldPoint]:
        """Those of the points, at most 1,000, that it holds."""
        ids = checked_ids(chunk_ids, most=MAX_FOUND)
        with _server_errors():
            records = self._client.retrieve(self._collection, ids, with_payload=True)
        found = (held_point(record.id, record.payload) for record in records)
        return {point.chunk_id: point for point in found}

    def remove_points(self, chunk_ids: Sequence[ChunkId]) -> None:
        """Remove points, at most 200 a call."""
        ids = checked_ids(chunk_ids, most=MAX_POINTS)
        if ids:
            with _server_errors():
                self._client.delete(self._collection, list(ids), wait=True)

    def clear(self) -> None:
        """Drop the collection and make it anew, empty."""
        with _server_errors():
            self._client.delete_collection(self._collection)
            self._open()

    def flush(self) -> None:
        """Nothing to do: the server keeps its own log."""

    def close(self, *, discard: bool = False) -> None:
        """Close the connection; idempotent. The server keeps its own log."""
        del discard
        self._client.close()

    def _open(self) -> None:
        if not self._client.collection_exists(self._collection):
            self._create()
        built = self._client.get_collection(self._collection).config.metadata
        try:
            identity = parse_identity(built)
        except ValueError as error:
            raise IndexUnavailable("index_damaged", transient=False) from error
        refuse_other(identity, asked=self._embedder)
        if parse_layout(built) != LAYOUT:
            self.clear()

    def _create(self) -> None:
        from qdrant_client import models
        from qdrant_client.http.exceptions import UnexpectedResponse

        dense = models.VectorParams(size=self._embedder.dimensions, distance=models.Distance.COSINE)
        try:
            self._client.create_collection(
                self._collection,
                vectors_config={DENSE: dense},
                sparse_vectors_config={
                    name: models.SparseVectorParams(modifier=models.Modifier.IDF)
                    for name in (LEXICAL, DOCUMENT_LEXICAL)
                },
                metadata=identity_data(self._embedder, layout=LAYOUT),
            )
        except UnexpectedResponse as error:
            if error.status_code != _ALREADY_THERE:
                raise
        for key in INDEXED_KEYS:
            schema = models.KeywordIndexParams(
                type=models.KeywordIndexType.KEYWORD, is_tenant=key in {GRANT, HEAD_GRANT, TENANT}
            )
            self._client.create_payload_index(self._collection, key, field_schema=schema)

    def _search_words(self, text: str, using: str, *, scope: Scope, limit: int) -> Ranking:
        checked_limit(limit)
        terms = query_weights(text, self._weighing)
        if scope.is_empty or not terms.indices:
            return ()
        return self._search(_sparse(terms), using, scope=scope, limit=limit)

    def _search(
        self,
        vector: list[float] | models.SparseVector,
        using: str,
        *,
        scope: Scope,
        limit: int,
    ) -> Ranking:
        from qdrant_client import models

        within = to_client(build_filter(scope, heads=using == DOCUMENT_LEXICAL))
        corpus = None if using == DENSE else models.IdfCorpusParams(corpus=within)

        def fetch(asked: int) -> Iterator[ScoredChunk]:
            with _server_errors():
                response = self._client.query_points(
                    self._collection,
                    query=vector,
                    using=using,
                    query_filter=within,
                    search_params=models.SearchParams(exact=True, idf=corpus),
                    limit=asked,
                    with_payload=[VERSION],
                )
            for point in response.points:
                version_id = VersionId(str((point.payload or {})[VERSION]))
                yield ScoredChunk(ChunkId(str(point.id)), point.score, version_id)

        return best_candidates(fetch, limit=limit)

    def _count(self, condition: models.Filter | None) -> int:
        with _server_errors():
            return self._client.count(self._collection, count_filter=condition, exact=True).count


def _server_point(
    point: IndexPoint, vector: list[float], *, weighing: WordWeighing
) -> models.PointStruct:
    from qdrant_client import models

    vectors: dict[str, models.Vector] = {DENSE: vector}
    vectors.update({name: _sparse(terms) for name, terms in sparse_of(point, weighing=weighing)})
    return models.PointStruct(
        id=str(UUID(point.chunk_id)), vector=vectors, payload=dict(payload_of(point))
    )


def _sparse(terms: TermWeights) -> models.SparseVector:
    from qdrant_client import models

    return models.SparseVector(indices=list(terms.indices), values=list(terms.weights))


@contextmanager
def _server_errors() -> Generator[None]:
    """Turn failures of the client and of the connection into those of our tree."""
    from qdrant_client.http.exceptions import ApiException

    try:
        yield
    except (ApiException, OSError, RuntimeError, JSONDecodeError) as error:
        raise IndexUnavailable from error
