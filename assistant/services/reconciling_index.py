"""The index compared with the database, both ways and a page at a time, and mended.

Others go on writing meanwhile. What is live was in the index before it became so, and leaves it
after: a difference counts when the database still says the same after the index was read.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.errors import Conflict
from assistant.domain.ids import VersionId
from assistant.domain.reconciliation import Defect, ExpectedPoint, HeldPoint
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.machinery import request_documents
from assistant.services.opened_generations import UPSERT_POINTS
from assistant.services.reconciling_tally import Tally
from assistant.services.transactions import retried

_PAGE = 500
"""Points of one look: the engine holds the interpreter meanwhile (about 5 ms)."""
_VERSIONS_AT_ONCE = 100
_MOST_PAUSE_S = 0.05


class IndexComparison:
    """Looks for missing, misplaced and foreign points, and for vectors that are missing."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        index: ChunkIndex,
        files: FileStore,
        clock: Clock,
        *,
        tally: Tally,
    ) -> None:
        self._open_work = open_work
        self._index = index
        self._files = files
        self._clock = clock
        self._tally = tally
        self._cut = ORDINARY
        self._wrong: dict[VersionId, Counter[Defect]] = defaultdict(Counter)

    def look(self, *, mends: bool) -> None:
        """Compare all of it.

        Raises:
            IndexUnavailable: The index fails.
            StorageError: The database fails.
            Interrupted: Told to stop.
        """
        self._cut = self._active_cut()
        for page in self._expected():
            self._check_expected(page)
        for page in self._index.iter_points(page=_PAGE):
            begun = time.monotonic()
            self._check_held(page, mends=mends)
            self._rest(begun)
        if mends:
            self._mend()

    def _active_cut(self) -> Cut:
        with self._open_work() as work:
            return work.cuts.active()

    def _expected(self) -> Iterator[Sequence[ExpectedPoint]]:
        after = 0
        while True:
            begun = time.monotonic()
            with self._open_work() as work:
                page = work.reconciliation.expected_points(
                    embedder_id=self._index.embedder.id, cut=self._cut, after=after, limit=_PAGE
                )
            yield page
            if len(page) < _PAGE:
                return
            after = page[-1].number
            self._rest(begun)

    def _check_expected(self, page: Sequence[ExpectedPoint]) -> None:
        self._tally.compared["chunks"] += len(page)
        self._note(Defect.VECTOR_MISSING, [each.point for each in page if not each.has_vector])
        held = self._index.find_points([each.point.chunk_id for each in page])
        wrong = [each.point for each in page if held.get(each.point.chunk_id) != each.point]
        if not wrong or self._active_cut() != self._cut:
            return  # after a switch, another index is compared with what the former one held
        with self._open_work() as work:
            live = work.reconciliation.live_among({point.version_id for point in wrong})
        still = [point for point in wrong if point.version_id in live]
        missing = [point for point in still if point.chunk_id not in held]
        self._note(Defect.POINT_MISSING, missing)
        self._note(Defect.POINT_MISPLACED, [each for each in still if each.chunk_id in held])

    def _note(self, defect: Defect, points: Sequence[HeldPoint]) -> None:
        self._tally.note(defect, [point.chunk_id for point in points])
        for point in points:
            self._wrong[point.version_id][defect] += 1

    def _check_held(self, page: Sequence[HeldPoint], *, mends: bool) -> None:
        self._tally.compared["points"] += len(page)
        with self._open_work() as work:
            owners = work.reconciliation.owners_of([point.chunk_id for point in page], self._cut)
        strange = [point for point in page if point.chunk_id not in owners]
        if not strange or self._active_cut() != self._cut:
            return
        held = self._index.find_points([point.chunk_id for point in strange])
        with self._open_work() as work:
            live = work.reconciliation.live_among({point.version_id for point in held.values()})
        doubles = [each for each in held.values() if each.version_id in live]
        ghosts = [each for each in held.values() if each.version_id not in live]
        for defect, points in ((Defect.POINT_DOUBLE, doubles), (Defect.POINT_GHOST, ghosts)):
            self._tally.note(defect, [point.chunk_id for point in points])
            if mends:
                self._remove(points)
                self._tally.mend(defect, len(points))

    def _remove(self, points: Sequence[HeldPoint]) -> None:
        for start in range(0, len(points), UPSERT_POINTS):
            batch = points[start : start + UPSERT_POINTS]
            self._index.remove_points([point.chunk_id for point in batch])

    def _mend(self) -> None:
        if self._active_cut() != self._cut:
            return
        for version_id, wrong in self._wrong.items():
            of_index = {Defect.POINT_MISSING, Defect.POINT_MISPLACED} & wrong.keys()
            if of_index and self._put_again(version_id):
                for defect in of_index:
                    self._tally.mend(defect, wrong[defect])
        lacking = [each for each, wrong in self._wrong.items() if wrong[Defect.VECTOR_MISSING]]
        for start in range(0, len(lacking), _VERSIONS_AT_ONCE):
            self._tally.pause()
            self._read_again(lacking[start : start + _VERSIONS_AT_ONCE])

    def _put_again(self, version_id: VersionId) -> bool:
        """Put all points of a version into the index; False without all of its vectors.

        One that was retired meanwhile leaves it again: whoever retired it may have removed its points
        before these came.
        """
        try:
            with self._open_work() as work:
                points = work.ledger.points_of(
                    version_id, embedder_id=self._index.embedder.id, cut=self._cut
                )
        except Conflict:
            return False
        for start in range(0, len(points), UPSERT_POINTS):
            begun = time.monotonic()
            self._index.upsert(points[start : start + UPSERT_POINTS])
            self._rest(begun)
        with self._open_work() as work:
            is_live = version_id in work.reconciliation.live_among([version_id])
        if not is_live:
            self._index.remove_version(version_id)
        return True

    def _read_again(self, versions: Sequence[VersionId]) -> None:
        """Ask the worker for the documents of versions whose original is kept."""

        def ask() -> frozenset[VersionId]:
            with self._open_work() as work:
                found = work.reconciliation.documents_of_versions(versions)
                kept = {key: each for key, each in found.items() if self._files.has(each.sha256)}
                asked = request_documents(work, list(kept.values()), now=self._clock.now())
                work.commit()
            return frozenset(key for key, each in kept.items() if each.id in asked)

        for version_id in retried(ask):
            count = self._wrong[version_id][Defect.VECTOR_MISSING]
            self._tally.mend(Defect.VECTOR_MISSING, count)

    def _rest(self, begun: float) -> None:
        self._tally.pause(min(_MOST_PAUSE_S, time.monotonic() - begun))
