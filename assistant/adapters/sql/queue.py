"""The worker's side of jobs. Sees every tenant: for the machinery, never for a reader."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Update,
    and_,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
    update,
)

from assistant.adapters.sql import job_succession as succession
from assistant.adapters.sql.documents import DOCUMENT_KEYS
from assistant.adapters.sql.job_pruning import forget_items
from assistant.adapters.sql.jobs import (
    ITEM_KEYS,
    job_key,
    read_items,
    replace_item,
    with_forgotten,
)
from assistant.adapters.sql.leases import is_left
from assistant.adapters.sql.rows import job_of, reason_fields
from assistant.adapters.sql.tables import documents, job_items, jobs, versions
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.backoff import LONGEST_WAIT
from assistant.domain.documents import DocumentState, Reason, VersionState
from assistant.domain.ids import CollectionId, DocumentId, JobId, JobItemId, TenantId, VersionId
from assistant.domain.jobs import (
    FINAL_ITEM_STATES,
    FINAL_JOB_STATES,
    STATES_TO_READ,
    ItemState,
    Job,
    JobItem,
    JobState,
)

_OPEN_JOBS = (JobState.QUEUED, JobState.RUNNING)
_TO_DO = sorted(STATES_TO_READ)
_UNREAD = (ItemState.PENDING, ItemState.RETRYING)
_OPEN = sorted(frozenset(ItemState) - FINAL_ITEM_STATES)
_NOT_CANCELLABLE = sorted(FINAL_ITEM_STATES | {ItemState.INDEXING})


class SqlWorkQueue:
    """Implements `WorkQueue`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def lease(self, *, owner: str, now: datetime, until: datetime) -> Job | None:
        """Take the next free job of the tenant served least recently; None when there is none.

        Looks first without the write lock, so that an idle worker disturbs nobody.
        """
        if self._next(now, life=until - now) is None:
            return None
        self._transaction.lock()
        job = self._next(now, life=until - now)
        if job is None:
            return None
        taken = replace(
            job,
            state=JobState.RUNNING,
            attempt=job.attempt + 1,
            started_at=job.started_at or now,
            finished_at=None,
        )
        self._transaction.write(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(
                state=taken.state,
                attempt=taken.attempt,
                started_at=taken.started_at,
                finished_at=None,
                lease_owner=owner,
                lease_until=until,
                not_before=None,
                turn=self._next_turn(),
            )
        )
        self._transaction.forget(job_key(job.id))
        return taken

    def renew(self, job_id: JobId, *, owner: str, until: datetime) -> bool:
        """Extend a lease; False when it was lost or the job ended."""
        held = and_(
            jobs.c.id == job_id, jobs.c.lease_owner == owner, jobs.c.state == JobState.RUNNING
        )
        return self._transaction.write(update(jobs).where(held).values(lease_until=until)) == 1

    def release(self, job_id: JobId, *, owner: str, not_before: datetime | None) -> bool:
        """Give a job back for a later turn; False when the lease was lost or the job ended."""
        held = and_(
            jobs.c.id == job_id, jobs.c.lease_owner == owner, jobs.c.state == JobState.RUNNING
        )
        given_back = {"lease_owner": None, "lease_until": None, "not_before": not_before}
        was_held = self._transaction.write(update(jobs).where(held).values(given_back)) == 1
        if was_held and not_before is None:
            self._transaction.tell_workers()
        return was_held

    def has_others(self, job_id: JobId, *, now: datetime) -> bool:
        """True when some other job could be taken now."""
        return self._transaction.first(_free(now, life=None).where(jobs.c.id != job_id)) is not None

    def wake(self, job_id: JobId) -> None:
        """Let a job that waits be taken at once: there is something new to do for it."""
        waits = and_(jobs.c.id == job_id, jobs.c.not_before.is_not(None))
        if self._transaction.write(update(jobs).where(waits).values(not_before=None)):
            self._transaction.tell_workers()

    def next_retry(self, job_id: JobId) -> JobItem | None:
        """The item in RETRYING that is tried again first, with its reason; None without any."""
        query = select(job_items).where(
            job_items.c.job_id == job_id, job_items.c.state == ItemState.RETRYING
        )
        by_time = query.order_by(job_items.c.not_before, job_items.c.ordinal).limit(1)
        return next(iter(read_items(self._transaction, by_time)), None)

    def open_ids(self) -> frozenset[JobId]:
        """The jobs that have not ended."""
        query = select(jobs.c.id).where(jobs.c.state.in_(_OPEN_JOBS))
        return frozenset(JobId(row.id) for row in self._transaction.read(query))

    def is_cancel_requested(self, job_id: JobId) -> bool:
        """True when somebody asked to stop the job."""
        query = select(jobs.c.cancel_requested).where(jobs.c.id == job_id)
        row = self._transaction.first(query)
        return row is not None and bool(row.cancel_requested)

    def open_items(
        self, job_id: JobId, *, limit: int, due: datetime | None = None
    ) -> list[JobItem]:
        """Items in PENDING, RETRYING, PARSING or EMBEDDING, in order; only those due by a time."""
        is_wanted = job_items.c.job_id == job_id
        if due is not None:
            is_wanted = and_(is_wanted, _is_due(job_items.c.not_before, now=due))
        # state by state: in one look, planners walk past every item that has ended
        first = [
            select(job_items.c.number)
            .where(is_wanted, job_items.c.state == state)
            .order_by(job_items.c.ordinal)
            .limit(limit)
            .subquery()
            for state in _TO_DO
        ]
        numbers = union_all(*(select(each.c.number) for each in first))
        query = select(job_items).where(job_items.c.number.in_(numbers))
        return read_items(self._transaction, query.order_by(job_items.c.ordinal).limit(limit))

    def waiting(self, items: Collection[JobItemId]) -> frozenset[JobItemId]:
        """Those of some items that wait to be read, by nobody yet."""
        found: set[JobItemId] = set()
        for batch in batches(sorted(items)):
            query = select(job_items.c.id).where(
                job_items.c.id.in_(batch), job_items.c.state.in_(_UNREAD)
            )
            found.update(JobItemId(row.id) for row in self._transaction.read(query))
        return frozenset(found)

    def has_open(self, job_id: JobId) -> bool:
        """True while some item of a job has not ended."""
        query = select(job_items.c.number).where(
            job_items.c.job_id == job_id, job_items.c.state.in_(_OPEN)
        )
        return self._transaction.first(query.limit(1)) is not None

    def update_item(self, item: JobItem) -> None:
        """Replace the mutable fields of an item. Raises `NotFound` when it is unknown."""
        replace_item(self._transaction, item)

    def settle_indexed(
        self, version_id: VersionId, *, state: ItemState, reason: Reason | None = None
    ) -> None:
        """Move the INDEXING item of a version to a final state, with the reason of a failure.

        Raises:
            ValueError: The state is not one of an end.
        """
        if state not in FINAL_ITEM_STATES:
            raise ValueError(f"{state} is not a final state")
        self._change_items(
            update(job_items)
            .where(job_items.c.version_id == version_id, job_items.c.state == ItemState.INDEXING)
            .values(state=state, **reason_fields(reason))
        )

    def hand_over(self, document_id: DocumentId, *, to: VersionId) -> None:
        """Have the INDEXING items of a document wait for a newer version, which takes the place of theirs."""
        of_ready = select(versions.c.id).where(
            versions.c.document_id == document_id, versions.c.state == VersionState.READY
        )
        self._change_items(
            update(job_items)
            .where(job_items.c.version_id.in_(of_ready), job_items.c.state == ItemState.INDEXING)
            .values(version_id=to)
        )

    def fail_waiting(self, job_id: JobId, *, reason: Reason) -> None:
        """Move items in AWAITING_FILE to FAILED."""
        self._change_items(
            update(job_items)
            .where(job_items.c.job_id == job_id, job_items.c.state == ItemState.AWAITING_FILE)
            .values(state=ItemState.FAILED, **reason_fields(reason))
        )

    def open_jobs(
        self, source: str, *, collection_id: CollectionId, only_waiting: bool = False
    ) -> list[Job]:
        """Jobs of kind INGEST of a source that have not ended, oldest first."""
        return succession.open_jobs(
            self._transaction, source, collection_id=collection_id, only_waiting=only_waiting
        )

    def count_sent(self, tenant_id: TenantId, *, limit: int) -> int:
        """Open jobs of kind INGEST of a tenant that no look made, counted up to a limit."""
        return succession.count_sent(self._transaction, tenant_id, limit=limit)

    def job_at(
        self, source: str, *, collection_id: CollectionId, contents: Mapping[DocumentId, str]
    ) -> Job | None:
        """The newest open job of a source, when all that it has left is to read and show these contents."""
        return succession.job_at(
            self._transaction, source, collection_id=collection_id, contents=contents
        )

    def give_way(self, *, to: Job, only_waiting: bool = False) -> list[Job]:
        """Have older open jobs of the same source leave the files that a new one names to it.

        Returns:
            Those of them that have no other files left to be read, oldest first.
        """
        return succession.give_way(self._transaction, to=to, only_waiting=only_waiting)

    def cancel_open(self, job_id: JobId, *, reason: Reason, now: datetime) -> None:
        """Move items that have not ended, INDEXING excepted, to CANCELLED.

        Their documents whose content was never read, and that no other item will read, tell the reason:
        without a live version they fail, with one they stay live.
        """
        self._change_items(
            update(job_items)
            .where(job_items.c.job_id == job_id, job_items.c.state.not_in(_NOT_CANCELLABLE))
            .values(state=ItemState.CANCELLED, not_before=None, **reason_fields(None))
        )
        cancelled = select(job_items.c.document_id).where(
            job_items.c.job_id == job_id, job_items.c.state == ItemState.CANCELLED
        )
        awaited = exists().where(
            job_items.c.document_id == documents.c.id,
            job_items.c.state.not_in(sorted(FINAL_ITEM_STATES)),
        )
        is_older_shown = exists().where(
            versions.c.document_id == documents.c.id,
            versions.c.state == VersionState.LIVE,
            versions.c.sha256 != documents.c.sha256,
        )
        is_live = and_(documents.c.state == DocumentState.LIVE, is_older_shown)
        for is_unread, state in (
            (documents.c.state == DocumentState.PENDING, DocumentState.FAILED),
            (is_live, DocumentState.LIVE),
        ):
            self._transaction.write(
                update(documents)
                .where(documents.c.id.in_(cancelled), is_unread, not_(awaited))
                .values(state=state, updated_at=now, **reason_fields(reason))
            )
        self._transaction.forget(DOCUMENT_KEYS)

    def counts(self, job_id: JobId) -> Mapping[ItemState, int]:
        """Number of items per state, those included that are forgotten."""
        query = (
            select(job_items.c.state, func.count().label("items"))
            .where(job_items.c.job_id == job_id)
            .group_by(job_items.c.state)
        )
        states = {row.state: row.items for row in self._transaction.read(query)}
        row = self._transaction.first(select(jobs.c.forgotten).where(jobs.c.id == job_id))
        return with_forgotten(states, row.forgotten if row else None)

    def forget_items(self, *, before: datetime, limit: int) -> int:
        """Forget items of jobs that ended before a time, at most so many; how many there were.

        The jobs keep their counts, and versions who asked for them. The newest failure of a document
        stays as long as its last attempt is one.
        """
        return forget_items(self._transaction, before=before, limit=limit)

    def settled_jobs(self) -> list[JobId]:
        """Jobs in state RUNNING all of whose items have ended, oldest first."""
        has_open = exists().where(job_items.c.job_id == jobs.c.id, job_items.c.state.in_(_OPEN))
        query = (
            select(jobs.c.id)
            .where(jobs.c.state == JobState.RUNNING, not_(has_open))
            .order_by(jobs.c.number)
        )
        return [JobId(row.id) for row in self._transaction.read(query)]

    def documents_to_read(self, document_ids: Sequence[DocumentId]) -> frozenset[DocumentId]:
        """Those of the documents (any number) whose present content an item waits to have read."""
        found: set[DocumentId] = set()
        for batch in batches(document_ids):
            query = (
                select(documents.c.id)
                .join(job_items, job_items.c.document_id == documents.c.id)
                .where(
                    documents.c.id.in_(batch),
                    job_items.c.sha256 == documents.c.sha256,
                    job_items.c.state.in_(_TO_DO),
                )
                .distinct()
            )
            found.update(DocumentId(row.id) for row in self._transaction.read(query))
        return frozenset(found)

    def finish(self, job_id: JobId, *, state: JobState, now: datetime) -> None:
        """End a job and drop its lease; nothing happens when it has ended.

        Raises:
            ValueError: The state is not one of an end.
        """
        if state not in FINAL_JOB_STATES:
            raise ValueError(f"{state} is not a final state")
        self._transaction.write(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state.in_(_OPEN_JOBS))
            .values(state=state, finished_at=now, lease_owner=None, lease_until=None)
        )
        self._transaction.forget(job_key(job_id))

    def _change_items(self, change: Update) -> None:
        self._transaction.write(change)
        self._transaction.forget(ITEM_KEYS)

    def _next(self, now: datetime, *, life: timedelta) -> Job | None:
        others = jobs.alias("others")
        last_turn = (
            select(func.max(others.c.turn))
            .where(others.c.tenant_id == jobs.c.tenant_id)
            .scalar_subquery()
        )
        query = _free(now, life=life).order_by(last_turn, jobs.c.turn, jobs.c.number)
        row = self._transaction.first(query)
        return None if row is None else job_of(row)

    def _next_turn(self) -> int:
        row = self._transaction.first(select(func.max(jobs.c.turn).label("last")))
        return 1 + (row.last or 0 if row else 0)


def _free(now: datetime, *, life: timedelta | None) -> Select[Any]:
    """One job that may be taken now.

    Args:
        now: The time.
        life: Of a lease, as in `is_left`.
    """
    return (
        select(jobs)
        .where(
            jobs.c.state.in_(_OPEN_JOBS),
            or_(jobs.c.state == JobState.QUEUED, is_left(jobs.c.lease_until, now=now, life=life)),
            _is_due(jobs.c.not_before, now=now),
        )
        .limit(1)
    )


def _is_due(not_before: Column[Any], *, now: datetime) -> ColumnElement[bool]:
    return or_(not_before.is_(None), not_before <= now, not_before > now + LONGEST_WAIT)
