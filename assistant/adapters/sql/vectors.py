"""Vectors, kept once per embedder and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from assistant.adapters.sql.tables import vectors as table
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.retrieval import EmbedderIdentity, Vector


class SqlVectorRepository:
    """Implements `VectorRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def find(self, hashes: Sequence[str], *, embedder_id: str) -> dict[str, Vector]:
        """The vectors kept for these hashes; the others are absent."""
        found: dict[str, Vector] = {}
        for batch in batches(hashes):
            query = select(table.c.hash, table.c.vector).where(
                table.c.hash.in_(batch),
                table.c.embedder_id == embedder_id,
            )
            found.update((row.hash, row.vector) for row in self._transaction.read(query))
        return found

    def add(self, vectors: Mapping[str, Vector], *, embedder: EmbedderIdentity) -> None:
        """Keep vectors; those already kept stay as they are.

        Raises:
            ValueError: A vector is not as long as its embedder says.
        """
        if any(len(vector) != embedder.dimensions for vector in vectors.values()):
            raise ValueError(f"vectors of {embedder.id} have {embedder.dimensions} dimensions")
        rows = [
            {"hash": key, "embedder_id": embedder.id, "vector": vector}
            for key, vector in vectors.items()
        ]
        self._transaction.add_missing(table, rows)
