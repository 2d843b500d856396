"""Chunks of a reading on their way into the database."""

from __future__ import annotations

from assistant.domain.documents import NewChunk
from assistant.domain.ids import ChunkId, new_id
from assistant.services.fingerprints import embedded_hash_of
from ingest.model import IngestedFile


def texts_by_hash(ingested: IngestedFile, *, title: str) -> dict[str, str]:
    """Embedded text of each chunk of a file under a title, by its hash."""
    texts = (chunk.embedded_text(title=title) for chunk in ingested.chunks)
    return {embedded_hash_of(text): text for text in texts}


def new_chunks(ingested: IngestedFile, *, title: str) -> list[NewChunk]:
    """The chunks of a file, whose texts are embedded under a title, with new ids."""
    return [
        NewChunk(
            id=ChunkId(new_id()),
            ordinal=chunk.ordinal,
            text=chunk.text,
            locator=chunk.locator,
            tokens=chunk.tokens,
            embedded_hash=embedded_hash_of(chunk.embedded_text(title=title)),
        )
        for chunk in ingested.chunks
    ]
