"""Looks for doubles, gaps and ghosts: in indexes and database directly, and through searches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import qdrant_edge
from sqlalchemy import select

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.sql.database import Database
from assistant.adapters.sql.tables import chunks, versions
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import SourceChunk, VersionState


@dataclass(frozen=True)
class Row:
    """A chunk as the database knows it."""

    chunk_id: str
    version_id: str
    document_id: str
    ordinal: int
    state: VersionState


def rows_of(database: Database, cut: Cut = ORDINARY) -> list[Row]:
    """All chunks of a cut in the database, of whatever state."""
    query = select(
        chunks.c.id, chunks.c.version_id, versions.c.document_id, chunks.c.ordinal, versions.c.state
    ).join(versions, versions.c.id == chunks.c.version_id)
    query = query.where(chunks.c.cut == cut.id)
    with database.unit_of_work() as work:
        transaction: Transaction = vars(work)["_transaction"]
        found = transaction.read(query)
    return [Row(*row) for row in found]


def points_of(index: EdgeChunkIndex) -> dict[str, str]:
    """Version by chunk of every point of an index, read from its engine."""
    shard: qdrant_edge.EdgeShard = vars(index)["_shard"]
    request = qdrant_edge.ScrollRequest(limit=100_000, with_payload=True, with_vector=False)
    records, _ = shard.scroll(request)
    return {str(record.id): str((record.payload or {})["version_id"]) for record in records}


def faults_of_index(rows: Sequence[Row], points: Mapping[str, str]) -> list[str]:
    """Where an index differs from what is live."""
    live = {row.chunk_id: row for row in rows if row.state is VersionState.LIVE}
    known = {row.version_id for row in rows}
    served = {row.version_id for row in live.values()}
    places = Counter((row.document_id, row.ordinal) for row in live.values())
    return [
        *(f"gap: {chunk_id}" for chunk_id in sorted(set(live) - set(points))),
        *(f"double: {place}" for place, count in sorted(places.items()) if count > 1),
        *(
            f"double: {chunk_id}"
            for chunk_id, version_id in sorted(points.items())
            if version_id in served and chunk_id not in live
        ),
        *(
            f"ghost: {chunk_id}"
            for chunk_id, version_id in sorted(points.items())
            if version_id not in known
        ),
    ]


def faults_of_search(
    hits: Iterable[SourceChunk], *, expected: str, forbidden: Iterable[str]
) -> list[str]:
    """What is wrong with a search for the words of one chunk.

    Args:
        hits: What was found.
        expected: A text that is live from before the search to after it.
        forbidden: Texts that were withdrawn before it.
    """
    texts = [chunk.text for chunk in hits]
    count = texts.count(expected)
    return [
        *(["gap: " + expected] if count == 0 else []),
        *(["double: " + expected] if count > 1 else []),
        *("ghost: " + text for text in texts if text in set(forbidden)),
    ]
