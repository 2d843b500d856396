"""What a start does with the searched index: what is not live leaves it, what it lacks comes again.

Takes as long as the index is large when it was lost, with documents, erasures and switches meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from assistant.domain.ids import VersionId
from assistant.ports.clock import Clock
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.feeding import IndexFeed
from assistant.services.machinery import request_reindex
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

_YIELD_S = 0.001
"""Between two versions: a switch that waits for `steady` would not get it from a thread that asks at once."""


class IndexRefill:
    """Makes index and database agree, from the database, without embedding.

    Args:
        open_work: The store.
        index: The index that is searched.
        clock: The time.
        feed: Writes into it.
    """

    def __init__(
        self, open_work: UnitOfWorkFactory, index: ChunkIndex, clock: Clock, *, feed: IndexFeed
    ) -> None:
        self._open_work, self._index, self._clock, self._feed = open_work, index, clock, feed

    def run(self) -> None:
        """Compare, and repair what differs.

        Raises:
            IndexUnavailable: The index fails; all of it is tried again at the next call.
            StorageError: The database fails; likewise.
        """
        with self._open_work() as work:
            is_first = work.ledger.active_index() is None
        lacking = self._compared()
        if lacking:
            self._put_again(lacking)
        if is_first:
            self._name_index()

    def _compared(self) -> list[VersionId]:
        """Live versions of which it does not hold every chunk, once it holds none of too many."""
        with self._feed.followers.steady():
            with self._open_work() as work:
                expected = work.ledger.live_versions(self._feed.followers.cut)
            held = self._index.held_versions()
            strays = [each for each in held if held[each] > expected.get(each, 0)]
            for version_id in strays:
                self._feed.remove(version_id)
                del held[version_id]
        lacking = [each for each, chunks in expected.items() if held.get(each, 0) != chunks]
        if strays or lacking:
            _log.warning("index_repaired", removed=len(strays), applied_again=len(lacking))
        return lacking

    def _put_again(self, versions: Sequence[VersionId]) -> None:
        """Add versions as long as they are live, each to what is searched by then."""
        without_vectors: set[VersionId] = set()
        for version_id in versions:
            with self._feed.followers.steady():
                points = self._feed.points_of(version_id) if self._is_live(version_id) else []
                if points is None:
                    without_vectors.add(version_id)
                elif not self._feed.upsert(points):
                    return
            if self._feed.stop.wait(_YIELD_S):
                return
        if without_vectors:
            retried(lambda: self._read_all_again(frozenset(without_vectors)))

    def _is_live(self, version_id: VersionId) -> bool:
        with self._open_work() as work:
            return work.ledger.is_live(version_id)

    def _read_all_again(self, version_ids: frozenset[VersionId]) -> None:
        with self._open_work() as work:
            if request_reindex(work, version_ids, now=self._clock.now()):
                work.commit()

    def _name_index(self) -> None:
        with self._open_work() as work:
            work.ledger.set_active_index(self._index.embedder.id)
            work.commit()
