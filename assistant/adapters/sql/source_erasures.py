"""Files of sources whose documents were erased: not taken again until a person lets them be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Table, Text, func, select

from assistant.adapters.sql.columns import UtcDateTime
from assistant.adapters.sql.scoping import within_own_tenant
from assistant.adapters.sql.source_tables import sources
from assistant.adapters.sql.tables import metadata
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.errors import NotFound
from assistant.domain.ids import SourceId
from assistant.domain.sources import ErasedFile, SourceKind, erased_digest
from assistant.domain.tenancy import Scope

source_erasures = Table(
    "source_erasures",
    metadata,
    Column("source_id", Text, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("erased_at", UtcDateTime, nullable=False),
)
"""By hashes of names, which hide them from a glance, not from guesses (`erased_digest`)."""


def keep_out(
    transaction: Transaction, source_id: SourceId, *, names: Iterable[str], now: datetime
) -> None:
    """Have looks at a source pass over files of these names; nothing for one that programs send to."""
    is_looked_at = select(sources.c.id).where(
        sources.c.id == source_id, sources.c.kind != SourceKind.PUSH
    )
    if transaction.first(is_looked_at) is None:
        return
    rows = [
        {"source_id": source_id, "digest": erased_digest(source_id, name), "erased_at": now}
        for name in sorted(names)
    ]
    transaction.add_missing(source_erasures, rows)


def kept_out(transaction: Transaction, source_id: SourceId) -> frozenset[str]:
    """Digests of the names that looks at a source pass over."""
    query = select(source_erasures.c.digest).where(source_erasures.c.source_id == source_id)
    return frozenset(row.digest for row in transaction.read(query))


def list_erased(
    transaction: Transaction, source_id: SourceId, *, scope: Scope, limit: int
) -> list[ErasedFile]:
    """What was erased last of a source of the scope, the newest first."""
    query = (
        select(source_erasures)
        .join(sources, sources.c.id == source_erasures.c.source_id)
        .where(source_erasures.c.source_id == source_id, within_own_tenant(scope, sources))
        .order_by(source_erasures.c.erased_at.desc(), source_erasures.c.digest)
        .limit(limit)
    )
    return [ErasedFile(row.digest, row.erased_at) for row in transaction.read(query)]


def count_erased(transaction: Transaction, source_id: SourceId, *, scope: Scope) -> int:
    """How many files were erased of a source of the scope."""
    query = (
        select(func.count().label("files"))
        .select_from(source_erasures.join(sources))
        .where(source_erasures.c.source_id == source_id, within_own_tenant(scope, sources))
    )
    row = transaction.first(query)
    return row.files if row else 0


def let_in(transaction: Transaction, source_id: SourceId, *, digest: str, scope: Scope) -> None:
    """Let a file be taken again. Raises `NotFound` when it is not kept out of a source of the scope."""
    own = select(sources.c.id).where(sources.c.id == source_id, within_own_tenant(scope, sources))
    deleted = transaction.write(
        source_erasures.delete().where(
            source_erasures.c.source_id.in_(own), source_erasures.c.digest == digest
        )
    )
    if not deleted:
        raise NotFound
