"""Jobs and their items, as their tenant sees them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, Row, Select, func, select, update

from assistant.adapters.sql.contents import keep_record
from assistant.adapters.sql.rows import (
    JOB_FIELDS,
    JOB_MUTABLE,
    fields_of,
    item_columns,
    item_of,
    job_of,
)
from assistant.adapters.sql.scoping import within_own_tenant
from assistant.adapters.sql.tables import documents, job_items, jobs
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import JobId, JobItemId
from assistant.domain.jobs import (
    ItemState,
    Job,
    JobCounts,
    JobItem,
    JobState,
    item_may_become,
    may_become,
)
from assistant.domain.tenancy import Scope

ITEM_KEYS = "item "
"""Under which a transaction remembers items."""
_SET_ONCE = ("id", "job_id", "ordinal", "name", "sha256")
"""Of an item: whoever holds it from before must not write back what an erasure took away meanwhile."""
_LISTED = (
    jobs.c.state == JobState.RUNNING,
    jobs.c.state == JobState.QUEUED,
    jobs.c.state.not_in([JobState.RUNNING, JobState.QUEUED]),
)
"""Of jobs, in the order in which they are listed."""
_SIZES = frozenset({"chunks", "pages"})
"""What the column `forgotten` counts beside items by state."""


class SqlJobRepository:
    """Implements `JobRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, job: Job, items: Sequence[JobItem]) -> None:
        """Keep a new job with its items."""
        self._transaction.write(jobs.insert().values(**fields_of(job, JOB_FIELDS)))
        self._transaction.write(job_items.insert(), [item_columns(item) for item in items])
        keep_record(self._transaction, (item.sha256 for item in items))
        if job.state is JobState.QUEUED:
            self._transaction.tell_workers()

    def find(self, job_id: JobId, *, scope: Scope) -> Job | None:
        """A job on a collection of the scope."""
        found = self._jobs(select(jobs).where(jobs.c.id == job_id, within_own_tenant(scope, jobs)))
        return found[0] if found else None

    def list_recent(self, *, scope: Scope, limit: int) -> list[Job]:
        """Jobs on collections of the scope: running, then queued, then ended ones, each newest first."""
        found: list[Job] = []
        # one after the other: in one look, all jobs that were ever kept would be sorted
        for are_listed in _LISTED:
            query = select(jobs).where(within_own_tenant(scope, jobs), are_listed)
            newest = query.order_by(jobs.c.number.desc()).limit(limit - len(found))
            found += self._jobs(newest)
        return found

    def items(
        self,
        job_id: JobId,
        *,
        scope: Scope,
        states: frozenset[ItemState],
        limit: int,
        offset: int,
    ) -> list[JobItem]:
        """Items in order. Empty `states` means all."""
        query = _items(scope).where(job_items.c.job_id == job_id)
        if states:
            query = query.where(job_items.c.state.in_(sorted(states)))
        page = query.order_by(job_items.c.ordinal).limit(limit).offset(offset)
        return read_items(self._transaction, page)

    def find_item(self, item_id: JobItemId, *, scope: Scope) -> JobItem | None:
        """One item of a job of the scope."""
        found = read_items(self._transaction, _items(scope).where(job_items.c.id == item_id))
        return found[0] if found else None

    def update(self, job: Job) -> None:
        """Replace the mutable fields of a job: state, start, end, cancel request, attempt.

        A job that does not run holds no lease.

        Raises:
            NotFound: No such job.
            Conflict: An illegal change of state.
            StorageError: It changed since this unit of work read it ("database_locked").
        """
        self._transaction.lock()
        found = self._jobs(select(jobs).where(jobs.c.id == job.id))
        if not found:
            raise NotFound
        self._transaction.check_unchanged(job_key(job.id), image=found[0])
        if job.state is not found[0].state and not may_become(found[0].state, job.state):
            raise Conflict
        values = fields_of(job, JOB_MUTABLE)
        if job.state is not JobState.RUNNING:
            values |= {"lease_owner": None, "lease_until": None, "not_before": None}
        self._transaction.write(update(jobs).where(jobs.c.id == job.id).values(**values))
        if job.state is JobState.QUEUED:
            self._transaction.tell_workers()

    def update_item(self, item: JobItem) -> None:
        """Replace the mutable fields of an item. Raises as `update`."""
        replace_item(self._transaction, item)

    def counts(self, job_id: JobId, *, scope: Scope) -> JobCounts:
        """What the items of a job amount to; nothing for an unknown job."""
        return self.counts_of([job_id], scope=scope).get(job_id, JobCounts({}))

    def counts_of(self, job_ids: Sequence[JobId], *, scope: Scope) -> dict[JobId, JobCounts]:
        """The same of each of these jobs (any number); absent when it is unknown or has no items."""
        by_job: dict[JobId, list[Row[Any]]] = defaultdict(list)
        forgotten: dict[JobId, dict[str, int]] = {}
        for some in batches(job_ids):
            for row in self._transaction.read(_counts(some, scope=scope)):
                by_job[JobId(row.job_id)].append(row)
            forgotten |= self._forgotten(some, scope=scope)
        return {
            job_id: _summed(by_job[job_id], forgotten.get(job_id, {}))
            for job_id in {*by_job, *forgotten}
        }

    def forgotten(self, job_ids: Sequence[JobId], *, scope: Scope) -> dict[JobId, int]:
        """How many items of these jobs (any number) are only counted any more; absent when none is."""
        found: dict[JobId, int] = {}
        for some in batches(job_ids):
            for job_id, counts in self._forgotten(some, scope=scope).items():
                found[job_id] = sum(with_forgotten({}, counts).values())
        return found

    def _forgotten(self, job_ids: Sequence[str], *, scope: Scope) -> dict[JobId, dict[str, int]]:
        query = select(jobs.c.id, jobs.c.forgotten).where(
            jobs.c.id.in_(job_ids), within_own_tenant(scope, jobs)
        )
        rows = self._transaction.read(query)
        return {JobId(row.id): dict(row.forgotten) for row in rows if row.forgotten}

    def _jobs(self, query: Select[Any]) -> list[Job]:
        found = [job_of(row) for row in self._transaction.read(query)]
        for job in found:
            self._transaction.remember(job_key(job.id), job)
        return found


def _counts(job_ids: Sequence[str], *, scope: Scope) -> Executable:
    return (
        select(
            job_items.c.job_id,
            job_items.c.state,
            func.count().label("items"),
            func.sum(job_items.c.chunks).label("chunks"),
            func.sum(job_items.c.pages).label("pages"),
        )
        .join(jobs, jobs.c.id == job_items.c.job_id)
        .where(job_items.c.job_id.in_(job_ids), within_own_tenant(scope, jobs))
        .group_by(job_items.c.job_id, job_items.c.state)
    )


def _summed(rows: Sequence[Row[Any]], forgotten: Mapping[str, int]) -> JobCounts:
    return JobCounts(
        with_forgotten({row.state: row.items for row in rows}, forgotten),
        chunks=forgotten.get("chunks", 0) + sum(row.chunks for row in rows),
        pages=forgotten.get("pages", 0) + sum(row.pages for row in rows),
        forgotten=sum(with_forgotten({}, forgotten).values()),
    )


def with_forgotten(
    states: Mapping[ItemState, int], forgotten: Mapping[str, int] | None
) -> dict[ItemState, int]:
    """Items per state, with those of the column `forgotten` of their job."""
    total = Counter(states)
    for name, count in (forgotten or {}).items():
        if name not in _SIZES:
            total[ItemState(name)] += count
    return dict(total)


def job_key(job_id: str) -> str:
    """Under which a transaction remembers a job."""
    return f"job {job_id}"


def read_items(transaction: Transaction, query: Select[Any]) -> list[JobItem]:
    """The items of a query, remembered."""
    found = [item_of(row) for row in transaction.read(query)]
    for item in found:
        transaction.remember(_item_key(item.id), item)
    return found


def replace_item(transaction: Transaction, item: JobItem) -> None:
    """Replace the mutable fields of an item: not its name and content; a document that is gone is left out.

    Raises:
        NotFound: No such item.
        Conflict: An illegal change of state.
        StorageError: It changed since this unit of work read it ("database_locked").
    """
    transaction.lock()
    found = read_items(transaction, select(job_items).where(job_items.c.id == item.id))
    if not found:
        raise NotFound
    transaction.check_unchanged(_item_key(item.id), image=found[0])
    if item.state is not found[0].state and not item_may_become(found[0].state, item.state):
        raise Conflict
    values = item_columns(item)
    for name in (*_SET_ONCE, "document_id"):
        values.pop(name)
    document = select(documents.c.id).where(documents.c.id == item.document_id).scalar_subquery()
    transaction.write(
        update(job_items).where(job_items.c.id == item.id).values(**values, document_id=document)
    )
    keep_record(transaction, [item.sha256])


def _item_key(item_id: str) -> str:
    return f"{ITEM_KEYS}{item_id}"


def _items(scope: Scope) -> Select[Any]:
    return (
        select(job_items)
        .join(jobs, jobs.c.id == job_items.c.job_id)
        .where(within_own_tenant(scope, jobs))
    )
