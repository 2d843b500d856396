"""The version that each point belongs to, kept once read: reading it costs more than finding it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.retrieval import ScoredChunk

_MOST = 200_000
"""Points remembered at most, about 35 MB; all are forgotten beyond."""


class Owners:
    """Makes scored chunks of points. Safe to call from several threads."""

    def __init__(self, read: Callable[[Sequence[UUID]], Mapping[UUID, VersionId]]) -> None:
        """Prepare.

        Args:
            read: The versions of some points; those that are gone are absent.
        """
        self._read = read
        # by number: a UUID hashes and compares in Python, which a search of 100 points feels
        self._known: dict[int, tuple[ChunkId, VersionId]] = {}
        self._versions: dict[VersionId, VersionId] = {}

    def scored(self, found: Sequence[tuple[UUID, float]]) -> list[ScoredChunk]:
        """Points and their scores as scored chunks, without those that are gone meanwhile."""
        known = self._known
        try:
            return [
                ScoredChunk((owner := known[point_id.int])[0], score, owner[1])
                for point_id, score in found
            ]
        except KeyError:
            known = self._learnt([point_id for point_id, _ in found])
        return [
            ScoredChunk(owner[0], score, owner[1])
            for point_id, score in found
            if (owner := known.get(point_id.int))
        ]

    def forget(self, chunk_ids: Iterable[ChunkId]) -> None:
        """Read these again when they are next found: they may belong to another version."""
        for chunk_id in chunk_ids:
            self._known.pop(UUID(chunk_id).int, None)

    def _learnt(self, wanted: Sequence[UUID]) -> dict[int, tuple[ChunkId, VersionId]]:
        """All that is known, the wanted points among it."""
        if len(self._known) + len(wanted) > _MOST:
            self._known, self._versions = {}, {}
        known = self._known
        unknown = [point_id for point_id in wanted if point_id.int not in known]
        for point_id, version_id in self._read(unknown).items():
            same = self._versions.setdefault(version_id, version_id)
            known[point_id.int] = (ChunkId(str(point_id)), same)
        return known
