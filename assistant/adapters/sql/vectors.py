"""Vectors, kept once per embedder and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, not_, select

from assistant.adapters.sql.tables import chunks
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

    def last_number(self) -> int:
        """The number of the newest vector, 0 when there is none; after deletions it may be given again."""
        row = self._transaction.first(select(func.max(table.c.number).label("last")))
        return (row.last or 0) if row else 0

    def forget_unused(self, hashes: Sequence[str]) -> int:
        """Delete the vectors of those of the texts (any number) that no version holds; how many."""
        return self._forget(hashes, _is_unused())

    def sweep(self, *, after: str, upto: int, limit: int) -> str:
        """Look at some vectors in order of hash; those of texts that no version holds are deleted.

        They are chosen without the write lock, and looked at again with it.
        """
        page = page_of_hashes(self._transaction, after=after, limit=limit)
        is_swept = _is_unused() & (table.c.number <= upto)
        query = select(table.c.hash).where(page.holds, is_swept)
        found = [row.hash for row in self._transaction.read(query)]
        self._forget(found, is_swept)
        return page.next

    def _forget(self, hashes: Sequence[str], condition: ColumnElement[bool]) -> int:
        return sum(
            self._transaction.write(table.delete().where(table.c.hash.in_(batch), condition))
            for batch in batches(hashes)
        )


class HashPage(NamedTuple):
    """Some vectors in order of hash."""

    holds: ColumnElement[bool]
    """True for them."""
    next: str
    """Where the next page begins; empty after the last."""


def page_of_hashes(transaction: Transaction, *, after: str, limit: int) -> HashPage:
    """The vectors beyond a hash, some `limit` of them; served by the index of hashes alone."""
    some = select(table.c.hash).where(table.c.hash > after).order_by(table.c.hash).limit(limit)
    page = some.subquery()
    query = select(func.max(page.c.hash).label("last"), func.count().label("rows"))
    row = transaction.first(query.select_from(page))
    last, rows = (row.last or after, row.rows) if row else (after, 0)
    holds = (table.c.hash > after) & (table.c.hash <= last)
    return HashPage(holds, last if rows == limit else "")


def _is_unused() -> ColumnElement[bool]:
    return not_(exists().where(chunks.c.embedded_hash == table.c.hash))
