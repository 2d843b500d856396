"""The record of file contents that something referred to, so that unused ones can be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, exists, not_, or_, select

from assistant.adapters.sql.tables import contents, documents, job_items, jobs, versions
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import TenantId
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState

_OPEN = [state for state in ItemState if state not in FINAL_ITEM_STATES]


def is_used(*, apart_from: TenantId | None = None) -> ColumnElement[bool]:
    """True for a record of a content that something refers to.

    Args:
        apart_from: A tenant whose own references do not count.
    """
    of_item = exists().where(job_items.c.sha256 == contents.c.sha256, job_items.c.state.in_(_OPEN))
    of_document = exists().where(documents.c.sha256 == contents.c.sha256, ~documents.c.is_deleted)
    of_version = exists().where(versions.c.sha256 == contents.c.sha256)
    if apart_from is not None:
        of_item = of_item.where(jobs.c.id == job_items.c.job_id, jobs.c.tenant_id != apart_from)
        of_document = of_document.where(documents.c.tenant_id != apart_from)
        of_version = of_version.where(versions.c.tenant_id != apart_from)
    return or_(of_document, of_version, of_item)


def keep_record(transaction: Transaction, hashes: Iterable[str]) -> None:
    """Note that contents exist or are announced; empty hashes stand for none."""
    rows = [{"sha256": sha256} for sha256 in sorted({*hashes} - {""})]
    transaction.add_missing(contents, rows)


def list_unused(transaction: Transaction, *, limit: int) -> Sequence[str]:
    """Contents that nothing refers to. When there are some, nobody else writes until the unit ends."""
    query = select(contents.c.sha256).where(not_(is_used())).limit(limit)
    if not transaction.read(query):
        return []
    transaction.lock()
    return [row.sha256 for row in transaction.read(query)]


def drop_record(transaction: Transaction, sha256: str) -> None:
    """Forget a content, unless something refers to it again."""
    transaction.write(contents.delete().where(contents.c.sha256 == sha256, not_(is_used())))
