"""A data folder that holds many made-up documents: what a server finds at its start."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from assistant.bootstrap import build
from assistant.containers import Container
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import (
    Document,
    DocumentState,
    DocumentVersion,
    NewChunk,
    VersionState,
)
from assistant.domain.ids import ChunkId, DocumentId, VersionId, new_id
from assistant.domain.retrieval import EmbedderIdentity, Vector
from assistant.domain.tenancy import Collection
from assistant.settings import Settings
from eval.bench.search import Synthesis
from ingest.model import Chunk, DocumentKind, FileFormat, Locator

CHUNKS_OF_DOCUMENT = 20
WORDS_OF_CHUNK = 110
TOKENS_OF_CHUNK = 220
_DOCUMENTS_OF_COMMIT = 50
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def fill_data_folder(data_dir: Path, *, chunks: int) -> None:
    """Make a data folder whose database and index hold as many live chunks, with their vectors."""
    synthesis = Synthesis(7)
    with closing(build(Settings(data_dir=data_dir), role="web")) as container:
        container.access.ensure_default()
        with container.open_work() as work:
            tenant = work.tenancy.list_tenants()[0]
            collection = work.tenancy.list_collections(tenant_id=tenant.id)[0]
            work.ledger.set_active_index(container.embedder.identity.id)
            work.commit()
        documents = [
            made_document(collection, number=n) for n in range(chunks // CHUNKS_OF_DOCUMENT)
        ]
        for start in range(0, len(documents), _DOCUMENTS_OF_COMMIT):
            batch = documents[start : start + _DOCUMENTS_OF_COMMIT]
            store(container, batch, synthesis=synthesis)


def store(
    container: Container,
    documents: Sequence[Document],
    *,
    synthesis: Synthesis,
    also: Mapping[EmbedderIdentity, Callable[[], Vector]] = MappingProxyType({}),
) -> None:
    """Put live documents of made-up chunks into database and index; with vectors of other embedders."""
    versions: list[DocumentVersion] = []
    with container.open_work() as work:
        for document in documents:
            version = made_version(document)
            chunks = [
                made_chunk(version, ordinal=n, synthesis=synthesis)
                for n in range(CHUNKS_OF_DOCUMENT)
            ]
            vectors = {chunk.embedded_hash: synthesis.vector() for chunk in chunks}
            work.documents.add(document)
            work.vectors.add(vectors, embedder=container.embedder.identity)
            for embedder, vector in also.items():
                work.vectors.add({key: vector() for key in vectors}, embedder=embedder)
            work.ledger.add_version(version, chunks)
            work.ledger.make_live(version.id, now=NOW)
            versions.append(version)
        work.commit()
    with container.open_work() as work:
        for version in versions:
            container.index.upsert(
                work.ledger.points_of(
                    version.id, embedder_id=container.embedder.identity.id, cut=ORDINARY
                )
            )


def made_document(collection: Collection, *, number: int) -> Document:
    """A document of a collection, named by its number."""
    name = f"actes/{number:06}.txt"
    return Document(
        id=DocumentId(new_id()),
        tenant_id=collection.tenant_id,
        collection_id=collection.id,
        source="upload",
        name=name,
        state=DocumentState.PENDING,
        created_at=NOW,
        updated_at=NOW,
        sha256=_sha256(name),
        size_bytes=CHUNKS_OF_DOCUMENT * WORDS_OF_CHUNK * 7,
        title=name,
    )


def made_version(document: Document) -> DocumentVersion:
    """The one version of a document, ready to be shown."""
    return DocumentVersion(
        id=VersionId(new_id()),
        document_id=document.id,
        tenant_id=document.tenant_id,
        collection_id=document.collection_id,
        state=VersionState.READY,
        sha256=document.sha256,
        fingerprint=_sha256(f"{document.sha256} fingerprint"),
        title=document.title,
        format=FileFormat.TEXT,
        kind=DocumentKind.OTHER,
        date=None,
        page_count=0,
        notices=(),
        created_at=NOW,
    )


def made_chunk(version: DocumentVersion, *, ordinal: int, synthesis: Synthesis) -> NewChunk:
    """A passage of a version, of made-up words."""
    locator = Locator(section=(f"Partie {ordinal}",), first_block=ordinal, last_block=ordinal)
    text = synthesis.text(WORDS_OF_CHUNK)
    chunk = Chunk(ordinal=ordinal, text=text, locator=locator, tokens=TOKENS_OF_CHUNK)
    digest = _sha256(chunk.embedded_text(title=version.title))
    return NewChunk(ChunkId(new_id()), ordinal, text, locator, TOKENS_OF_CHUNK, digest)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
