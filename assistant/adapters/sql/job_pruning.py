"""Lines of ended jobs that are no longer kept: forgotten one by one, and remembered as counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, not_, select, update

from assistant.adapters.sql.jobs import ITEM_KEYS
from assistant.adapters.sql.tables import documents, job_items, jobs, versions
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.jobs import FINAL_ITEM_STATES, FINAL_JOB_STATES, ItemState


def forget_items(transaction: Transaction, *, before: datetime, limit: int) -> int:
    """Forget the lines of jobs that ended before a time, at most so many; how many there were.

    The jobs keep their counts, and what was read keeps who asked for it. Why a document failed is
    kept as long as it is so, once.
    """
    query = _forgettable(before).limit(limit)
    if transaction.first(query) is None:
        return 0
    transaction.lock()
    items = transaction.read(query)
    _keep_counts(transaction, items)
    _keep_origins(transaction, items)
    for some in batches(item.id for item in items):
        transaction.write(job_items.delete().where(job_items.c.id.in_(some)))
    transaction.forget(ITEM_KEYS)
    return len(items)


def _forgettable(before: datetime) -> Any:
    return (
        select(
            job_items.c.id,
            job_items.c.job_id,
            job_items.c.version_id,
            job_items.c.state,
            job_items.c.chunks,
            job_items.c.pages,
        )
        .join(jobs, jobs.c.id == job_items.c.job_id)
        .where(
            jobs.c.state.in_(sorted(FINAL_JOB_STATES)),
            jobs.c.finished_at < before,
            job_items.c.state.in_(sorted(FINAL_ITEM_STATES)),
            not_(_tells_why()),
        )
        .order_by(job_items.c.number)
    )


def _tells_why() -> ColumnElement[bool]:
    """True for the newest failure of a document whose last attempt failed."""
    newer = job_items.alias("newer")
    is_failed = exists().where(
        documents.c.id == job_items.c.document_id,
        ~documents.c.is_deleted,
        documents.c.reason_code.is_not(None),
    )
    is_repeated = exists().where(
        newer.c.document_id == job_items.c.document_id,
        newer.c.number > job_items.c.number,
        newer.c.state == ItemState.FAILED,
    )
    return and_(job_items.c.state == ItemState.FAILED, is_failed, not_(is_repeated))


def _keep_counts(transaction: Transaction, items: Sequence[Row[Any]]) -> None:
    by_job: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        by_job[item.job_id].update(
            {item.state.value: 1, "chunks": item.chunks, "pages": item.pages}
        )
    for job_id, counts in by_job.items():
        row = transaction.first(select(jobs.c.forgotten).where(jobs.c.id == job_id))
        kept = Counter(row.forgotten if row and row.forgotten else {})
        kept.update(counts)
        transaction.write(update(jobs).where(jobs.c.id == job_id).values(forgotten=dict(kept)))


def _keep_origins(transaction: Transaction, items: Sequence[Row[Any]]) -> None:
    """Versions that are still there remember the job that asked for them."""
    of_version = {item.version_id: item.job_id for item in items if item.version_id}
    for some in batches(of_version):
        there = transaction.read(select(versions.c.id).where(versions.c.id.in_(some)))
        for row in there:
            transaction.write(
                update(versions).where(versions.c.id == row.id).values(asked_in=of_version[row.id])
            )
