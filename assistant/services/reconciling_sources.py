"""Documents of sources that differ from what the last look at these found."""

from __future__ import annotations

from assistant.domain.ids import SourceId, SourceRunId, new_id
from assistant.domain.reconciliation import SourceGap
from assistant.domain.sources import RunKind, RunState, SourceRun
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.machinery import MACHINE
from assistant.services.reconciling_tally import Tally
from assistant.services.transactions import retried

_MOST = 10_000
"""Differences of each kind that are looked at: a source of more is looked at again anyway."""


class SourceComparison:
    """Tells the differences; to mend them is to have the sources looked at, which is left to these.

    Nothing is removed by the way: a removal beyond the share of its source waits for a person, as ever.
    """

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, tally: Tally) -> None:
        self._open_work = open_work
        self._clock = clock
        self._tally = tally

    def look(self, *, mends: bool) -> None:
        """Compare all sources.

        Raises:
            StorageError: The database fails.
            Interrupted: Told to stop.
        """
        self._tally.pause()
        with self._open_work() as work:
            gaps = work.reconciliation.source_gaps(limit=_MOST)
        for defect in dict.fromkeys(each.defect for each in gaps):
            self._tally.note(defect, [each.named for each in gaps if each.defect is defect])
        if not mends:
            return
        asked = retried(self._ask)
        for gap in gaps:
            if gap.source_id in asked:
                self._tally.mend(gap.defect, 1)

    def _ask(self) -> frozenset[SourceId]:
        """Have the sources looked at whose files the machine reaches and that are not busy; which they are."""
        with self._open_work() as work:
            work.lock()  # nobody asks for a look meanwhile
            gaps = work.reconciliation.source_gaps(limit=_MOST)
            wanted = {each.source_id: each for each in gaps if each.may_sync}
            for gap in wanted.values():
                work.sources.add_run(self._queued(gap))
            work.commit()
        return frozenset(wanted)

    def _queued(self, gap: SourceGap) -> SourceRun:
        return SourceRun(
            id=SourceRunId(new_id()),
            source_id=gap.source_id,
            tenant_id=gap.tenant_id,
            kind=RunKind.SYNC,
            state=RunState.QUEUED,
            asked_by=MACHINE,
            asked_at=self._clock.now(),
        )
