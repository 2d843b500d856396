"""What the applier writes into the searched index, in calls small enough for searches to pass between."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import structlog

from assistant.domain.errors import Conflict
from assistant.domain.ids import VersionId
from assistant.domain.retrieval import IndexPoint
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.followers import Followers
from assistant.services.opened_generations import UPSERT_POINTS

_log = structlog.get_logger(__name__)

_LONGEST_PAUSE_S = 0.05


class IndexFeed:
    """Adds and removes versions, and knows what is still to be flushed. Used by one thread.

    Args:
        open_work: The store.
        index: The index that is searched.
        followers: Those beside it.
        stop: Set when the thread is to end.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        index: ChunkIndex,
        *,
        followers: Followers,
        stop: threading.Event,
    ) -> None:
        self._open_work = open_work
        self._index = index
        self.followers = followers
        self.stop = stop
        self._is_dirty = False
        self._busy_at = 0.0

    @property
    def idle_s(self) -> float:
        """Seconds since the last change that is not flushed; 0 without one."""
        return time.monotonic() - self._busy_at if self._is_dirty else 0.0

    def touch(self) -> None:
        """Note that something was changed."""
        self._is_dirty, self._busy_at = True, time.monotonic()

    def flush(self) -> None:
        """Write to disk what was changed."""
        if self._is_dirty:
            self._index.flush()
            self._is_dirty = False

    def points_of(self, version_id: VersionId) -> list[IndexPoint] | None:
        """The points of a version; None when some of its vectors are missing, or it is not cut so."""
        try:
            with self._open_work() as work:
                return work.ledger.points_of(
                    version_id, embedder_id=self._index.embedder.id, cut=self.followers.cut
                )
        except Conflict as error:
            _log.warning("vectors_missing", version_id=version_id, code=error.code)
            return None

    def upsert(self, points: Sequence[IndexPoint]) -> bool:
        """Add the points of a version in small calls; False when told to stop before the last.

        Raises:
            IndexUnavailable: The index fails.
        """
        for start in range(0, len(points), UPSERT_POINTS):
            begun = time.monotonic()
            self._index.upsert(points[start : start + UPSERT_POINTS])
            self.touch()
            if self.stop.wait(min(_LONGEST_PAUSE_S, self._busy_at - begun)):
                return start + UPSERT_POINTS >= len(points)
        if points:
            self.followers.note(points[0].version_id, points=len(points))
        return True

    def remove(self, version_id: VersionId) -> None:
        """Remove a version.

        Raises:
            IndexUnavailable: The index fails.
        """
        self._index.remove_version(version_id)
        self.touch()
