"""What the comparison of database, index and files reads and mends. Sees every tenant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    case,
    exists,
    literal,
    not_,
    or_,
    select,
    update,
)

from assistant.adapters.sql.documents import document_key
from assistant.adapters.sql.reconciliation_tables import reconciliations
from assistant.adapters.sql.rows import reason_fields
from assistant.adapters.sql.source_comparison import SqlSourceComparison
from assistant.adapters.sql.tables import (
    chunks,
    contents,
    documents,
    job_items,
    jobs,
    vectors,
    versions,
)
from assistant.adapters.sql.transaction import batches
from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import DocumentState, Reason, VersionState
from assistant.domain.ids import ChunkId, DocumentId, JobItemId, VersionId
from assistant.domain.jobs import (
    FINAL_ITEM_STATES,
    FINAL_JOB_STATES,
    STATES_TO_READ,
    ItemState,
)
from assistant.domain.reconciliation import (
    ChunkOwner,
    Defect,
    ExpectedPoint,
    Finding,
    HeldPoint,
    KnownDocument,
    Reconciliation,
    StuckItem,
)

_REPORTS_KEPT = 30
_LOST = Reason("original_lost", {})
_READING_LOST = Reason("reading_lost", {})
_OPEN = [state for state in ItemState if state not in FINAL_ITEM_STATES]
_SERVED = (VersionState.READY, VersionState.LIVE)
_IS_NEEDED = or_(
    exists().where(versions.c.sha256 == contents.c.sha256, versions.c.state.in_(_SERVED)),
    exists().where(
        job_items.c.sha256 == contents.c.sha256, job_items.c.state.in_(sorted(STATES_TO_READ))
    ),
)
_DOCUMENT = (
    documents.c.id,
    documents.c.tenant_id,
    documents.c.collection_id,
    documents.c.sha256,
)


class SqlReconciliationRepository(SqlSourceComparison):
    """Implements `ReconciliationRepository`."""

    def expected_points(
        self, *, embedder_id: str, after: int, limit: int, cut: Cut = ORDINARY
    ) -> Sequence[ExpectedPoint]:
        """The points that an index of a cut must hold, in the order of their numbers, beyond one of them."""
        has_vector = exists().where(
            vectors.c.hash == chunks.c.embedded_hash, vectors.c.embedder_id == embedder_id
        )
        query = (
            select(
                chunks.c.number,
                chunks.c.id,
                chunks.c.ordinal,
                versions.c.id.label("version_id"),
                versions.c.tenant_id,
                versions.c.collection_id,
                versions.c.document_id,
                has_vector.label("has_vector"),
            )
            .join(versions, versions.c.id == chunks.c.version_id)
            .where(
                versions.c.state == VersionState.LIVE,
                chunks.c.cut == cut.id,
                chunks.c.number > after,
            )
            .order_by(chunks.c.number)
            .limit(limit)
        )
        return [_expected(row) for row in self._transaction.read(query)]

    def owners_of(
        self, chunk_ids: Collection[ChunkId], cut: Cut = ORDINARY
    ) -> dict[ChunkId, ChunkOwner]:
        """The versions of some chunks of a cut; those that are unknown or of another are absent."""
        query = (
            select(chunks.c.id, versions.c.id.label("version_id"), versions.c.state)
            .join(versions, versions.c.id == chunks.c.version_id)
            .where(chunks.c.cut == cut.id)
        )
        return {
            ChunkId(row.id): ChunkOwner(VersionId(row.version_id), row.state)
            for row in self._within(query, chunks.c.id, chunk_ids)
        }

    def live_among(self, version_ids: Collection[VersionId]) -> frozenset[VersionId]:
        """Those of the versions that are live."""
        query = select(versions.c.id).where(versions.c.state == VersionState.LIVE)
        found = self._within(query, versions.c.id, version_ids)
        return frozenset(VersionId(row.id) for row in found)

    def needed_contents(self, *, after: str, limit: int) -> Sequence[str]:
        """SHA-256 of contents that are served or to be read, in order, beyond one of them."""
        query = (
            select(contents.c.sha256)
            .where(contents.c.sha256 > after, _IS_NEEDED)
            .order_by(contents.c.sha256)
            .limit(limit)
        )
        return [row.sha256 for row in self._transaction.read(query)]

    def needed_among(self, hashes: Collection[str]) -> frozenset[str]:
        """Those of the SHA-256 that are needed, as `needed_contents` tells."""
        query = select(contents.c.sha256).where(_IS_NEEDED)
        return frozenset(row.sha256 for row in self._within(query, contents.c.sha256, hashes))

    def known_contents(self, hashes: Collection[str]) -> frozenset[str]:
        """Those of the SHA-256 that the database has a record of."""
        found = self._within(select(contents.c.sha256), contents.c.sha256, hashes)
        return frozenset(row.sha256 for row in found)

    def documents_served_from(self, hashes: Collection[str]) -> Sequence[KnownDocument]:
        """Documents whose live version was read from one of these contents."""
        query = (
            select(*_DOCUMENT[:3], versions.c.sha256)
            .join(versions, versions.c.document_id == documents.c.id)
            .where(~documents.c.is_deleted, versions.c.state == VersionState.LIVE)
        )
        return list(map(_known, self._within(query, versions.c.sha256, hashes)))

    def documents_of_versions(
        self, version_ids: Collection[VersionId]
    ) -> dict[VersionId, KnownDocument]:
        """The documents of some versions that are not deleted."""
        query = (
            select(*_DOCUMENT, versions.c.id.label("version_id"))
            .join(versions, versions.c.document_id == documents.c.id)
            .where(~documents.c.is_deleted)
        )
        found = self._within(query, versions.c.id, version_ids)
        return {VersionId(row.version_id): _known(row) for row in found}

    def stuck_documents(self, *, after: str, limit: int) -> Sequence[KnownDocument]:
        """Documents that nothing serves and nothing will read, by id, beyond one of them."""
        is_served = exists().where(
            versions.c.document_id == documents.c.id, versions.c.state.in_(_SERVED)
        )
        is_awaited = exists().where(
            job_items.c.document_id == documents.c.id,
            job_items.c.state.in_(_OPEN),
            jobs.c.id == job_items.c.job_id,
            jobs.c.state.not_in(FINAL_JOB_STATES),
        )
        query = (
            select(*_DOCUMENT)
            .where(
                documents.c.id > after,
                ~documents.c.is_deleted,
                documents.c.state != DocumentState.FAILED,
                not_(is_served),
                not_(is_awaited),
            )
            .order_by(documents.c.id)
            .limit(limit)
        )
        return list(map(_known, self._transaction.read(query)))

    def stuck_items(self, *, limit: int) -> Sequence[StuckItem]:
        """Files of jobs that nothing will end, oldest first."""
        has_job = exists().where(
            jobs.c.id == job_items.c.job_id, jobs.c.state.not_in(FINAL_JOB_STATES)
        )
        awaits_index = exists().where(
            versions.c.id == job_items.c.version_id, versions.c.state != VersionState.LIVE
        )
        is_live = exists().where(
            versions.c.id == job_items.c.version_id, versions.c.state == VersionState.LIVE
        )
        is_indexing = job_items.c.state == ItemState.INDEXING
        is_stuck = or_(
            and_(is_indexing, not_(awaits_index)),
            and_(job_items.c.state.in_(_OPEN), not_(is_indexing), not_(has_job)),
        )
        query = (
            select(job_items.c.id, and_(is_indexing, is_live).label("is_served"))
            .where(is_stuck)
            .order_by(job_items.c.number)
            .limit(limit)
        )
        return [
            StuckItem(JobItemId(row.id), ItemState.INDEXED if row.is_served else ItemState.FAILED)
            for row in self._transaction.read(query)
        ]

    def end_item(self, item: StuckItem) -> None:
        """End such a file; why is told with one that fails ("reading_lost")."""
        reason = _READING_LOST if item.ends_as is ItemState.FAILED else None
        self._transaction.write(
            update(job_items)
            .where(job_items.c.id == item.id)
            .values(state=item.ends_as, **reason_fields(reason))
        )

    def tell_lost(self, document_ids: Collection[DocumentId], *, now: datetime) -> None:
        """Say of documents that their original is lost ("original_lost"): FAILED unless they are served."""
        is_live = exists().where(
            versions.c.document_id == documents.c.id, versions.c.state == VersionState.LIVE
        )
        failed = literal(DocumentState.FAILED, documents.c.state.type)
        values: dict[str, Any] = {
            "state": case((is_live, documents.c.state), else_=failed),
            "updated_at": now,
            **reason_fields(_LOST),
        }
        self._change(document_ids, values)

    def tell_found(self, *, kept: Collection[str], now: datetime) -> None:
        """Say no longer so of documents whose content is one of these."""
        there = frozenset(kept)
        found = [each.id for each in self.told_lost() if each.sha256 in there]
        self._change(found, {"updated_at": now, **reason_fields(None)})

    def told_lost(self) -> Sequence[KnownDocument]:
        """Documents that say that their original is lost."""
        query = select(*_DOCUMENT).where(
            ~documents.c.is_deleted, documents.c.reason_code == _LOST.code
        )
        return list(map(_known, self._transaction.read(query)))

    def add_report(self, report: Reconciliation) -> None:
        """Keep a report; the last thirty stay."""
        self._transaction.write(
            reconciliations.insert().values(
                started_at=report.started_at,
                finished_at=report.finished_at,
                is_repair=report.is_repair,
                compared=dict(report.compared),
                findings=[_plain(finding) for finding in report.findings],
            )
        )
        newest = self._transaction.read(
            select(reconciliations.c.number)
            .order_by(reconciliations.c.number.desc())
            .limit(_REPORTS_KEPT)
        )
        self._transaction.write(
            reconciliations.delete().where(reconciliations.c.number < newest[-1].number)
        )

    def last_report(self) -> Reconciliation | None:
        """The newest report, None before the first."""
        query = select(reconciliations).order_by(reconciliations.c.number.desc()).limit(1)
        row = self._transaction.first(query)
        if row is None:
            return None
        return Reconciliation(
            started_at=row.started_at,
            finished_at=row.finished_at,
            is_repair=row.is_repair,
            compared=row.compared,
            findings=tuple(_finding(each) for each in row.findings),
        )

    def _change(self, document_ids: Collection[DocumentId], values: dict[str, Any]) -> None:
        for batch in batches(document_ids):
            for document_id in batch:
                self._transaction.forget(document_key(document_id))
            self._transaction.write(
                update(documents).where(documents.c.id.in_(batch)).values(**values)
            )

    def _within(
        self, query: Any, column: ColumnElement[Any], keys: Collection[str]
    ) -> list[Row[Any]]:
        return [
            row
            for batch in batches(keys)
            for row in self._transaction.read(query.where(column.in_(batch)))
        ]


def _expected(row: Row[Any]) -> ExpectedPoint:
    point = HeldPoint(
        chunk_id=row.id,
        tenant_id=row.tenant_id,
        collection_id=row.collection_id,
        document_id=row.document_id,
        version_id=row.version_id,
        is_head=row.ordinal == 0,
    )
    return ExpectedPoint(row.number, point, has_vector=bool(row.has_vector))


def _known(row: Row[Any]) -> KnownDocument:
    return KnownDocument(row.id, row.tenant_id, row.collection_id, row.sha256)


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "defect": finding.defect.value,
        "count": finding.count,
        "mended": finding.mended,
        "examples": list(finding.examples),
    }


def _finding(kept: dict[str, Any]) -> Finding:
    return Finding(Defect(kept["defect"]), kept["count"], kept["mended"], tuple(kept["examples"]))
