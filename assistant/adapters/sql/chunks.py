"""Chunks of live versions. The one query below is the only way to a chunk's text for a reader."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, select

from assistant.adapters.sql.cuts import active_cut
from assistant.adapters.sql.links import find_successors
from assistant.adapters.sql.rows import chunk_of
from assistant.adapters.sql.scoping import shown, within
from assistant.adapters.sql.tables import chunks, documents, readings, versions
from assistant.adapters.sql.tenant_tables import collections
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.documents import SourceChunk, VersionState
from assistant.domain.ids import ChunkId, DocumentId
from assistant.domain.links import followed
from assistant.domain.tenancy import Scope

_COLUMNS: tuple[ColumnElement[Any], ...] = (
    chunks.c.id,
    versions.c.document_id,
    chunks.c.version_id,
    documents.c.tenant_id,
    documents.c.collection_id,
    chunks.c.ordinal,
    chunks.c.text,
    chunks.c.locator,
    chunks.c.tokens,
    documents.c.name.label("file"),
    # of the document, not of the version: what people corrected holds
    documents.c.title,
    documents.c.kind,
    documents.c.date,
    versions.c.format,
    readings.c.status,
    # no join: the planner must go on starting from the ids of chunks
    select(collections.c.label)
    .where(collections.c.id == documents.c.collection_id)
    .scalar_subquery()
    .label("label"),
)


class SqlChunkRepository:
    """Implements `ChunkRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def find_live(
        self, chunk_ids: Sequence[ChunkId], *, scope: Scope
    ) -> dict[ChunkId, SourceChunk]:
        """Those of the chunks that are live and within the scope; the others are absent."""
        found: dict[ChunkId, SourceChunk] = {}
        for batch in batches(chunk_ids):
            query = live_chunks(scope).where(chunks.c.id.in_(batch))
            for chunk in self._all(query, scope=scope):
                found[chunk.id] = chunk
        return found

    def live_ids(self, chunk_ids: Collection[ChunkId], *, scope: Scope) -> frozenset[ChunkId]:
        """Those of the chunks (any number) that are live and within the scope."""
        found: set[ChunkId] = set()
        for batch in batches(chunk_ids):
            query = live_chunks(scope).where(chunks.c.id.in_(batch))
            query = query.with_only_columns(chunks.c.id, maintain_column_froms=True)
            found.update(row.id for row in self._transaction.read(query))
        return frozenset(found)

    def section_around(self, chunk_id: ChunkId, *, scope: Scope, radius: int) -> list[SourceChunk]:
        """A live chunk and up to `radius` chunks before and after it in its document, in order."""
        centre = self.find_live([chunk_id], scope=scope).get(chunk_id)
        if centre is None:
            return []
        return self._all(
            live_chunks(scope)
            .where(
                chunks.c.version_id == centre.version_id,
                chunks.c.cut == _cut_of(chunk_id),
                chunks.c.ordinal.between(centre.ordinal - radius, centre.ordinal + radius),
            )
            .order_by(chunks.c.ordinal),
            scope=scope,
        )

    def list_of_document(
        self,
        document_id: DocumentId,
        *,
        scope: Scope,
        limit: int,
        offset: int,
        managed: Scope | None = None,
    ) -> list[SourceChunk]:
        """Live chunks of a document, in order."""
        return self._all(
            live_chunks(scope, managed=managed)
            .where(documents.c.id == document_id, chunks.c.cut == active_cut())
            .order_by(chunks.c.ordinal)
            .limit(limit)
            .offset(offset),
            scope=scope,
        )

    def find_text(self, document_id: DocumentId, *, text: str, scope: Scope) -> ChunkId | None:
        """The first live chunk of a document that says exactly this; None when none does."""
        query = (
            live_chunks(scope)
            .with_only_columns(chunks.c.id, maintain_column_froms=True)
            .where(
                documents.c.id == document_id, chunks.c.text == text, chunks.c.cut == active_cut()
            )
            .order_by(chunks.c.ordinal)
            .limit(1)
        )
        row = self._transaction.first(query)
        return None if row is None else ChunkId(row.id)

    def sample_headings(self, *, scope: Scope, limit: int) -> list[SourceChunk]:
        """First chunks of up to `limit` different documents, for example questions; by document id."""
        first = (
            select(documents.c.id)
            .where(within(scope, documents), shown(documents), documents.c.chunk_count > 0)
            .order_by(documents.c.id)
            .limit(limit)
        )
        return self._all(
            live_chunks(scope)
            .where(documents.c.id.in_(first), chunks.c.ordinal == 0, chunks.c.cut == active_cut())
            .order_by(documents.c.id),
            scope=scope,
        )

    def _all(self, query: Select[Any], *, scope: Scope) -> list[SourceChunk]:
        """Each says what takes the place of its document, whoever reads it."""
        found = [chunk_of(row) for row in self._transaction.read(query)]
        ids = {chunk.document_id for chunk in found}
        later = find_successors(self._transaction, ids, scope=scope)
        return [followed(each, by=later.get(each.document_id, ())) for each in found]


def _cut_of(chunk_id: ChunkId) -> ScalarSelect[str]:
    own = chunks.alias("own")
    return select(own.c.cut).where(own.c.id == chunk_id).scalar_subquery()


def live_chunks(scope: Scope, *, managed: Scope | None = None) -> Select[Any]:
    """Chunks that may be read within a scope, with what a citation shows of their document.

    Args:
        scope: What the reader may read.
        managed: See `shown`; given for the page of one document alone.
    """
    return (
        select(*_COLUMNS)
        .select_from(
            chunks.join(versions, versions.c.id == chunks.c.version_id)
            .join(documents, documents.c.id == versions.c.document_id)
            .outerjoin(readings, readings.c.version_id == versions.c.id)
        )
        .where(
            versions.c.state == VersionState.LIVE,
            shown(documents, managed),
            within(scope, documents),
        )
    )
