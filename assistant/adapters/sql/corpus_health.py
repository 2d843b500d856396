"""What is known of the health of a tenant's documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    exists,
    func,
    not_,
    or_,
    select,
    type_coerce,
    update,
)

from assistant.adapters.sql.copies import of_shared_contents, served_sha256
from assistant.adapters.sql.corpus_health_tables import document_days, gap_days
from assistant.adapters.sql.kept_questions import SqlKeptQuestions
from assistant.adapters.sql.scoping import of_tenant, within
from assistant.adapters.sql.tables import document_links, documents, readings, versions
from assistant.adapters.sql.tenant_tables import tenants
from assistant.adapters.sql.transaction import batches
from assistant.domain.corpus_health import (
    POOR_OCR_CONFIDENCE,
    HealthCode,
    HealthFinding,
    HealthItem,
    QuestionGap,
)
from assistant.domain.documents import DocumentState, LinkKind, Reason, VersionState
from assistant.domain.ids import DocumentId, TenantId
from assistant.domain.links import LinkState
from assistant.domain.tenancy import Scope
from ingest.model import DocumentKind

_WITHOUT_TEXT = ("no_text", "no_text_ocr_missing")
_COLUMNS = (
    documents.c.id,
    documents.c.collection_id,
    documents.c.name,
    documents.c.title,
)
_LINKS = {
    HealthCode.NEAR_DUPLICATE: (LinkKind.SAME_ACT,),
    HealthCode.UNDECIDED_VERSION: tuple(kind for kind in LinkKind if kind is not LinkKind.SAME_ACT),
}


class SqlCorpusHealthRepository(SqlKeptQuestions):
    """Implements `CorpusHealthRepository`."""

    def finding(
        self, code: HealthCode, *, scope: Scope, since: date, before: date, limit: int
    ) -> HealthFinding:
        """The documents of a finding that are not excluded, by name; copies beside one another."""
        present = and_(
            within(scope, documents), ~documents.c.is_deleted, documents.c.excluded_at.is_(None)
        )
        is_live = documents.c.state == DocumentState.LIVE
        has_no_text = documents.c.reason_code.in_(_WITHOUT_TEXT)
        match code:
            case HealthCode.FAILED:
                failed = and_(documents.c.state == DocumentState.FAILED, not_(has_no_text))
                return self._listed(code, and_(present, failed), limit=limit)
            case HealthCode.WITHOUT_TEXT:
                is_empty = and_(is_live, documents.c.chunk_count == 0)
                is_unreadable = and_(documents.c.state == DocumentState.FAILED, has_no_text)
                return self._listed(code, and_(present, or_(is_empty, is_unreadable)), limit=limit)
            case HealthCode.NEVER_FOUND:
                is_found = exists().where(
                    document_days.c.document_id == documents.c.id, document_days.c.day >= since
                )
                is_older = documents.c.created_at < datetime.combine(since, time(), UTC)
                wanted = and_(present, is_live, is_older, not_(is_found))
                return self._listed(code, wanted, limit=limit)
            case HealthCode.OLD:
                note = documents.c.date
                wanted = and_(present, is_live, documents.c.date < before)
                return self._listed(code, wanted, limit=limit, note=note)
            case HealthCode.SAME_CONTENT:
                return self._copies(scope, limit=limit)
            case HealthCode.POOR_OCR:
                return self._poor_ocr(and_(present, is_live), limit=limit)
            case HealthCode.NEAR_DUPLICATE | HealthCode.UNDECIDED_VERSION:
                return self._linked(code, scope=scope, limit=limit)

    def gaps(self, *, scope: Scope, since: date) -> Sequence[QuestionGap]:
        """Questions of the reader's tenant without answer, by week, then collection and kind."""
        query = select(gap_days).where(of_tenant(scope, gap_days), gap_days.c.day >= since)
        sums: Counter[tuple[date, str, str]] = Counter()
        for row in self._transaction.read(query):
            monday = row.day - timedelta(days=row.day.weekday())
            sums[monday, row.collection_id, row.kind] += row.amount
        return [
            QuestionGap(week, collection_id, DocumentKind(kind) if kind else None, amount)
            for (week, collection_id, kind), amount in sorted(sums.items())
        ]

    def counted_since(self, *, scope: Scope) -> date | None:
        """First day that a document of the reader's tenant was found, or a question of it was not answered.

        Its documents may be older: a tenant that came from elsewhere brings their dates, and no counts.
        """
        of_document = (
            select(func.min(document_days.c.day))
            .where(document_days.c.document_id == documents.c.id)
            .scalar_subquery()
        )
        firsts = (
            select(func.min(of_document).label("day")).where(of_tenant(scope, documents)),
            select(func.min(gap_days.c.day).label("day")).where(of_tenant(scope, gap_days)),
        )
        days = [row.day for each in firsts for row in self._transaction.read(each)]
        return min((day for day in days if day is not None), default=None)

    def add_found(self, document_ids: Collection[DocumentId], *, day: date, amount: int) -> None:
        """Count that some documents were found; those that are gone are passed over."""
        self._transaction.lock()
        for batch in batches(document_ids):
            query = select(documents.c.id).where(documents.c.id.in_(batch))
            present = [row.id for row in self._transaction.read(query)]
            rows = [{"document_id": each, "day": day, "found": 0} for each in present]
            self._transaction.add_missing(document_days, rows)
            self._transaction.write(
                update(document_days)
                .where(document_days.c.document_id.in_(present), document_days.c.day == day)
                .values(found=document_days.c.found + amount)
            )

    def add_gap(
        self, tenant_id: TenantId, *, day: date, collection_id: str, kind: DocumentKind | None
    ) -> None:
        """Count a question without answer; nothing when the tenant is gone."""
        self._transaction.lock()
        if self._transaction.first(select(tenants.c.id).where(tenants.c.id == tenant_id)) is None:
            return
        key = {
            "tenant_id": tenant_id,
            "day": day,
            "collection_id": collection_id,
            "kind": "" if kind is None else kind.value,
        }
        self._transaction.add_missing(gap_days, [{**key, "amount": 0}])
        this = [gap_days.c[name] == value for name, value in key.items()]
        self._transaction.write(update(gap_days).where(*this).values(amount=gap_days.c.amount + 1))

    def forget_counts(self, *, before: date) -> None:
        """Drop the counters of days before one."""
        for table in (document_days, gap_days):
            old = table.c.day < before
            if self._transaction.first(select(table.c.day).where(old).limit(1)) is not None:
                self._transaction.write(table.delete().where(old))

    def _listed(
        self,
        code: HealthCode,
        wanted: ColumnElement[bool],
        *,
        limit: int,
        note: ColumnElement[Any] | None = None,
    ) -> HealthFinding:
        extra = (documents.c.reason_code, documents.c.reason_params)
        noted = () if note is None else (note.label("note"),)
        order = (documents.c.name, documents.c.id)
        query = select(*_COLUMNS, *extra, *noted).where(wanted).order_by(*order).limit(limit)
        items = tuple(_item(row, code) for row in self._transaction.read(query))
        return HealthFinding(code, self._count(select(documents.c.id).where(wanted)), items)

    def _copies(self, scope: Scope, *, limit: int) -> HealthFinding:
        query = of_shared_contents(*_COLUMNS, served_sha256.label("note"), scope=scope)
        named = query.order_by(served_sha256, documents.c.name, documents.c.id).limit(limit)
        code = HealthCode.SAME_CONTENT
        items = tuple(_item(row, code) for row in self._transaction.read(named))
        return HealthFinding(code, self._count(query), items)

    def _poor_ocr(self, wanted: ColumnElement[bool], *, limit: int) -> HealthFinding:
        """Certainty stands within a text: only readings of images are looked at."""
        kept = type_coerce(readings.c.quality, Text)
        query = (
            select(*_COLUMNS, readings.c.quality)
            .join(versions, versions.c.document_id == documents.c.id)
            .join(readings, readings.c.version_id == versions.c.id)
            .where(
                wanted,
                versions.c.state == VersionState.LIVE,
                kept.not_like('%"ocr_confidence":null%'),
            )
        )
        poor = sorted(
            (row.quality["ocr_confidence"], row.name, row.id, row)
            for row in self._transaction.read(query)
            if row.quality["ocr_confidence"] < POOR_OCR_CONFIDENCE
        )
        items = tuple(
            HealthItem(row.id, row.collection_id, row.name, row.title, note=f"{confidence:.2f}")
            for confidence, _, _, row in poor[:limit]
        )
        return HealthFinding(HealthCode.POOR_OCR, len(poor), items)

    def _linked(self, code: HealthCode, *, scope: Scope, limit: int) -> HealthFinding:
        other = documents.alias("other")
        wanted = and_(
            within(scope, document_links),
            document_links.c.state == LinkState.PROPOSED,
            document_links.c.kind.in_(_LINKS[code]),
            ~documents.c.is_deleted,
            ~other.c.is_deleted,
            documents.c.excluded_at.is_(None),
            other.c.excluded_at.is_(None),
        )
        joined = (
            select(*_COLUMNS, other.c.name.label("note"))
            .select_from(document_links)
            .join(documents, documents.c.id == document_links.c.source_id)
            .join(other, other.c.id == document_links.c.target_id)
            .where(wanted)
        )
        rows = self._transaction.read(joined.order_by(document_links.c.number).limit(limit))
        items = tuple(
            HealthItem(row.id, row.collection_id, row.name, row.title, note=row.note)
            for row in rows
        )
        return HealthFinding(code, self._count(joined), items)

    def _count(self, query: Any) -> int:
        row = self._transaction.first(select(func.count()).select_from(query.subquery()))
        return 0 if row is None else int(row[0])


def _item(row: Row[Any], code: HealthCode) -> HealthItem:
    is_failure = code in {HealthCode.FAILED, HealthCode.WITHOUT_TEXT} and row.reason_code
    note = getattr(row, "note", None)
    return HealthItem(
        document_id=row.id,
        collection_id=row.collection_id,
        name=row.name,
        title=row.title,
        reason=Reason(row.reason_code, row.reason_params or {}) if is_failure else None,
        note="" if note is None else str(note),
    )
