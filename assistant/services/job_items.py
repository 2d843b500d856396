"""The items of a new job: what each does to its document at once, and what the audit log is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from assistant.domain.audit import Act
from assistant.domain.documents import Document, Reason
from assistant.domain.ids import JobItemId, new_id
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState, Job, JobItem, final_state
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork
from assistant.services.expectations import blame, expect, expect_again, renamed
from assistant.services.submission import FOLDER_UNREADABLE, PlannedFile

_NO_DOCUMENT = frozenset({"file_name_unsafe", "file_name_duplicate", FOLDER_UNREADABLE})


class JobItems:
    """Makes items within the unit of work that keeps their job.

    Args:
        files: Says which originals are kept.
        clock: The time.
        audit: Told of each document that is added, replaced or deleted, in the same unit of work.
    """

    def __init__(self, files: FileStore, clock: Clock, *, audit: AuditTrail) -> None:
        self._files = files
        self._clock = clock
        self._audit = audit

    def planned(
        self,
        work: UnitOfWork,
        planned: PlannedFile,
        *,
        ordinal: int,
        job: Job,
        by: Principal,
        scope: Scope,
    ) -> JobItem:
        """The item of a file of a submission; a removal is done at once."""
        if planned.is_renamed and planned.document is not None:
            moved = renamed(work, planned.document, name=planned.name, now=self._clock.now())
            self._tell(work, Act.DOCUMENT_RENAMED, moved, job=job, by=by)
            planned = replace(planned, document=moved)
        document = planned.document
        if planned.state is ItemState.REMOVED and document is not None:
            work.documents.delete(document.id, scope=scope, now=self._clock.now())
            self._tell(work, Act.DOCUMENT_DELETED, document, job=job, by=by)
            document = None
        elif planned.state is ItemState.PENDING:
            document = self.taken(work, planned, job=job, by=by)
        elif planned.is_served and document and document.reason:
            document = expect_again(work, document, job=job, now=self._clock.now())
        elif planned.reason is not None and planned.reason.code not in _NO_DOCUMENT:
            document = blame(work, planned, job=job, now=self._clock.now())
        return JobItem(
            id=JobItemId(new_id()),
            job_id=job.id,
            ordinal=ordinal,
            name=planned.name,
            state=planned.state,
            sha256=planned.sha256,
            size_bytes=planned.size_bytes,
            document_id=document.id if document else None,
            reason=planned.reason,
        )

    def reread(
        self, work: UnitOfWork, document: Document, *, ordinal: int, job: Job, is_served: bool
    ) -> JobItem:
        """The item of a document to read again from its kept original."""
        state, reason = ItemState.PENDING, None
        if not self._files.has(document.sha256):
            state = ItemState.FAILED
            reason = document.reason or Reason("file_missing", {})
        elif is_served:
            state = ItemState.UNCHANGED
        else:
            expect_again(work, document, job=job, now=self._clock.now())
        return JobItem(
            id=JobItemId(new_id()),
            job_id=job.id,
            ordinal=ordinal,
            name=document.name,
            state=state,
            sha256=document.sha256,
            size_bytes=document.size_bytes,
            document_id=document.id,
            reason=reason,
        )

    def taken(self, work: UnitOfWork, planned: PlannedFile, *, job: Job, by: Principal) -> Document:
        """The document of a content that is in the file store and will be read."""
        known = planned.document
        document = expect(work, planned, job=job, now=self._clock.now())
        if known is None or not known.sha256:
            self._tell(work, Act.DOCUMENT_ADDED, document, job=job, by=by)
        elif known.sha256 != document.sha256:
            self._tell(work, Act.DOCUMENT_REPLACED, document, job=job, by=by)
        return document

    def tell_of(
        self,
        work: UnitOfWork,
        job: Job,
        *,
        items: Sequence[JobItem],
        by: Principal,
        is_confirmed: bool = False,
    ) -> None:
        """Record a new job: its kind, its collection, how many files, and whether removals were confirmed."""
        self._audit.record_in(
            work,
            Act.JOB_CREATED,
            by=by,
            tenant_id=job.tenant_id,
            subject=job.id,
            details={
                "kind": job.kind.value,
                "collection": job.collection_id,
                "files": len(items),
                "removed": sum(item.state is ItemState.REMOVED for item in items),
                **({"confirmed": 1} if is_confirmed else {}),
            },
        )

    def _tell(
        self, work: UnitOfWork, act: Act, document: Document, *, job: Job, by: Principal
    ) -> None:
        self._audit.record_in(
            work,
            act,
            by=by,
            tenant_id=document.tenant_id,
            subject=document.id,
            details={"collection": document.collection_id, "job": job.id},
        )


def ended_if_settled(job: Job, items: Sequence[JobItem], *, now: datetime) -> Job:
    """A job as it is when all of its items have ended; the same one while some have not."""
    counts = {state: sum(item.state is state for item in items) for state in ItemState}
    if any(item.state not in FINAL_ITEM_STATES for item in items):
        return job
    return replace(job, state=final_state(counts), started_at=now, finished_at=now)
