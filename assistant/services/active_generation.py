"""The active generation as one index and one embedder, for those who need no more than that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.reconciliation import HeldPoint
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking, Vector
from assistant.domain.tenancy import Scope
from assistant.services.generation_room import GenerationRoom
from assistant.services.opened_generations import OpenedGeneration


class ActiveIndex:
    """A `ChunkIndex` that is always the active one; what is removed leaves all generations.

    Two calls may meet two generations: a search takes `GenerationRoom.borrow` instead.
    """

    def __init__(self, room: GenerationRoom) -> None:
        self._room = room

    @property
    def _opened(self) -> OpenedGeneration:
        return self._room.active

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder of the active generation."""
        return self._opened.index.embedder

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        """Add or replace points of the active generation; others follow by `GenerationRoom.follow`."""
        self._opened.index.upsert(points)

    def search_dense(self, vector: Vector, *, scope: Scope, limit: int) -> Ranking:
        """As the active index."""
        return self._opened.index.search_dense(vector, scope=scope, limit=limit)

    def search_lexical(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """As the active index."""
        return self._opened.index.search_lexical(text, scope=scope, limit=limit)

    def search_documents(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """As the active index."""
        return self._opened.index.search_documents(text, scope=scope, limit=limit)

    def remove_version(self, version_id: VersionId) -> None:
        """Remove all points of a version from every generation; one not searched may do so later."""
        with self._room.steady():
            active = self._room.active
            active.remove(version_id)
            for opened in self._room.everyone():
                if opened is not active:
                    opened.drop(version_id)

    def count(self, *, scope: Scope) -> int:
        """Number of points of the active generation within the scope."""
        return self._opened.index.count(scope=scope)

    def count_all(self) -> int:
        """Number of points of the active generation."""
        return self._opened.index.count_all()

    def held_versions(self) -> dict[VersionId, int]:
        """Number of points of each version in the active generation."""
        return self._opened.index.held_versions()

    def iter_points(self, *, page: int) -> Iterator[Sequence[HeldPoint]]:
        """All points of the active generation; goes on with the one it began with after a switch."""
        return self._opened.index.iter_points(page=page)

    def find_points(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, HeldPoint]:
        """Those of the points that the active generation holds."""
        return self._opened.index.find_points(chunk_ids)

    def remove_points(self, chunk_ids: Sequence[ChunkId]) -> None:
        """Remove points from every generation."""
        with self._room.steady():
            for opened in self._room.everyone():
                opened.index.remove_points(chunk_ids)

    def flush(self) -> None:
        """Write to disk what the engines of all generations hold in memory."""
        self._room.flush()

    def close(self, *, discard: bool = False) -> None:
        """Close every generation; none is erased."""
        del discard
        self._room.close()


class FollowerIndex(ActiveIndex):
    """The same of a generation that is not the active one: for its comparison with the database."""

    def __init__(self, room: GenerationRoom, opened: OpenedGeneration) -> None:
        super().__init__(room)
        self._own = opened

    @property
    def _opened(self) -> OpenedGeneration:
        return self._own


class EveryIndex(ActiveIndex):
    """The same, but points are counted in all generations: for proofs that nothing is left."""

    def __init__(self, room: GenerationRoom) -> None:
        super().__init__(room)
        self._all = room

    def held_versions(self) -> dict[VersionId, int]:
        """Number of points of each version in all generations together."""
        total: Counter[VersionId] = Counter()
        for opened in self._all.everyone():
            total.update(opened.index.held_versions())
        return dict(total)


class ActiveEmbedder:
    """An `Embedder` that is always that of the active generation. Closing it is the shelf's affair."""

    def __init__(self, room: GenerationRoom) -> None:
        self._room = room

    @property
    def identity(self) -> EmbedderIdentity:
        """The vector space of the active generation."""
        return self._room.active.searched.embedder.identity

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """As the active embedder."""
        return self._room.active.searched.embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vector:
        """As the active embedder."""
        return self._room.active.searched.embedder.embed_query(text)

    def close(self) -> None:
        """Nothing to release here."""
