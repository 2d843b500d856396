"""Where the last looks at sources and their documents differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, exists, literal, select

from assistant.adapters.sql.source_tables import source_files, source_runs, sources
from assistant.adapters.sql.tables import documents
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import SourceId, TenantId
from assistant.domain.reconciliation import Defect, SourceGap
from assistant.domain.sources import LABEL_PREFIX, OPEN_RUNS, RunState, SourceKind

_AT_WORK = OPEN_RUNS - {RunState.AWAITING_APPROVAL}
_AWAITS = exists().where(
    source_runs.c.source_id == sources.c.id, source_runs.c.state == RunState.AWAITING_APPROVAL
)
_OWN = (sources.c.id, sources.c.tenant_id, sources.c.kind, _AWAITS.label("awaits"))
_OF_SOURCE = and_(
    documents.c.tenant_id == sources.c.tenant_id,
    documents.c.collection_id == sources.c.collection_id,
    documents.c.source == literal(LABEL_PREFIX).concat(sources.c.id),
    ~documents.c.is_deleted,
)
_REMEMBERED = and_(
    source_files.c.source_id == sources.c.id, source_files.c.name == documents.c.name
)
_IS_AT_REST = ~exists().where(
    source_runs.c.source_id == sources.c.id, source_runs.c.state.in_(_AT_WORK)
)


class SqlSourceComparison:
    """The part of `ReconciliationRepository` on sources."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def source_gaps(self, *, limit: int) -> Sequence[SourceGap]:
        """Differences of sources that are not being looked at, by kind, at most `limit` of each."""
        found: list[SourceGap] = []
        for defect, query in (
            (Defect.SOURCE_MISSING, _missing()),
            (Defect.SOURCE_ORPHAN, _orphans()),
            (Defect.SOURCE_CHANGED, _changed()),
        ):
            rows = self._transaction.read(query.where(_IS_AT_REST).limit(limit))
            found += [_gap(defect, row) for row in rows]
        return found


def _missing() -> Select[*tuple[Any, ...]]:
    """Files whose content was taken, and of which there is no document."""
    named = and_(_OF_SOURCE, documents.c.name == source_files.c.name)
    return (
        select(*_OWN, sources.c.id.label("named"))
        .select_from(
            source_files.join(sources, sources.c.id == source_files.c.source_id).outerjoin(
                documents, named
            )
        )
        .where(source_files.c.sha256 != "", documents.c.id.is_(None))
        .order_by(sources.c.id, source_files.c.name)
    )


def _orphans() -> Select[*tuple[Any, ...]]:
    """Documents with a content, whose file no look told of."""
    return (
        select(*_OWN, documents.c.id.label("named"))
        .select_from(sources.join(documents, _OF_SOURCE).outerjoin(source_files, _REMEMBERED))
        .where(
            sources.c.kind != SourceKind.PUSH,
            documents.c.sha256 != "",
            source_files.c.name.is_(None),
        )
        .order_by(documents.c.id)
    )


def _changed() -> Select[*tuple[Any, ...]]:
    """Documents with another content than their file had."""
    return (
        select(*_OWN, documents.c.id.label("named"))
        .select_from(sources.join(documents, _OF_SOURCE).join(source_files, _REMEMBERED))
        .where(
            documents.c.sha256 != "",
            source_files.c.sha256 != "",
            source_files.c.sha256 != documents.c.sha256,
        )
        .order_by(documents.c.id)
    )


def _gap(defect: Defect, row: Any) -> SourceGap:
    return SourceGap(
        defect,
        SourceId(row.id),
        TenantId(row.tenant_id),
        row.named,
        may_sync=row.kind is not SourceKind.PUSH and not row.awaits,
    )
