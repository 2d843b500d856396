"""What the index must hold. Sees every tenant: for the machinery, never for a reader."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, exists, func, literal, not_, select, update

from assistant.adapters.sql.contents import drop_record, keep_record, list_unused
from assistant.adapters.sql.curation import fields_of_document
from assistant.adapters.sql.cuts import active_cut, chunk_columns, is_uncut
from assistant.adapters.sql.documents import document_key
from assistant.adapters.sql.evaluation_rows import drop_quotes_of
from assistant.adapters.sql.locators import load_locator
from assistant.adapters.sql.rows import reason_fields, version_columns, version_of
from assistant.adapters.sql.tables import chunks as chunk_table
from assistant.adapters.sql.tables import documents, index_state, vectors, versions
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.corrections import Labels
from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import (
    DocumentState,
    DocumentVersion,
    NewChunk,
    Reason,
    VersionState,
)
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import VersionId
from assistant.domain.retrieval import IndexPoint, searched_text
from ingest.model import Chunk


class SqlIndexLedger:
    """Implements `IndexLedger`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_version(
        self, version: DocumentVersion, chunks: Sequence[NewChunk], *, cut: Cut = ORDINARY
    ) -> None:
        """Keep a complete READY version with its chunks; replaces an older READY one of its document.

        Raises:
            ValueError: The version is not READY.
            NotFound: Its document is deleted or unknown.
        """
        if version.state is not VersionState.READY:
            raise ValueError("a new version is READY")
        rows = [chunk_columns(chunk, version_id=version.id, cut=cut) for chunk in chunks]
        self._transaction.lock()
        if not self._has_document(version):
            raise NotFound
        self._transaction.write(
            update(versions)
            .where(
                versions.c.document_id == version.document_id,
                versions.c.state == VersionState.READY,
            )
            .values(state=VersionState.RETIRED)
        )
        self._transaction.write(versions.insert().values(**version_columns(version)))
        self._transaction.write(chunk_table.insert(), rows)
        keep_record(self._transaction, [version.sha256])

    def ready_versions(self, *, limit: int) -> list[DocumentVersion]:
        """Versions that wait for the index, oldest first."""
        query = (
            select(versions)
            .where(versions.c.state == VersionState.READY)
            .order_by(versions.c.number)
            .limit(limit)
        )
        return [version_of(row) for row in self._transaction.read(query)]

    def live_versions(self, cut: Cut) -> dict[VersionId, int]:
        """Number of chunks of every live version, oldest first: what an index of a cut must hold.

        A version that is still to be cut so counts one.
        """
        is_own = case((chunk_table.c.cut == cut.id, 1))
        number = case(
            (func.count(chunk_table.c.version_id) == 0, 0),
            (func.count(is_own) == 0, 1),
            else_=func.count(is_own),
        )
        query = (
            select(versions.c.id, number.label("chunks"))
            .select_from(versions.outerjoin(chunk_table, chunk_table.c.version_id == versions.c.id))
            .where(versions.c.state == VersionState.LIVE)
            .group_by(versions.c.id, versions.c.number)
            .order_by(versions.c.number)
        )
        return {VersionId(row.id): row.chunks for row in self._transaction.read(query)}

    def live_among(self, version_ids: Sequence[VersionId]) -> frozenset[VersionId]:
        """Those of the versions (any number) that are LIVE."""
        found: set[VersionId] = set()
        for batch in batches(version_ids):
            query = select(versions.c.id).where(
                versions.c.id.in_(batch), versions.c.state == VersionState.LIVE
            )
            found.update(VersionId(row.id) for row in self._transaction.read(query))
        return frozenset(found)

    def points_of(self, version_id: VersionId, *, embedder_id: str, cut: Cut) -> list[IndexPoint]:
        """The points of a version, in order of its chunks of a cut.

        Raises:
            Conflict: It is still to be cut so ("cut_missing"), or some vector of this embedder is
                missing ("vectors_missing").
        """
        of_chunk = and_(
            vectors.c.hash == chunk_table.c.embedded_hash, vectors.c.embedder_id == embedder_id
        )
        query = (
            select(*_TEXT_COLUMNS, *_OWNER_COLUMNS, documents.c.name, vectors.c.vector)
            .select_from(
                _CHUNKS.join(documents, documents.c.id == versions.c.document_id).outerjoin(
                    vectors, of_chunk
                )
            )
            .where(versions.c.id == version_id, chunk_table.c.cut == cut.id)
            .order_by(chunk_table.c.ordinal)
        )
        rows = self._transaction.read(query)
        if not rows and self._is_uncut(version_id, cut=cut):
            raise Conflict("cut_missing")
        if any(row.vector is None for row in rows):
            raise Conflict("vectors_missing")
        texts = _document_texts(rows)
        return [
            _point_of(row, document_texts=() if place else texts) for place, row in enumerate(rows)
        ]

    def texts_of(self, version_id: VersionId, cut: Cut) -> dict[str, str]:
        """Embedded text of each chunk of a version under a cut by its hash, to embed it again."""
        query = (
            select(*_TEXT_COLUMNS, chunk_table.c.embedded_hash)
            .select_from(_CHUNKS)
            .where(versions.c.id == version_id, chunk_table.c.cut == cut.id)
            .order_by(chunk_table.c.ordinal)
        )
        return {
            row.embedded_hash: _embedded_text(row, title=_title_of(row))
            for row in self._transaction.read(query)
        }

    def make_live(self, version_id: VersionId, *, now: datetime) -> bool:
        """Show a READY version in one step: it becomes LIVE, its predecessor RETIRED, its document LIVE.

        Why an older attempt failed is forgotten; why one begun since failed stays.

        Returns:
            False, and nothing changes, when the version is no longer READY or its document is deleted.
        """
        self._transaction.lock()
        row = self._transaction.first(
            select(versions)
            .join(documents, documents.c.id == versions.c.document_id)
            .where(
                versions.c.id == version_id,
                versions.c.state == VersionState.READY,
                ~documents.c.is_deleted,
            )
        )
        if row is None:
            return False
        version = version_of(row)
        self._retire_live_of(version)
        self._set_state(version_id, state=VersionState.LIVE)
        self._show(version, now=now)
        return True

    def is_live(self, version_id: VersionId) -> bool:
        """True when the version is the one shown of its document."""
        this = and_(versions.c.id == version_id, versions.c.state == VersionState.LIVE)
        return self._transaction.first(select(versions.c.id).where(this)) is not None

    def refuse_version(self, version_id: VersionId, *, reason: Reason, now: datetime) -> bool:
        """Give up a READY version: it becomes RETIRED, its document tells why; what is live stays.

        Returns:
            False, and nothing changes, when the version is no longer READY.
        """
        self._transaction.lock()
        is_ready = and_(versions.c.id == version_id, versions.c.state == VersionState.READY)
        row = self._transaction.first(select(versions.c.document_id).where(is_ready))
        if row is None:
            return False
        self._set_state(version_id, state=VersionState.RETIRED)
        self._transaction.forget(document_key(row.document_id))
        state = case(
            (documents.c.state == DocumentState.LIVE, documents.c.state),
            else_=literal(DocumentState.FAILED, documents.c.state.type),
        )
        self._transaction.write(
            update(documents)
            .where(documents.c.id == row.document_id)
            .values(state=state, updated_at=now, **reason_fields(reason))
        )
        return True

    def retired_versions(self, *, limit: int) -> list[VersionId]:
        """Versions to remove from the index, oldest first."""
        query = (
            select(versions.c.id)
            .where(versions.c.state == VersionState.RETIRED)
            .order_by(versions.c.number)
            .limit(limit)
        )
        return [VersionId(row.id) for row in self._transaction.read(query)]

    def forget_version(self, version_id: VersionId) -> None:
        """Delete a RETIRED version and its chunks, its document when deleted, and vectors nobody uses.

        Results of evaluations that quote it lose these quotes and their text.

        No error when it is unknown.

        Raises:
            Conflict: It is not RETIRED.
        """
        self._transaction.lock()
        row = self._transaction.first(select(versions).where(versions.c.id == version_id))
        if row is None:
            return
        if row.state is not VersionState.RETIRED:
            raise Conflict
        self._drop_vectors_only_of(version_id)
        drop_quotes_of(self._transaction, version_id)
        self._transaction.write(chunk_table.delete().where(chunk_table.c.version_id == version_id))
        self._transaction.write(versions.delete().where(versions.c.id == version_id))
        self._transaction.write(
            documents.delete().where(
                documents.c.id == row.document_id,
                documents.c.is_deleted,
                not_(exists().where(versions.c.document_id == row.document_id)),
            )
        )

    def note_files(self, hashes: Collection[str]) -> None:
        """Keep the records of contents that are in the file store."""
        keep_record(self._transaction, hashes)

    def unused_files(self, *, limit: int) -> list[str]:
        """SHA-256 of file contents that no document, version or open job item refers to any more.

        When there are some, nobody else writes until this unit of work ends: remove them from the
        store and forget them in the same unit, and nothing can begin to refer to them meanwhile.
        """
        return list(list_unused(self._transaction, limit=limit))

    def forget_file(self, sha256: str) -> None:
        """Drop the record of a content after its removal from the file store."""
        drop_record(self._transaction, sha256)

    def active_index(self) -> str | None:
        """Embedder id of the index in use, None before the first."""
        row = self._transaction.first(select(index_state.c.embedder_id))
        return None if row is None else row.embedder_id

    def set_active_index(self, embedder_id: str) -> None:
        """Name the embedder of the index in use."""
        self._transaction.write(index_state.delete())
        self._transaction.write(index_state.insert().values(id=1, embedder_id=embedder_id))

    def _is_uncut(self, version_id: VersionId, *, cut: Cut) -> bool:
        query = select(versions.c.id).where(versions.c.id == version_id, is_uncut(cut))
        return self._transaction.first(query) is not None

    def _has_document(self, version: DocumentVersion) -> bool:
        query = select(documents.c.id).where(
            documents.c.id == version.document_id, ~documents.c.is_deleted
        )
        return self._transaction.first(query) is not None

    def _set_state(self, version_id: VersionId, *, state: VersionState) -> None:
        self._transaction.write(
            update(versions).where(versions.c.id == version_id).values(state=state)
        )

    def _retire_live_of(self, version: DocumentVersion) -> None:
        self._transaction.write(
            update(versions)
            .where(
                versions.c.document_id == version.document_id,
                versions.c.state == VersionState.LIVE,
            )
            .values(state=VersionState.RETIRED)
        )

    def _show(self, version: DocumentVersion, *, now: datetime) -> None:
        self._transaction.forget(document_key(version.document_id))
        corrected = fields_of_document(self._transaction, version.document_id)
        labels = corrected.over(Labels(version.title, version.kind, version.date))
        number = (
            select(func.count())
            .where(chunk_table.c.version_id == version.id, chunk_table.c.cut == active_cut())
            .scalar_subquery()
        )
        is_newer = documents.c.updated_at > version.created_at
        self._transaction.write(
            update(documents)
            .where(documents.c.id == version.document_id)
            .values(
                state=DocumentState.LIVE,
                updated_at=now,
                title=labels.title,
                format=version.format,
                kind=labels.kind,
                date=labels.date,
                page_count=version.page_count,
                chunk_count=number,
                notices=[notice.value for notice in version.notices],
                **{
                    column.name: case((is_newer, column), else_=None)
                    for column in (documents.c.reason_code, documents.c.reason_params)
                },
            )
        )

    def _drop_vectors_only_of(self, version_id: VersionId) -> None:
        others = chunk_table.alias("others")
        of_version = select(chunk_table.c.embedded_hash).where(
            chunk_table.c.version_id == version_id
        )
        self._transaction.write(
            vectors.delete().where(
                vectors.c.hash.in_(of_version),
                not_(
                    exists().where(
                        others.c.embedded_hash == vectors.c.hash,
                        others.c.version_id != version_id,
                    )
                ),
            )
        )


_CHUNKS = versions.join(chunk_table, chunk_table.c.version_id == versions.c.id)
_TEXT_COLUMNS = (
    chunk_table.c.ordinal,
    chunk_table.c.text,
    chunk_table.c.locator,
    chunk_table.c.tokens,
    versions.c.title,
    versions.c.searched_title,
)
_OWNER_COLUMNS = (
    chunk_table.c.id,
    chunk_table.c.version_id,
    versions.c.tenant_id,
    versions.c.collection_id,
    versions.c.document_id,
)


def _title_of(row: Row[Any]) -> str:
    """The title that the chunks of a version were embedded with."""
    return row.searched_title or row.title


def _embedded_text(row: Row[Any], *, title: str) -> str:
    chunk = Chunk(
        ordinal=row.ordinal, text=row.text, locator=load_locator(row.locator), tokens=row.tokens
    )
    return chunk.embedded_text(title=title)


def _document_texts(rows: Sequence[Row[Any]]) -> list[str]:
    """What a whole document is searched by: its title, its name, then each chunk under its headings."""
    if not rows:
        return []
    head = searched_text(_title_of(rows[0]), name=rows[0].name)
    return [head, *(_embedded_text(row, title="") for row in rows)]


def _point_of(row: Row[Any], *, document_texts: Sequence[str]) -> IndexPoint:
    return IndexPoint(
        chunk_id=row.id,
        tenant_id=row.tenant_id,
        collection_id=row.collection_id,
        document_id=row.document_id,
        version_id=row.version_id,
        vector=row.vector,
        text=searched_text(_embedded_text(row, title=_title_of(row)), name=row.name),
        document_texts=document_texts,
    )
