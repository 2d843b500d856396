"""The chunk index: vectors and term weights by id, searched within a scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.reconciliation import HeldPoint
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking, Vector
from assistant.domain.tenancy import Scope


class ChunkIndex(Protocol):
    """Holds points of one embedder. Disposable: all of it can be made again from the database.

    Safe to call from several threads. Every method raises `IndexUnavailable` when the engine
    fails; building one over an index of another embedder raises `ConfigurationError`
    ("index_other_embedder").
    """

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder whose vectors it holds."""
        ...

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        """Add or replace points by chunk id. At most 200 a call.

        Raises:
            ValueError: Too many points, or a vector of the wrong length.
        """
        ...

    def search_dense(self, vector: Vector, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope nearest to a vector by cosine, exact; scores in [-1, 1].

        Ties by ascending chunk id. An empty scope gives an empty ranking.
        """
        ...

    def search_lexical(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope that share terms with a text, by BM25; scores above 0.

        Ties by ascending chunk id. An empty scope, or a text of stop words, gives an empty ranking.
        """
        ...

    def search_documents(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The documents within the scope that share terms with a text, by BM25 over their whole text.

        Each is named by the chunk that stands for it. Scores above 0; ties by ascending chunk id. An
        empty scope, or a text of stop words, gives an empty ranking.
        """
        ...

    def remove_version(self, version_id: VersionId) -> None:
        """Remove all points of a version; no error when there are none."""
        ...

    def count(self, *, scope: Scope) -> int:
        """Number of points within the scope."""
        ...

    def count_all(self) -> int:
        """Number of points of all tenants; for maintenance, never shown to a reader."""
        ...

    def held_versions(self) -> dict[VersionId, int]:
        """Number of points of each version that has some, of all tenants; for maintenance."""
        ...

    def iter_points(self, *, page: int) -> Iterator[Sequence[HeldPoint]]:
        """All points of all tenants, in order of chunk id and `page` at a time; for maintenance.

        Points that come or go meanwhile may be there or not.
        """
        ...

    def find_points(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, HeldPoint]:
        """Those of the points, at most 1,000, that it holds; the others are absent. For maintenance."""
        ...

    def remove_points(self, chunk_ids: Sequence[ChunkId]) -> None:
        """Remove points, at most 200 a call; no error when some are not there. For maintenance."""
        ...

    def flush(self) -> None:
        """Write to disk what is held in memory; called when idle."""
        ...

    def close(self, *, discard: bool = False) -> None:
        """Release the engine; idempotent. The index is not used afterwards.

        Args:
            discard: It is to be erased: what is held in memory need not be written.
        """
        ...
