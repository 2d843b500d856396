"""Jobs as people see them: list, progress, cancel, retry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assistant.domain.audit import Act
from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import JobId
from assistant.domain.jobs import (
    FINAL_JOB_STATES,
    ItemState,
    Job,
    JobCounts,
    JobItem,
    JobProgress,
    JobState,
)
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.expectations import expect_again
from assistant.services.finishing import JobFinisher
from assistant.services.job_counts import JobCounter
from assistant.services.progress import progress_of
from assistant.services.roles import require_active, require_writer
from assistant.services.transactions import retried

_RETRIED = frozenset({ItemState.FAILED, ItemState.CANCELLED})
_PAGE = 1000
_UNNAMED = "–"


class JobService:
    """Reads and steers the jobs of a scope.

    Args:
        open_work: The store.
        clock: The time.
        files: The contents.
        audit: Told of what is steered.
        held_by: Tells why what was read is not shown now; None when nothing keeps it back.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        files: FileStore,
        audit: AuditTrail,
        held_by: Callable[[], Reason | None] = lambda: None,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit
        self._files = files
        self._held_by = held_by
        self._finisher = JobFinisher(clock)
        self._counter = JobCounter()

    def list_recent(self, *, scope: Scope, limit: int) -> list[tuple[Job, JobProgress]]:
        """Jobs of the scope with their progress: running, then queued, then ended ones, each newest first."""
        with self._open_work() as work:
            jobs = work.jobs.list_recent(scope=scope, limit=limit)
            counts = self._counter.counts_of(work, jobs, scope=scope)
            return [(job, self._progress(work, job, counted=counts[job.id])) for job in jobs]

    def get(self, job_id: JobId, *, scope: Scope) -> tuple[Job, JobProgress]:
        """A job and its progress.

        Raises:
            NotFound: No such job within the scope.
        """
        with self._open_work() as work:
            job = _found(work, job_id, scope=scope)
            counted = self._counter.counts_of(work, [job], scope=scope)[job.id]
            return job, self._progress(work, job, counted=counted)

    def items(
        self,
        job_id: JobId,
        *,
        scope: Scope,
        states: frozenset[ItemState] = frozenset(),
        limit: int,
        offset: int = 0,
        managed: Scope | None = None,
    ) -> list[JobItem]:
        """Items of a job in order; empty `states` means all.

        Those of excluded documents have no name for who does not manage them.

        Args:
            job_id: The job.
            scope: The collections whose jobs the reader may see.
            states: Which items.
            limit: Greatest number of items.
            offset: How many to pass over before.
            managed: Where excluded documents are seen all the same; None is nowhere.

        Raises:
            NotFound: No such job within the scope.
        """
        with self._open_work() as work:
            _found(work, job_id, scope=scope)
            found = work.jobs.items(job_id, scope=scope, states=states, limit=limit, offset=offset)
            named = [each.document_id for each in found if each.document_id is not None]
            hidden = work.curation.excluded_among(named, scope=scope)
            if managed is not None:
                hidden -= work.curation.excluded_among(named, scope=managed)
        return [
            replace(each, name=_UNNAMED, document_id=None) if each.document_id in hidden else each
            for each in found
        ]

    def cancel(self, job_id: JobId, *, principal: Principal, scope: Scope) -> Job:
        """Stop a job: what is not complete is cancelled at once, what is complete stays.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such job within the scope.
            Conflict: The job has ended ("job_ended").
        """
        require_writer(principal)
        return retried(lambda: self._cancel(job_id, principal=principal, scope=scope))

    def _cancel(self, job_id: JobId, *, principal: Principal, scope: Scope) -> Job:
        with self._open_work() as work:
            job = _found(work, job_id, scope=scope)
            if job.state in FINAL_JOB_STATES:
                raise Conflict("job_ended")
            self._finisher.cancel(work, job)
            self._tell(work, Act.JOB_CANCELLED, job, principal)
            work.commit()
            return _found(work, job_id, scope=scope)

    def retry(self, job_id: JobId, *, principal: Principal, scope: Scope) -> Job:
        """Take up the failed and cancelled files of an ended job again.

        Only those whose content is kept and still the one of their document: nobody would send
        the others, which stay as they are.

        Raises:
            Forbidden: The principal is no administrator, or its tenant has been suspended or closed
                since ("tenant_suspended").
            NotFound: No such job within the scope.
            Conflict: The job still runs ("job_running") or nothing can be retried
                ("nothing_to_retry").
        """
        require_writer(principal)
        return retried(lambda: self._retry(job_id, principal=principal, scope=scope))

    def _retry(self, job_id: JobId, *, principal: Principal, scope: Scope) -> Job:
        with self._open_work() as work:
            work.lock()  # a content found in the file store must not be forgotten meanwhile
            job = _found(work, job_id, scope=scope)
            require_active(work, job.tenant_id)
            if job.state not in FINAL_JOB_STATES:
                raise Conflict("job_running")
            items = _retried_items(work, job_id, scope=scope)
            reopened = [self._reopen(work, item, job=job, scope=scope) for item in items]
            if not any(reopened):
                raise Conflict("nothing_to_retry")
            queued = replace(
                job,
                state=JobState.QUEUED,
                cancel_requested=False,
                started_at=None,
                finished_at=None,
            )
            work.jobs.update(queued)
            self._tell(work, Act.JOB_RETRIED, job, principal, files=sum(reopened))
            work.commit()
            return _found(work, job_id, scope=scope)

    def _reopen(self, work: UnitOfWork, item: JobItem, *, job: Job, scope: Scope) -> bool:
        """Have the kept content of a file read again; False when there is none."""
        if item.document_id is None:
            return False
        document = work.documents.find(item.document_id, scope=scope, managed=scope)
        if document is None or document.sha256 != item.sha256 or not self._files.has(item.sha256):
            return False
        expect_again(work, document, job=job, now=self._clock.now())
        again = replace(item, state=ItemState.PENDING, reason=None, version_id=None)
        work.jobs.update_item(replace(again, attempt=0, setbacks=0))
        return True

    def _tell(
        self, work: UnitOfWork, act: Act, job: Job, by: Principal, **details: str | int
    ) -> None:
        self._audit.record_in(
            work, act, by=by, tenant_id=job.tenant_id, subject=job.id, details=details
        )

    def _progress(self, work: UnitOfWork, job: Job, *, counted: JobCounts) -> JobProgress:
        counts = counted.states
        progress = progress_of(job, counted, now=self._clock.now())
        if counts.get(ItemState.INDEXING):
            held = self._held_by()
            left = None if held else progress.left_s
            progress = replace(progress, held_reason=held, left_s=left)
        waiting = work.queue.next_retry(job.id) if counts.get(ItemState.RETRYING) else None
        if waiting is None:
            return progress
        return replace(progress, next_try_at=waiting.not_before, waiting_reason=waiting.reason)


def _found(work: UnitOfWork, job_id: JobId, *, scope: Scope) -> Job:
    job = work.jobs.find(job_id, scope=scope)
    if job is None:
        raise NotFound
    return job


def _retried_items(work: UnitOfWork, job_id: JobId, *, scope: Scope) -> list[JobItem]:
    items: list[JobItem] = []
    while True:
        page = work.jobs.items(job_id, scope=scope, states=_RETRIED, limit=_PAGE, offset=len(items))
        items.extend(page)
        if len(page) < _PAGE:
            return items
