"""The version that each point belongs to, kept once read: reading it costs more than finding it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.retrieval import ScoredChunk

PointId = str | int | UUID
"""As the engine types it; all of ours are UUIDs."""
_MOST = 200_000
"""Points remembered at most, about 35 MB; all are forgotten beyond."""


class Owners:
    """Makes scored chunks of points. Safe to call from several threads."""

    def __init__(self, read: Callable[[Sequence[PointId]], Mapping[PointId, VersionId]]) -> None:
        """Prepare.

        Args:
            read: The versions of some points; those that are gone are absent.
        """
        self._read = read
        self._known: dict[PointId, tuple[ChunkId, VersionId]] = {}
        self._versions: dict[VersionId, VersionId] = {}

    def scored(self, found: Iterable[tuple[PointId, float]]) -> list[ScoredChunk]:
        """Points and their scores as scored chunks, without those that are gone meanwhile."""
        pairs = list(found)
        known = self._known
        try:
            return [_chunk(known[point_id], score) for point_id, score in pairs]
        except KeyError:
            known = self._learnt([point_id for point_id, _ in pairs])
        return [_chunk(known[point_id], score) for point_id, score in pairs if point_id in known]

    def forget(self, chunk_ids: Iterable[ChunkId]) -> None:
        """Read these again when they are next found: they may belong to another version."""
        for chunk_id in chunk_ids:
            self._known.pop(UUID(chunk_id), None)

    def _learnt(self, wanted: Sequence[PointId]) -> dict[PointId, tuple[ChunkId, VersionId]]:
        """All that is known, the wanted points among it."""
        if len(self._known) + len(wanted) > _MOST:
            self._known, self._versions = {}, {}
        known = self._known
        unknown = [point_id for point_id in wanted if point_id not in known]
        for point_id, version_id in self._read(unknown).items():
            same = self._versions.setdefault(version_id, version_id)
            known[point_id] = (ChunkId(str(point_id)), same)
        return known


def _chunk(owner: tuple[ChunkId, VersionId], score: float) -> ScoredChunk:
    chunk_id, version_id = owner
    return ScoredChunk(chunk_id, score, version_id)
