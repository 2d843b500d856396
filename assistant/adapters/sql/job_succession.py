"""Which open jobs of a source there are, and what they leave to a newer one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, select, update

from assistant.adapters.sql.jobs import ITEM_KEYS
from assistant.adapters.sql.rows import job_of, reason_fields
from assistant.adapters.sql.tables import job_items, jobs
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.ids import CollectionId, DocumentId, TenantId
from assistant.domain.jobs import (
    FINAL_ITEM_STATES,
    STATES_TO_READ,
    ItemState,
    Job,
    JobKind,
    JobState,
)
from assistant.domain.sources import LABEL_PREFIX

_OPEN_JOBS = (JobState.QUEUED, JobState.RUNNING)
_OPEN = sorted(frozenset(ItemState) - FINAL_ITEM_STATES)
_CANCELLABLE = sorted(frozenset(_OPEN) - {ItemState.INDEXING})
_UNDER_WAY = STATES_TO_READ - {ItemState.RETRYING}
_NOT_BEGUN = (ItemState.AWAITING_FILE, ItemState.PENDING, ItemState.RETRYING)


def open_jobs(
    transaction: Transaction, source: str, *, collection_id: CollectionId, only_waiting: bool
) -> list[Job]:
    """Jobs of kind INGEST of a source that have not ended, oldest first; only those that await files."""
    query = (
        select(jobs).where(_are_open(source, collection_id=collection_id)).order_by(jobs.c.number)
    )
    if only_waiting:
        query = query.where(_awaits_files())
    return [job_of(row) for row in transaction.read(query)]


def count_sent(transaction: Transaction, tenant_id: TenantId, *, limit: int) -> int:
    """Open jobs of kind INGEST of a tenant that no look made, counted up to a limit."""
    found = (
        select(jobs.c.number)
        .where(
            jobs.c.state.in_(_OPEN_JOBS),
            jobs.c.tenant_id == tenant_id,
            jobs.c.kind == JobKind.INGEST,
            not_(jobs.c.source.startswith(LABEL_PREFIX, autoescape=True)),
        )
        .limit(limit)
    )
    return len(transaction.read(found))


def job_at(
    transaction: Transaction,
    source: str,
    *,
    collection_id: CollectionId,
    contents: Mapping[DocumentId, str],
) -> Job | None:
    """The newest open job of a source, when all that it has left is to read and show these contents.

    Not one that has read all of them, or waits to try one again: whoever sends it again wants that now.
    """
    newest = select(jobs).where(_are_open(source, collection_id=collection_id))
    row = transaction.first(newest.order_by(jobs.c.number.desc()).limit(1))
    if row is None or row.cancel_requested:
        return None
    query = (
        select(job_items.c.document_id, job_items.c.sha256, job_items.c.state)
        .where(job_items.c.job_id == row.id, job_items.c.state.in_(_OPEN))
        .limit(len(contents) + 1)
    )
    left = transaction.read(query)
    states = {each.state for each in left}
    is_reading = bool(states & _UNDER_WAY) and states <= _UNDER_WAY | {ItemState.INDEXING}
    is_at_them = {each.document_id: each.sha256 for each in left} == dict(contents)
    is_all = len(left) == len(contents)
    return job_of(row) if is_reading and is_at_them and is_all else None


def give_way(transaction: Transaction, *, to: Job, only_waiting: bool) -> list[Job]:
    """Cancel what nobody works on of the files that a new job names, in all older jobs of its source.

    Files are found by their documents, and those that never came by their names: what stands in the
    queue for other documents is not looked at.

    Returns:
        The older jobs that have no other files left to be read, oldest first.
    """
    is_older = and_(_are_open(to.source, collection_id=to.collection_id), jobs.c.id != to.id)
    if only_waiting:
        is_older = and_(is_older, _awaits_files())
    own = job_items.alias("own")
    named = select(own.c.name).where(own.c.job_id == to.id)
    of_documents = select(own.c.document_id).where(own.c.job_id == to.id)
    found = [
        row
        for place in (
            job_items.c.document_id.in_(of_documents),
            job_items.c.state == ItemState.AWAITING_FILE,
        )
        for row in transaction.read(
            select(job_items.c.id, job_items.c.job_id, job_items.c.state)
            .join(jobs, jobs.c.id == job_items.c.job_id)
            .where(
                is_older, place, job_items.c.state.in_(_CANCELLABLE), job_items.c.name.in_(named)
            )
        )
    ]
    for some in batches({row.id for row in found if row.state in _NOT_BEGUN}):
        transaction.write(
            update(job_items)
            .where(job_items.c.id.in_(some))
            .values(state=ItemState.CANCELLED, not_before=None, **reason_fields(None))
        )
    transaction.forget(ITEM_KEYS)
    return _without_others(transaction, {row.job_id for row in found}, named=named)


def _without_others(transaction: Transaction, job_ids: set[str], *, named: Any) -> list[Job]:
    """Those of the jobs that have no files left to be read but named ones, oldest first."""
    other = exists().where(
        job_items.c.job_id == jobs.c.id,
        job_items.c.state.in_(_CANCELLABLE),
        job_items.c.name.not_in(named),
    )
    rows = [
        row
        for some in batches(sorted(job_ids))
        for row in transaction.read(select(jobs).where(jobs.c.id.in_(some), not_(other)))
    ]
    return [job_of(row) for row in sorted(rows, key=lambda row: row.number)]


def _are_open(source: str, *, collection_id: CollectionId) -> ColumnElement[bool]:
    return and_(
        jobs.c.state.in_(_OPEN_JOBS),
        jobs.c.collection_id == collection_id,
        jobs.c.source == source,
        jobs.c.kind == JobKind.INGEST,
    )


def _awaits_files() -> ColumnElement[bool]:
    waiting = job_items.alias("waiting")
    return exists().where(waiting.c.job_id == jobs.c.id, waiting.c.state == ItemState.AWAITING_FILE)
