"""Documents that are not deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
    union,
    update,
)

from assistant.adapters.sql.contents import keep_record
from assistant.adapters.sql.conversation_tables import deleted_documents as gone
from assistant.adapters.sql.document_tables import document_corrections as corrections
from assistant.adapters.sql.jobs import ITEM_KEYS
from assistant.adapters.sql.rows import document_columns, document_of, version_of
from assistant.adapters.sql.scoping import shown, within
from assistant.adapters.sql.tables import documents, readings, versions
from assistant.adapters.sql.traces import erase_traces
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.documents import (
    Document,
    DocumentCounts,
    DocumentState,
    DocumentVersion,
    ListFilter,
    VersionState,
)
from assistant.domain.errors import NotFound
from assistant.domain.ids import CollectionId, DocumentId
from assistant.domain.tenancy import Scope

_live = versions.alias("live")
_DOCUMENTS = (
    select(
        documents,
        _live.c.id.label("live_version_id"),
        readings.c.act,
        readings.c.quality,
        *(column.label(f"fixed_{column.name}") for column in corrections.c),
    )
    .select_from(
        documents.outerjoin(
            _live, and_(_live.c.document_id == documents.c.id, _live.c.state == VersionState.LIVE)
        )
        .outerjoin(readings, readings.c.version_id == _live.c.id)
        .outerjoin(corrections, corrections.c.document_id == documents.c.id)
    )
    .where(~documents.c.is_deleted)
)


_EVERY = ListFilter()
_NO_NOTICES: list[str] = []
_SUSPECT = '"suspicions":[{'
"""Stands in the JSON of a reading that found some."""
DOCUMENT_KEYS = "document "
"""Under which a transaction remembers documents."""


def document_key(document_id: str) -> str:
    """Under which a transaction remembers a document."""
    return f"{DOCUMENT_KEYS}{document_id}"


class SqlDocumentRepository:
    """Implements `DocumentRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, document: Document) -> None:
        """Keep a new document. Raises `Conflict` when (collection, source, name) is taken."""
        self._transaction.write(
            documents.insert().values(
                id=document.id,
                tenant_id=document.tenant_id,
                collection_id=document.collection_id,
                **document_columns(document),
            )
        )
        keep_record(self._transaction, [document.sha256])

    def update(self, document: Document) -> None:
        """Replace all fields of a document; `live_version_id` and `chunk_count` are not touched.

        Raises:
            NotFound: It was deleted meanwhile.
            Conflict: Its new name is taken.
            StorageError: It changed since this unit of work read it ("database_locked").
        """
        self._transaction.lock()
        current = self._one(_DOCUMENTS.where(documents.c.id == document.id))
        if current is None:
            raise NotFound
        self._transaction.check_unchanged(
            document_key(document.id), image=document_columns(current)
        )
        self._transaction.write(
            update(documents)
            .where(documents.c.id == document.id)
            .values(**document_columns(document))
        )
        keep_record(self._transaction, [document.sha256])

    def find(
        self, document_id: DocumentId, *, scope: Scope, managed: Scope | None = None
    ) -> Document | None:
        """A document within the scope."""
        return self._one(_DOCUMENTS.where(documents.c.id == document_id, _seen(scope, managed)))

    def find_named(
        self, name: str, *, source: str, collection_id: CollectionId, scope: Scope
    ) -> Document | None:
        """The document of a name within its source, excluded ones included."""
        return self._one(
            _DOCUMENTS.where(
                documents.c.collection_id == collection_id,
                documents.c.source == source,
                documents.c.name == name,
                within(scope, documents),
            )
        )

    def list_of_source(
        self, source: str, *, collection_id: CollectionId, scope: Scope
    ) -> list[Document]:
        """All documents of a source, excluded ones included, by name."""
        return self._all(
            _DOCUMENTS.where(
                documents.c.collection_id == collection_id,
                documents.c.source == source,
                within(scope, documents),
            ).order_by(documents.c.name, documents.c.id)
        )

    def list_named(
        self, names: Collection[str], *, source: str, collection_id: CollectionId, scope: Scope
    ) -> list[Document]:
        """Those of a source that have one of some names (any number)."""
        found: list[Document] = []
        # no document has a NUL in its name, and PostgreSQL refuses to be asked
        for batch in batches([name for name in names if "\x00" not in name]):
            found += self._all(
                _DOCUMENTS.where(
                    documents.c.collection_id == collection_id,
                    documents.c.source == source,
                    documents.c.name.in_(batch),
                    within(scope, documents),
                )
            )
        return found

    def list_page(
        self,
        *,
        scope: Scope,
        wanted: ListFilter = _EVERY,
        limit: int,
        offset: int,
        managed: Scope | None = None,
    ) -> list[Document]:
        """Documents by name or by date, then id."""
        query = _DOCUMENTS.where(_seen(scope, managed), *_matching(wanted))
        page = query.order_by(*_order(wanted)).limit(limit).offset(offset)
        return self._all(page)

    def list_names(self, *, scope: Scope) -> list[tuple[str, str]]:
        """Name and title of every document that can be found, by name."""
        query = (
            select(documents.c.name, documents.c.title)
            .join(
                _live,
                and_(_live.c.document_id == documents.c.id, _live.c.state == VersionState.LIVE),
            )
            .where(shown(documents), within(scope, documents))
            .order_by(documents.c.name, documents.c.id)
        )
        return [(row.name, row.title) for row in self._transaction.read(query)]

    def live_versions(
        self,
        document_ids: Sequence[DocumentId],
        *,
        scope: Scope,
        managed: Scope | None = None,
    ) -> dict[DocumentId, DocumentVersion]:
        """The live version of each of these documents (any number); absent when it has none."""
        found: dict[DocumentId, DocumentVersion] = {}
        for batch in batches(document_ids):
            query = (
                select(versions)
                .join(documents, documents.c.id == versions.c.document_id)
                .where(
                    versions.c.document_id.in_(batch),
                    versions.c.state == VersionState.LIVE,
                    _seen(scope, managed),
                )
            )
            rows = self._transaction.read(query)
            found.update((DocumentId(row.document_id), version_of(row)) for row in rows)
        return found

    def list_of_contents(self, hashes: Sequence[str], *, scope: Scope) -> list[Document]:
        """Those whose last content has one of the SHA-256 (any number), oldest first."""
        found: list[Document] = []
        for batch in batches(sorted(set(hashes))):
            found += self._all(
                _DOCUMENTS.where(documents.c.sha256.in_(batch), within(scope, documents))
            )
        return sorted(found, key=lambda each: (each.created_at, each.id))

    def held_contents(self, hashes: Sequence[str], *, scope: Scope) -> frozenset[str]:
        """Those of the SHA-256 (any number) that a document of the scope or a version of it has."""
        own = and_(~documents.c.is_deleted, within(scope, documents))
        held: set[str] = set()
        for batch in batches(hashes):
            announced = select(documents.c.sha256).where(documents.c.sha256.in_(batch), own)
            read = (
                select(versions.c.sha256)
                .join(documents, documents.c.id == versions.c.document_id)
                .where(versions.c.sha256.in_(batch), own)
            )
            held.update(row.sha256 for row in self._transaction.read(union(announced, read)))
        return frozenset(held)

    def counts(self, *, scope: Scope, managed: Scope | None = None) -> DocumentCounts:
        """How many documents are in each state."""
        is_excluded = documents.c.excluded_at.is_not(None)
        rows = self._transaction.read(
            select(
                documents.c.state,
                is_excluded.label("is_excluded"),
                func.count().label("documents"),
                func.sum(documents.c.chunk_count).label("chunks"),
            )
            .where(_seen(scope, managed))
            .group_by(documents.c.state, is_excluded)
        )
        read = [row for row in rows if not row.is_excluded]
        states: dict[DocumentState, int] = {row.state: row.documents for row in read}
        return DocumentCounts(
            pending=states.get(DocumentState.PENDING, 0),
            live=states.get(DocumentState.LIVE, 0),
            failed=states.get(DocumentState.FAILED, 0),
            chunks=sum(row.chunks for row in read),
            excluded=sum(row.documents for row in rows if row.is_excluded),
        )

    def delete(self, document_id: DocumentId, *, scope: Scope, now: datetime) -> None:
        """Delete a document: unquotable from the commit on; its versions become RETIRED.

        Raises:
            NotFound: No such document in the scope.
        """
        self._transaction.lock()
        found = self.find(document_id, scope=scope, managed=scope)
        if found is None:
            raise NotFound
        self._transaction.forget(document_key(document_id))
        self._transaction.forget(ITEM_KEYS)
        retired = self._transaction.write(
            update(versions)
            .where(versions.c.document_id == document_id)
            .values(state=VersionState.RETIRED)
        )
        this = documents.c.id == document_id
        if retired:
            self._note_deleted(found, now=now)
            self._transaction.write(
                update(documents).where(this).values(is_deleted=True, chunk_count=0)
            )
        else:
            self._transaction.write(documents.delete().where(this))

    def erase(self, document_id: DocumentId, *, scope: Scope, now: datetime) -> None:
        """Delete a document, also an excluded one, and what is kept of it elsewhere.

        Raises:
            NotFound: No such document in the scope.
        """
        self._transaction.lock()
        if self.find(document_id, scope=scope, managed=scope) is None:
            raise NotFound
        erase_traces(self._transaction, document_id, now=now)
        self.delete(document_id, scope=scope, now=now)

    def deleted_at(
        self, document_ids: Collection[DocumentId], *, scope: Scope
    ) -> dict[DocumentId, datetime]:
        """When each of these documents (any number) was deleted; absent when it was not, or not of the scope."""
        found: dict[DocumentId, datetime] = {}
        for batch in batches(document_ids):
            query = select(gone.c.document_id, gone.c.deleted_at).where(
                gone.c.document_id.in_(batch), within(scope, gone)
            )
            found.update((row.document_id, row.deleted_at) for row in self._transaction.read(query))
        return found

    def _note_deleted(self, document: Document, *, now: datetime) -> None:
        self._transaction.write(
            gone.insert().values(
                document_id=document.id,
                tenant_id=document.tenant_id,
                collection_id=document.collection_id,
                deleted_at=now,
            )
        )

    def _all(self, query: Select[Any]) -> list[Document]:
        found = [document_of(row) for row in self._transaction.read(query)]
        for document in found:
            self._transaction.remember(document_key(document.id), document_columns(document))
        return found

    def _one(self, query: Select[Any]) -> Document | None:
        found = self._all(query)
        return found[0] if found else None


def _seen(scope: Scope, managed: Scope | None) -> ColumnElement[bool]:
    return and_(shown(documents, managed), within(scope, documents))


def _matching(wanted: ListFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.state is not None:
        yield and_(documents.c.state == wanted.state, documents.c.excluded_at.is_(None))
    if wanted.is_excluded is not None:
        yield documents.c.excluded_at.is_not(None) == wanted.is_excluded
    if wanted.name_contains:
        part = wanted.name_contains.casefold()
        yield documents.c.folded_name.contains(part, autoescape=True)
    if wanted.format is not None:
        yield documents.c.format == wanted.format
    if wanted.has_problems:
        yield or_(
            documents.c.reason_code.is_not(None),
            documents.c.notices != _NO_NOTICES,
            type_coerce(readings.c.quality, Text).contains(_SUSPECT),
        )


def _order(wanted: ListFilter) -> tuple[ColumnElement[Any], ...]:
    by_name = (documents.c.name, documents.c.id)
    if not wanted.by_date:
        return by_name
    return (case((documents.c.date.is_(None), 1), else_=0), documents.c.date.desc(), *by_name)
