"""Readings by what their texts have in common, and the links between their documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, delete, func, or_, select, update

from assistant.adapters.sql.document_tables import document_corrections as corrections
from assistant.adapters.sql.rows import reading_of
from assistant.adapters.sql.scoping import shown, within
from assistant.adapters.sql.tables import (
    document_links,
    documents,
    reading_marks,
    readings,
    versions,
)
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.documents import LinkKind, Reading, Successor, VersionState
from assistant.domain.errors import NotFound
from assistant.domain.ids import DocumentId, LinkId, PersonId, new_id
from assistant.domain.links import (
    SUPERSEDING,
    DocumentLink,
    LinkedDocument,
    LinkState,
    Proposal,
    articles_of,
    marks_to_keep,
)
from assistant.domain.tenancy import Scope
from ingest.codec import act_fields, act_of
from ingest.model import Act

_PER_MARK = 50
"""Readings taken of one mark: a phrase of every act of a collection says nothing of any of them."""
_source, _target = documents.alias("source"), documents.alias("target")
_LINKS = document_links.join(_source, _source.c.id == document_links.c.source_id).join(
    _target, _target.c.id == document_links.c.target_id
)
_ENDS = {"source": _source, "target": _target}
_END_FIELDS = ("id", "name", "title", "date")
# a version that waits to be shown is not yet that of its document's row
_TITLE = func.coalesce(corrections.c.title, versions.c.title)
_DATE = case(
    (corrections.c.is_undated, None), else_=func.coalesce(corrections.c.date, versions.c.date)
)
_GRAVITY = case(
    {kind.value: place for place, kind in enumerate(SUPERSEDING)}, value=document_links.c.kind
)


class SqlLinkRepository:
    """Implements `LinkRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_reading(self, reading: Reading, *, scope: Scope) -> None:
        """Keep what a version's text tells of it.

        Raises:
            NotFound: No such version of a document within the scope.
        """
        self._transaction.lock()
        owner = self._transaction.first(
            select(versions.c.tenant_id, versions.c.collection_id).where(
                versions.c.id == reading.version_id, within(scope, versions)
            )
        )
        if owner is None:
            raise NotFound
        self._transaction.write(
            readings.insert().values(
                version_id=reading.version_id,
                act=act_fields(reading.act),
                status=reading.act.status,
                quality=asdict(reading.quality),
                sketch=reading.sketch,
            )
        )
        marks = [
            {
                "tenant_id": owner.tenant_id,
                "collection_id": owner.collection_id,
                "mark": mark,
                "version_id": reading.version_id,
            }
            for mark in sorted(marks_to_keep(reading))
        ]
        self._transaction.write(reading_marks.insert(), marks)

    def find_readings(self, marks: Collection[str], *, scope: Scope, limit: int) -> list[Reading]:
        """READY and LIVE readings that bear one of these marks, those with most of them first."""
        shared: Counter[str] = Counter()
        for mark in marks:
            query = (
                select(reading_marks.c.version_id)
                .where(within(scope, reading_marks), reading_marks.c.mark == mark)
                .limit(_PER_MARK)
            )
            shared.update(row.version_id for row in self._transaction.read(query))
        wanted = [version_id for version_id, _ in shared.most_common(limit)]
        if not wanted:
            return []
        query = (
            select(readings, versions.c.document_id, versions.c.created_at)
            .add_columns(_TITLE.label("title"), _DATE.label("date"))
            .select_from(readings.join(versions, versions.c.id == readings.c.version_id))
            .join(documents, documents.c.id == versions.c.document_id)
            .outerjoin(corrections, corrections.c.document_id == documents.c.id)
            .where(
                readings.c.version_id.in_(wanted),
                versions.c.state.in_([VersionState.READY, VersionState.LIVE]),
                ~documents.c.is_deleted,
                within(scope, documents),
            )
        )
        found = {row.version_id: reading_of(row) for row in self._transaction.read(query)}
        return [found[version_id] for version_id in wanted if version_id in found]

    def propose(
        self,
        proposals: Sequence[Proposal],
        *,
        document_id: DocumentId,
        scope: Scope,
        now: datetime,
    ) -> None:
        """Make these the open proposals of a document; what people decided stays as it is."""
        self._transaction.lock()
        known = self._transaction.read(
            select(document_links).where(_touches(document_id), within(scope, document_links))
        )
        wanted = {(each.source_id, each.target_id, each.kind): each for each in proposals}
        kept: set[tuple[str, str, LinkKind]] = set()
        stale: list[str] = []
        for row in known:
            key = (row.source_id, row.target_id, row.kind)
            if row.state is not LinkState.PROPOSED:
                kept |= {key, (row.target_id, row.source_id, row.kind)}
            elif key in wanted:
                kept.add(key)
            else:
                stale.append(row.id)
        if stale:
            self._transaction.write(delete(document_links).where(document_links.c.id.in_(stale)))
        self._insert(
            [each for key, each in wanted.items() if key not in kept], scope=scope, now=now
        )

    def find(
        self, link_id: LinkId, *, scope: Scope, managed: Scope | None = None
    ) -> DocumentLink | None:
        """A link between documents of the scope."""
        found = self._all(_links(scope, managed=managed).where(document_links.c.id == link_id))
        return found[0] if found else None

    def list_of_document(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> list[DocumentLink]:
        """All links of a document, whatever their state, oldest first."""
        return self._all(
            _links(scope, managed=managed)
            .where(_touches(document_id))
            .order_by(document_links.c.number)
        )

    def list_page(
        self, *, scope: Scope, state: LinkState, limit: int, offset: int
    ) -> list[DocumentLink]:
        """Links in a state, oldest first."""
        query = _links(scope).where(document_links.c.state == state)
        page = query.order_by(document_links.c.number).limit(limit).offset(offset)
        return self._all(page)

    def decide(
        self,
        link_id: LinkId,
        *,
        state: LinkState,
        by: PersonId,
        now: datetime,
        scope: Scope,
    ) -> None:
        """Write what a person decided; a later decision takes the place of an earlier one.

        Raises:
            NotFound: No such link within the scope.
        """
        self._transaction.lock()
        if self.find(link_id, scope=scope, managed=scope) is None:
            raise NotFound
        self._transaction.write(
            update(document_links)
            .where(document_links.c.id == link_id, within(scope, document_links))
            .values(state=state, decided_by=by, decided_at=now)
        )

    def successors(
        self, document_ids: Collection[DocumentId], *, scope: Scope
    ) -> dict[DocumentId, tuple[Successor, ...]]:
        """What takes the place of each of these documents, by confirmed links; absent when nothing does."""
        return find_successors(self._transaction, document_ids, scope=scope)

    def _insert(self, proposals: Sequence[Proposal], *, scope: Scope, now: datetime) -> None:
        for each in proposals:
            ends = self._transaction.read(
                select(documents.c.tenant_id, documents.c.collection_id).where(
                    documents.c.id.in_([each.source_id, each.target_id]),
                    ~documents.c.is_deleted,
                    within(scope, documents),
                )
            )
            if len(ends) != 2 or ends[0] != ends[1]:
                continue
            self._transaction.write(
                document_links.insert().values(
                    id=new_id(),
                    tenant_id=ends[0].tenant_id,
                    collection_id=ends[0].collection_id,
                    **asdict(each),
                    state=LinkState.PROPOSED,
                    created_at=now,
                )
            )

    def _all(self, query: Select[Any]) -> list[DocumentLink]:
        return [_link_of(row) for row in self._transaction.read(query)]


def find_successors(
    transaction: Transaction, document_ids: Collection[DocumentId], *, scope: Scope
) -> dict[DocumentId, tuple[Successor, ...]]:
    """As `SqlLinkRepository.successors`, for other repositories of a transaction."""
    found: dict[DocumentId, tuple[Successor, ...]] = {}
    for batch in batches(document_ids):
        query = (
            select(document_links, _source.c.title, _source.c.name, _source.c.date)
            .select_from(_LINKS)
            .where(
                document_links.c.target_id.in_(batch),
                document_links.c.state == LinkState.CONFIRMED,
                document_links.c.kind.in_(SUPERSEDING),
                shown(_source),
                within(scope, document_links),
            )
            .order_by(_GRAVITY, _source.c.date.desc(), document_links.c.number)
        )
        rows = transaction.read(query)
        articles = _articles_modified(transaction, rows, scope=scope)
        for row in rows:
            successor = Successor(
                document_id=row.source_id,
                title=row.title or row.name,
                date=row.date,
                kind=row.kind,
                articles=articles.get((row.source_id, row.target_id), ()),
            )
            found[row.target_id] = (*found.get(row.target_id, ()), successor)
    return found


def _articles_modified(
    transaction: Transaction, links: Sequence[Row[Any]], *, scope: Scope
) -> dict[tuple[DocumentId, DocumentId], tuple[str, ...]]:
    """By source and target of the links that modify: articles that the live text of the source names."""
    pairs = {(row.source_id, row.target_id) for row in links if row.kind is LinkKind.MODIFIES}
    acts: dict[DocumentId, Act] = {}
    for batch in batches({id_ for pair in pairs for id_ in pair}):
        query = (
            select(versions.c.document_id, readings.c.act)
            .select_from(readings.join(versions, versions.c.id == readings.c.version_id))
            .where(
                versions.c.document_id.in_(batch),
                versions.c.state == VersionState.LIVE,
                within(scope, versions),
            )
        )
        acts |= {row.document_id: act_of(row.act) for row in transaction.read(query)}
    none = Act()
    return {
        (source, target): articles_of(acts.get(source, none), of=acts.get(target, none))
        for source, target in pairs
    }


def _touches(document_id: DocumentId) -> ColumnElement[bool]:
    return or_(document_links.c.source_id == document_id, document_links.c.target_id == document_id)


def _links(scope: Scope, *, managed: Scope | None = None) -> Select[Any]:
    """Links within a scope between documents that are neither deleted nor excluded.

    Args:
        scope: What may be read.
        managed: See `shown`.
    """
    ends = [
        table.c[name].label(f"{end}_{name}")
        for end, table in _ENDS.items()
        for name in _END_FIELDS[1:]
    ]
    return (
        select(document_links, *ends)
        .select_from(_LINKS)
        .where(
            and_(shown(_source, managed), shown(_target, managed)),
            within(scope, document_links),
        )
    )


def _link_of(row: Row[Any]) -> DocumentLink:
    source, target = (_end_of(row, end=end) for end in _ENDS)
    return DocumentLink(
        id=row.id,
        tenant_id=row.tenant_id,
        collection_id=row.collection_id,
        source=source,
        target=target,
        kind=row.kind,
        state=row.state,
        evidence=row.evidence,
        created_at=row.created_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def _end_of(row: Row[Any], *, end: str) -> LinkedDocument:
    id_, name, title, date = (getattr(row, f"{end}_{field}") for field in _END_FIELDS)
    return LinkedDocument(id=id_, name=name, title=title or name, date=date)
