"""Submitting files: the plan becomes a job, contents are received, kept originals read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import BinaryIO

from assistant.domain.documents import Reason
from assistant.domain.errors import Conflict, InvalidInput, NotFound, QuotaExceeded
from assistant.domain.ids import CollectionId, DocumentId, JobId, JobItemId, new_id
from assistant.domain.jobs import ItemState, Job, JobItem, JobKind, JobState
from assistant.domain.tenancy import Collection, Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.expectations import blame
from assistant.services.fingerprints import Fingerprints, Standing
from assistant.services.finishing import JobFinisher
from assistant.services.ingestion_subjects import collection_of, documents_of, known_of
from assistant.services.job_items import JobItems, ended_if_settled
from assistant.services.quotas import check_open_jobs, check_room, reason_of
from assistant.services.receiving import CheckedStream, ContentChanged
from assistant.services.removals import check_removals, removal_percent
from assistant.services.roles import require_active, require_writer
from assistant.services.submission import (
    PlannedFile,
    Submission,
    check_request,
    plan_of,
)
from assistant.services.superseding import job_at_it, supersede_older
from assistant.services.transactions import retried


class IngestionService:
    """Turns announced files and re-index requests into jobs for the worker."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        clock: Clock,
        *,
        audit: AuditTrail,
        fingerprints: Fingerprints,
        max_file_bytes: int,
        max_files: int | None = None,
        max_open_jobs: int | None = None,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._clock = clock
        self._fingerprints = fingerprints
        self._max_file_bytes, self._max_files = max_file_bytes, max_files
        self._max_open_jobs = max_open_jobs
        self._finisher = JobFinisher(clock)
        self._items = JobItems(files, clock, audit=audit)

    def submit(
        self,
        request: Submission,
        *,
        principal: Principal,
        scope: Scope,
        guard: Callable[[UnitOfWork], None] | None = None,
    ) -> tuple[Job, list[JobItem]]:
        """Make a job of what changed, in place of older unfinished ones of the same source.

        Removals take effect at once; nothing to do ends it at once. When a job is at all of it already,
        that one goes on, and is the answer.

        Args:
            request: What changed.
            principal: An administrator.
            scope: What it may read.
            guard: Called first in the transaction; raises to have nothing done.

        Returns:
            The job, and the items whose content must still be sent.

        Raises:
            Forbidden: The principal is no administrator, or its tenant has been suspended or closed
                since ("tenant_suspended").
            NotFound: The collection is not readable.
            InvalidInput: Bad source label, an unknown code among the unreadable files, or a complete
                source that suddenly holds nothing ("source_empty").
            Conflict: The source is one that is looked at ("source_not_sent"), or a large share of its
                documents would go and that was not confirmed ("removals_unconfirmed").
            QuotaExceeded: Its tenant has no room for it or too many open jobs ("quota_open_jobs"), or more
                files are announced at once than may be ("quota_announced_files"); nothing is taken.
        """
        require_writer(principal)
        check_request(request, most_files=self._max_files)
        standing = self._fingerprints.standing()

        def act() -> tuple[Job, list[JobItem]]:
            with self._open_work() as work:
                work.lock()  # a content found in the file store must not be forgotten meanwhile
                if guard is not None:
                    guard(work)
                made = self._submit(
                    work, request, standing=standing, principal=principal, scope=scope
                )
                work.commit()
            return made

        return retried(act)

    def empty_in(
        self,
        work: UnitOfWork,
        source: str,
        *,
        collection_id: CollectionId,
        principal: Principal,
        scope: Scope,
    ) -> None:
        """Delete all documents of a source in a transaction that holds the write lock.

        Args:
            work: The transaction; nothing is committed.
            source: Label of the source.
            collection_id: Of its documents.
            principal: An administrator.
            scope: What it may read.

        Raises:
            Forbidden, NotFound: As `submit`.
        """
        require_writer(principal)
        emptied = Submission(
            source, (), collection_id, is_complete=True, may_empty=True, is_of_look=True
        )
        self._submit(work, emptied, standing=_nothing_read, principal=principal, scope=scope)

    def _submit(
        self,
        work: UnitOfWork,
        request: Submission,
        *,
        standing: Standing,
        principal: Principal,
        scope: Scope,
    ) -> tuple[Job, list[JobItem]]:
        collection = collection_of(work, collection_id=request.collection_id, scope=scope)
        require_active(work, collection.tenant_id)
        plan = self._plan(
            work, request, standing=standing, collection_id=collection.id, scope=scope
        )
        under_way = job_at_it(work, request.source, plan=plan, collection_id=collection.id)
        if under_way is not None:
            return under_way, []
        if not request.is_of_look:
            check_open_jobs(work, plan, tenant_id=collection.tenant_id, most=self._max_open_jobs)
        check_room(work, plan, tenant_id=collection.tenant_id)
        job = self._new_job(
            principal, collection=collection, source=request.source, kind=JobKind.INGEST
        )
        items = [
            self._items.planned(work, planned, ordinal=ordinal, job=job, by=principal, scope=scope)
            for ordinal, planned in enumerate(plan)
        ]
        job = ended_if_settled(job, items, now=self._clock.now())
        work.jobs.add(job, items)
        self._items.tell_of(work, job, items=items, by=principal, is_confirmed=request.may_remove)
        supersede_older(work, job, is_complete=request.is_complete, finisher=self._finisher)
        return job, [item for item in items if item.state is ItemState.AWAITING_FILE]

    def _plan(
        self,
        work: UnitOfWork,
        request: Submission,
        *,
        standing: Standing,
        collection_id: CollectionId,
        scope: Scope,
    ) -> list[PlannedFile]:
        percent = removal_percent(work, request, scope=scope)
        known = known_of(work, request, collection_id=collection_id, scope=scope)
        held = work.documents.held_contents([file.sha256 for file in request.files], scope=scope)
        plan = plan_of(
            request,
            known=known,
            standing=standing,
            is_kept=lambda sha256: sha256 in held | request.received and self._files.has(sha256),
            max_file_bytes=self._max_file_bytes,
        )
        check_removals(request, plan, known=known, percent=percent)
        return plan

    def receive(
        self, item_id: JobItemId, stream: BinaryIO, *, principal: Principal, scope: Scope
    ) -> JobItem:
        """Take the content of an announced file; sending it twice changes nothing.

        A content that is too large, not the announced one, or that its tenant has no room for any
        more fails its item; the job goes on.

        Raises:
            Forbidden: The principal is no administrator, or its tenant has been suspended or closed
                since ("tenant_suspended"); the item still waits.
            NotFound: No such item within the scope.
            Conflict: The item has ended ("item_ended").
            StorageError: The file store is full or unreadable; the item still waits.
        """
        require_writer(principal)
        item = self._waiting_item(item_id, scope=scope)
        if item.state is not ItemState.AWAITING_FILE:
            return item
        try:
            checked = CheckedStream(stream, sha256=item.sha256)
            _, size = self._files.put(checked.as_binary(), max_bytes=self._max_file_bytes)
        except ContentChanged:
            return self.refuse(item, reason=Reason("content_changed", {}), scope=scope)
        except InvalidInput as error:
            if error.code != "file_too_large":
                raise
            return self.refuse(item, reason=Reason(error.code, dict(error.params)), scope=scope)
        try:
            return retried(lambda: self._accept(item, size_bytes=size, by=principal, scope=scope))
        except QuotaExceeded as full:
            return self.refuse(item, reason=reason_of(full), scope=scope)

    def refuse(self, item: JobItem, *, reason: Reason, scope: Scope) -> JobItem:
        """Fail an announced file whose content cannot be taken; nothing when it no longer waits for it."""
        return retried(lambda: self._refuse(item, reason=reason, scope=scope))

    def reindex(
        self,
        document_ids: Sequence[DocumentId] | None,
        *,
        force: bool,
        principal: Principal,
        scope: Scope,
        collection_id: CollectionId | None = None,
    ) -> Job:
        """Read documents again from the kept originals.

        Args:
            document_ids: None takes every document of the collection.
            force: False skips documents whose fingerprint is unchanged.
            principal: An administrator.
            scope: What it may read.
            collection_id: Of the documents; None takes the default one.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: A document is unknown, or of another collection.
        """
        require_writer(principal)
        standing = None if force else self._fingerprints.standing()
        return retried(
            lambda: self._reindex(
                document_ids,
                standing=standing,
                principal=principal,
                scope=scope,
                wanted=collection_id,
            )
        )

    def _reindex(
        self,
        document_ids: Sequence[DocumentId] | None,
        *,
        standing: Standing | None,
        principal: Principal,
        scope: Scope,
        wanted: CollectionId | None,
    ) -> Job:
        with self._open_work() as work:
            work.lock()  # as for a submission
            collection = collection_of(work, collection_id=wanted, scope=scope)
            require_active(work, collection.tenant_id)
            own = scope.narrowed_to(frozenset({collection.id}))
            documents = documents_of(work, document_ids=document_ids, scope=own)
            live = work.documents.live_versions(
                [each.id for each in documents], scope=own, managed=own
            )
            served = {
                each.id
                for each in documents
                if standing
                and each.id in live
                and live[each.id].fingerprint in standing(each.sha256)
            }
            job = self._new_job(
                principal, collection=collection, source="reindex", kind=JobKind.REINDEX
            )
            items = [
                self._items.reread(
                    work, each, ordinal=ordinal, job=job, is_served=each.id in served
                )
                for ordinal, each in enumerate(documents)
            ]
            job = ended_if_settled(job, items, now=self._clock.now())
            work.jobs.add(job, items)
            self._items.tell_of(work, job, items=items, by=principal)
            work.commit()
        return job

    def _new_job(
        self, principal: Principal, *, collection: Collection, source: str, kind: JobKind
    ) -> Job:
        return Job(
            id=JobId(new_id()),
            tenant_id=collection.tenant_id,
            collection_id=collection.id,
            kind=kind,
            source=source,
            state=JobState.QUEUED,
            created_by=principal.person_id,
            created_at=self._clock.now(),
        )

    def _waiting_item(self, item_id: JobItemId, *, scope: Scope) -> JobItem:
        with self._open_work() as work:
            item = work.jobs.find_item(item_id, scope=scope)
        if item is None:
            raise NotFound
        if item.state in {ItemState.FAILED, ItemState.CANCELLED, ItemState.REMOVED}:
            raise Conflict("item_ended")
        return item

    def _accept(self, item: JobItem, *, size_bytes: int, by: Principal, scope: Scope) -> JobItem:
        with self._open_work() as work:
            work.lock()  # nothing of what is checked may change before it is taken
            current, job = _item_and_job(work, item.id, scope=scope)
            if current.state is not ItemState.AWAITING_FILE:
                return current
            require_active(work, job.tenant_id)
            known = work.documents.find_named(
                current.name, source=job.source, collection_id=job.collection_id, scope=scope
            )
            planned = PlannedFile(
                current.name, ItemState.PENDING, current.sha256, size_bytes, document=known
            )
            check_room(work, [planned], tenant_id=job.tenant_id)
            document = self._items.taken(work, planned, job=job, by=by)
            accepted = replace(
                current, state=ItemState.PENDING, size_bytes=size_bytes, document_id=document.id
            )
            work.jobs.update_item(accepted)
            work.queue.wake(job.id)
            work.commit()
        return accepted

    def _refuse(self, item: JobItem, *, reason: Reason, scope: Scope) -> JobItem:
        with self._open_work() as work:
            current, job = _item_and_job(work, item.id, scope=scope)
            if current.state is not ItemState.AWAITING_FILE:
                return current
            known = work.documents.find_named(
                current.name, source=job.source, collection_id=job.collection_id, scope=scope
            )
            planned = PlannedFile(current.name, ItemState.FAILED, document=known, reason=reason)
            document = blame(work, planned, job=job, now=self._clock.now())
            refused = replace(
                current, state=ItemState.FAILED, reason=reason, document_id=document.id
            )
            work.jobs.update_item(refused)
            if job.state is JobState.RUNNING:
                self._finisher.finish_if_settled(work, job_id=job.id)
            work.commit()
        return refused


def _nothing_read(sha256: str) -> frozenset[str]:
    """Stands for readings where no content is announced."""
    del sha256
    return frozenset()


def _item_and_job(work: UnitOfWork, item_id: JobItemId, *, scope: Scope) -> tuple[JobItem, Job]:
    item = work.jobs.find_item(item_id, scope=scope)
    job = work.jobs.find(item.job_id, scope=scope) if item else None
    if item is None or job is None:
        raise NotFound
    return item, job
