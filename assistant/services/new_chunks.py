"""Chunks of a reading on their way into the database."""

from __future__ import annotations

from assistant.domain.documents import NewChunk
from assistant.domain.ids import ChunkId, TenantId, new_id
from assistant.services.fingerprints import embedded_hash_of
from ingest.model import IngestedFile


def texts_by_hash(ingested: IngestedFile, *, title: str, tenant_id: TenantId) -> dict[str, str]:
    """Embedded text of each chunk of a tenant's file under a title, by its hash."""
    texts = (chunk.embedded_text(title=title) for chunk in ingested.chunks)
    return {embedded_hash_of(text, tenant_id=tenant_id): text for text in texts}


def new_chunks(ingested: IngestedFile, *, title: str, tenant_id: TenantId) -> list[NewChunk]:
    """The chunks of a tenant's file, whose texts are embedded under a title, with new ids."""
    return [
        NewChunk(
            id=ChunkId(new_id()),
            ordinal=chunk.ordinal,
            text=chunk.text,
            locator=chunk.locator,
            tokens=chunk.tokens,
            embedded_hash=embedded_hash_of(chunk.embedded_text(title=title), tenant_id=tenant_id),
        )
        for chunk in ingested.chunks
    ]
