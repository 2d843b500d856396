"""The one place that ends a job, or has it end."""

from __future__ import annotations

from dataclasses import replace

from assistant.domain.documents import Reason
from assistant.domain.ids import JobId
from assistant.domain.jobs import Job, JobState, final_state
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork

CANCELLED = Reason("reading_cancelled", {})
"""Why a document was not read when its job was cancelled."""


class JobFinisher:
    """Ends a running job once all its items have ended. Called by whoever settles an item.

    Everything happens within the caller's transaction.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def cancel(self, work: UnitOfWork, job: Job) -> None:
        """Stop a job that has not ended: what is not complete is cancelled, what is complete stays."""
        now = self._clock.now()
        work.jobs.update(replace(job, cancel_requested=True))
        work.queue.cancel_open(job.id, reason=CANCELLED, now=now)
        if job.state is JobState.QUEUED:
            work.queue.finish(job.id, state=JobState.CANCELLED, now=now)
        else:
            self.finish_if_settled(work, job_id=job.id)

    def finish_if_settled(self, work: UnitOfWork, *, job_id: JobId) -> bool:
        """End this job when nothing of it is left to do.

        Returns:
            True when every item has ended.
        """
        if work.queue.has_open(job_id):
            return False
        counts = work.queue.counts(job_id)
        work.queue.finish(job_id, state=final_state(counts), now=self._clock.now())
        return True

    def finish_all_settled(self, work: UnitOfWork) -> int:
        """End every running job whose items have ended; how many there were.

        Cheap while there are none: only the items of jobs that end are counted.
        """
        return sum(
            self.finish_if_settled(work, job_id=job_id) for job_id in work.queue.settled_jobs()
        )
