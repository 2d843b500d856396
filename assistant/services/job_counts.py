"""What the items of jobs amount to; of ended jobs counted once, for nothing of them changes any more."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from assistant.domain.ids import JobId
from assistant.domain.jobs import FINAL_ITEM_STATES, FINAL_JOB_STATES, Job, JobCounts
from assistant.domain.tenancy import Scope
from assistant.ports.repositories import UnitOfWork

_MOST = 1000
"""Ended jobs whose counts are kept, a few hundred bytes each."""


class _Ending(NamedTuple):
    """One end of a job: a retry makes another, and so does each forgetting of its lines."""

    job_id: JobId
    finished_at: datetime | None
    attempt: int
    forgotten: int


class JobCounter:
    """Counts the items of jobs. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[_Ending, JobCounts] = OrderedDict()

    def counts_of(
        self, work: UnitOfWork, jobs: Sequence[Job], *, scope: Scope
    ) -> dict[JobId, JobCounts]:
        """What the items of each of these jobs amount to, all of them read at once.

        Args:
            work: The store.
            jobs: Of the scope, as the same unit of work found them.
            scope: Their reader's.
        """
        forgotten = work.jobs.forgotten([job.id for job in jobs], scope=scope)
        endings = {
            job.id: _Ending(job.id, job.finished_at, job.attempt, forgotten.get(job.id, 0))
            for job in jobs
            if job.state in FINAL_JOB_STATES
        }
        with self._lock:
            known = {
                job_id: self._kept[ending]
                for job_id, ending in endings.items()
                if ending in self._kept
            }
        left = [job.id for job in jobs if job.id not in known]
        counted = dict(work.jobs.counts_of(left, scope=scope))
        with self._lock:
            for job_id, counts in counted.items():
                if job_id in endings and counts.states.keys() <= FINAL_ITEM_STATES:
                    self._kept[endings[job_id]] = counts
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return {job.id: (known | counted).get(job.id, JobCounts({})) for job in jobs}
