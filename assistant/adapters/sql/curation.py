"""What people put right of documents, and which they exclude."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, literal, select, update

from assistant.adapters.sql.copies import served_content, serving
from assistant.adapters.sql.cuts import active_cut
from assistant.adapters.sql.document_tables import document_corrections as corrections
from assistant.adapters.sql.documents import SqlDocumentRepository, document_key
from assistant.adapters.sql.rows import version_of
from assistant.adapters.sql.scoping import within
from assistant.adapters.sql.tables import chunks, documents, job_items, jobs, versions
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.corrections import CorrectedFields, Correction, Exclusion, Labels
from assistant.domain.documents import Document, VersionRecord, VersionState
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import DocumentId
from assistant.domain.tenancy import Scope
from ingest.model import DocumentKind

_SEARCHED = func.coalesce(func.nullif(versions.c.searched_title, ""), versions.c.title)
_STANDING = (VersionState.READY, VersionState.LIVE)


class SqlCurationRepository:
    """Implements `CurationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._documents = SqlDocumentRepository(transaction)

    def correct(self, document_id: DocumentId, correction: Correction, *, scope: Scope) -> bool:
        """Keep a correction in place of the one before; it holds from the commit on.

        Returns:
            True when a version is kept that was embedded with another title.

        Raises:
            NotFound: No such document within the scope.
            Conflict: Another revision is kept ("correction_outdated").
        """
        self._transaction.lock()
        document = self._found(document_id, scope=scope)
        before = document.correction
        if correction.revision != (before.revision if before else 0) + 1:
            raise Conflict("correction_outdated")
        self._keep(document, correction)
        labels = correction.fields.over(self._read(document))
        self._transaction.forget(document_key(document_id))
        self._transaction.write(
            update(documents)
            .where(documents.c.id == document_id)
            .values(title=labels.title, kind=labels.kind, date=labels.date)
        )
        return self._outdate(document_id, fields=correction.fields)

    def exclude(
        self, document_ids: Collection[DocumentId], *, exclusion: Exclusion | None, scope: Scope
    ) -> list[Document]:
        """Exclude documents from all reading, or with None bring them back, from the commit on.

        Returns:
            Those that this changes, as they were.

        Raises:
            NotFound: One of them is not within the scope; nothing changes.
        """
        self._transaction.lock()
        found = [self._found(each, scope=scope) for each in dict.fromkeys(document_ids)]
        changed = [each for each in found if (each.exclusion is None) != (exclusion is None)]
        for document in changed:
            self._transaction.forget(document_key(document.id))
            self._transaction.write(
                update(documents)
                .where(documents.c.id == document.id)
                .values(
                    excluded_at=exclusion.at if exclusion else None,
                    excluded_by=exclusion.by if exclusion else None,
                )
            )
        return changed

    def copies(self, document_id: DocumentId, *, scope: Scope, limit: int) -> list[Document]:
        """The other documents of the scope that serve the very content that this one serves, by name.

        Raises:
            NotFound: No such document within the scope.
            Conflict: It is not served ("document_not_served").
        """
        self._found(document_id, scope=scope)
        own = self._transaction.first(served_content(document_id, scope=scope))
        if own is None:
            raise Conflict("document_not_served")
        others = serving(own.sha256, scope=scope).where(documents.c.id != document_id)
        rows = self._transaction.read(others.limit(limit))
        return [self._found(row.id, scope=scope) for row in rows]

    def excluded_among(
        self, document_ids: Collection[DocumentId], *, scope: Scope
    ) -> frozenset[DocumentId]:
        """Those of the documents (any number) within the scope that are excluded."""
        found: set[DocumentId] = set()
        for batch in batches(document_ids):
            query = select(documents.c.id).where(
                documents.c.id.in_(batch),
                documents.c.excluded_at.is_not(None),
                within(scope, documents),
            )
            found.update(DocumentId(row.id) for row in self._transaction.read(query))
        return frozenset(found)

    def history(self, document_id: DocumentId, *, scope: Scope) -> list[VersionRecord]:
        """The versions of a document that the database holds, newest first."""
        number = select(func.count()).where(
            chunks.c.version_id == versions.c.id, chunks.c.cut == active_cut()
        )
        query = (
            select(versions, number.scalar_subquery().label("chunk_count"))
            .where(versions.c.document_id == document_id, within(scope, versions))
            .order_by(versions.c.number.desc())
        )
        origins = self._origins(document_id)
        return [
            _record_of(row, origin=origins.get(row.id)) for row in self._transaction.read(query)
        ]

    def _origins(self, document_id: DocumentId) -> dict[str, tuple[int | None, Row[Any]]]:
        """By version: which reading of the document it was, if that is known, and the job that asked for it."""
        query = (
            select(job_items.c.version_id, jobs.c.id, jobs.c.created_by)
            .select_from(job_items.join(jobs, jobs.c.id == job_items.c.job_id))
            .where(job_items.c.document_id == document_id, job_items.c.version_id.is_not(None))
            .order_by(job_items.c.number)
        )
        rows = self._transaction.read(query)
        is_whole = not self._has_lost_lines(document_id)
        found: dict[str, tuple[int | None, Row[Any]]] = {
            row.version_id: (None, row) for row in self._remembered(document_id)
        }
        for number, row in enumerate(rows, start=1):
            found[row.version_id] = (number if is_whole else None, row)
        return found

    def _has_lost_lines(self, document_id: DocumentId) -> bool:
        """True when a line that told of a document may have been forgotten, so that counting misleads.

        A job that told of it ended after it was made. Its versions would not do: a reading that was
        replaced is gone with the job that asked for it.
        """
        own = (
            select(jobs.c.id)
            .join(
                documents,
                and_(
                    documents.c.tenant_id == jobs.c.tenant_id,
                    documents.c.collection_id == jobs.c.collection_id,
                ),
            )
            .where(
                documents.c.id == document_id,
                jobs.c.forgotten.is_not(None),
                func.coalesce(jobs.c.finished_at, documents.c.created_at) >= documents.c.created_at,
            )
        )
        return self._transaction.first(own.limit(1)) is not None

    def _remembered(self, document_id: DocumentId) -> Sequence[Row[Any]]:
        """Versions whose line in their job is no longer kept, and the job."""
        return self._transaction.read(
            select(versions.c.id.label("version_id"), jobs.c.id, jobs.c.created_by)
            .select_from(versions.join(jobs, jobs.c.id == versions.c.asked_in))
            .where(versions.c.document_id == document_id)
        )

    def _found(self, document_id: DocumentId, *, scope: Scope) -> Document:
        document = self._documents.find(document_id, scope=scope, managed=scope)
        if document is None:
            raise NotFound
        return document

    def _read(self, document: Document) -> Labels:
        """What the live version says; of a document without one, what is known of it, or its name."""
        row = self._transaction.first(
            select(versions.c.title, versions.c.kind, versions.c.date).where(
                versions.c.document_id == document.id, versions.c.state == VersionState.LIVE
            )
        )
        if row is None and document.correction is None:
            return Labels(document.title, document.kind, document.date)
        if row is None:
            return Labels(document.name.rsplit("/", 1)[-1], DocumentKind.OTHER, None)
        return Labels(row.title, row.kind, row.date)

    def _keep(self, document: Document, correction: Correction) -> None:
        fields = correction.fields
        values = {
            "title": fields.title,
            "kind": fields.kind,
            "date": fields.date,
            "is_undated": fields.is_undated,
            "revision": correction.revision,
            "corrected_by": correction.by,
            "corrected_at": correction.at,
        }
        own = corrections.c.document_id == document.id
        if document.correction is not None:
            self._transaction.write(update(corrections).where(own).values(**values))
            return
        self._transaction.write(
            corrections.insert().values(
                document_id=document.id,
                tenant_id=document.tenant_id,
                collection_id=document.collection_id,
                **values,
            )
        )

    def _outdate(self, document_id: DocumentId, *, fields: CorrectedFields) -> bool:
        """Take the fingerprint of what was embedded with another title; True when there is some."""
        wanted = versions.c.title if fields.title is None else literal(fields.title)
        touched = self._transaction.write(
            update(versions)
            .where(
                and_(versions.c.document_id == document_id, versions.c.state.in_(_STANDING)),
                wanted != _SEARCHED,
            )
            .values(fingerprint="")
        )
        return touched > 0


def fields_of_document(transaction: Transaction, document_id: DocumentId) -> CorrectedFields:
    """What people corrected of a document; without fields when nobody did."""
    row = transaction.first(select(corrections).where(corrections.c.document_id == document_id))
    if row is None:
        return CorrectedFields()
    return CorrectedFields(row.title, row.kind, row.date, row.is_undated)


def _record_of(row: Row[Any], *, origin: tuple[int | None, Row[Any]] | None) -> VersionRecord:
    version = version_of(row)
    if origin is None:
        return VersionRecord(version, row.chunk_count)
    number, job = origin
    return VersionRecord(version, row.chunk_count, number, job.id, job.created_by)
