"""Chunks by the cut that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, not_, select, update

from assistant.adapters.sql.documents import document_key
from assistant.adapters.sql.evaluation_rows import drop_quotes_of
from assistant.adapters.sql.generation_tables import generations
from assistant.adapters.sql.locators import dump_locator
from assistant.adapters.sql.rows import version_of
from assistant.adapters.sql.tables import chunks, documents, versions
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.cuts import Cut
from assistant.domain.documents import NewChunk, VersionState
from assistant.domain.generations import GenerationState
from assistant.domain.ids import ChunkId, VersionId, new_id
from assistant.ports.cuts import Uncut, VersionMark

_SERVED = (VersionState.READY, VersionState.LIVE)
_BEYOND_ALL = 2**31 - 1
_COPIED = ("ordinal", "text", "locator", "tokens", "embedded_hash")


def active_cut() -> ColumnElement[str]:
    """The id of the cut of the searched generation, whose chunks people see; the ordinary one before it."""
    # written out, so that the index of the one active generation serves it
    active = literal(GenerationState.ACTIVE, generations.c.state.type, literal_execute=True)
    of_active = select(generations.c.cut).where(generations.c.state == active)
    return func.coalesce(of_active.scalar_subquery(), "")


def chunk_columns(chunk: NewChunk, *, version_id: VersionId, cut: Cut) -> dict[str, Any]:
    """A chunk as a row."""
    return {
        "id": chunk.id,
        "version_id": version_id,
        "cut": cut.id,
        "ordinal": chunk.ordinal,
        "text": chunk.text,
        "locator": dump_locator(chunk.locator),
        "tokens": chunk.tokens,
        "embedded_hash": chunk.embedded_hash,
    }


def is_uncut(cut: Cut) -> ColumnElement[bool]:
    """True for versions that have chunks, but none of this cut."""
    of_version = exists().where(chunks.c.version_id == versions.c.id)
    return of_version & not_(of_version.where(chunks.c.cut == cut.id))


class SqlCutRepository:
    """Implements `CutRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def active(self) -> Cut:
        """The cut of the searched generation."""
        row = self._transaction.first(select(active_cut().label("cut")))
        return Cut.parse(row.cut if row else "")

    def settled_version(self) -> VersionMark | None:
        """The newest LIVE version that is older than each READY one; None when there is none."""
        some = versions.alias("some")
        ready = select(func.min(some.c.number)).where(some.c.state == VersionState.READY)
        settled = (
            select(versions.c.number, versions.c.id)
            .where(
                versions.c.state == VersionState.LIVE,
                versions.c.number < func.coalesce(ready.scalar_subquery(), _BEYOND_ALL),
            )
            .order_by(versions.c.number.desc())
            .limit(1)
        )
        row = self._transaction.first(settled)
        return None if row is None else VersionMark(row.number, VersionId(row.id))

    def uncut(self, cut: Cut, *, limit: int, since: VersionMark | None = None) -> list[Uncut]:
        """LIVE, then READY versions that have chunks, but none of this cut, oldest first.

        Those up to `since` are passed over, unless it is gone.
        """
        after = number_of(self._transaction, since)
        found: list[Uncut] = []
        for state in (VersionState.LIVE, VersionState.READY):  # each in the order of an index
            query = (
                select(versions, documents.c.name)
                .join(documents, documents.c.id == versions.c.document_id)
                .where(versions.c.state == state, versions.c.number > after, is_uncut(cut))
                .order_by(versions.c.number)
                .limit(limit - len(found))
            )
            found += [Uncut(version_of(row), row.name) for row in self._transaction.read(query)]
            if len(found) >= limit:
                break
        return found

    def count_uncut(self, cut: Cut) -> int:
        """How many there are."""
        query = (
            select(func.count().label("versions"))
            .select_from(versions)
            .where(versions.c.state.in_(_SERVED), is_uncut(cut))
        )
        row = self._transaction.first(query)
        return row.versions if row else 0

    def lengths(self, cut: Cut) -> list[tuple[int, int]]:
        """Chunks and tokens of each LIVE version that has chunks of this cut, in no order."""
        query = (
            select(func.count().label("chunks"), func.sum(chunks.c.tokens).label("tokens"))
            .select_from(chunks.join(versions, versions.c.id == chunks.c.version_id))
            .where(versions.c.state == VersionState.LIVE, chunks.c.cut == cut.id)
            .group_by(chunks.c.version_id)
        )
        return [(row.chunks, int(row.tokens)) for row in self._transaction.read(query)]

    def add(self, version_id: VersionId, new: Sequence[NewChunk], *, cut: Cut) -> bool:
        """Keep the chunks of a version under a further cut.

        Returns:
            False, and nothing changes, when it has some, or is no longer READY or LIVE.
        """
        self._transaction.lock()
        if not self._may_add(version_id, cut=cut):
            return False
        rows = [chunk_columns(each, version_id=version_id, cut=cut) for each in new]
        self._transaction.write(chunks.insert(), rows)
        return True

    def copy(self, version_id: VersionId, *, cut: Cut) -> bool:
        """Keep the chunks that people see under another cut too, for what cannot be cut anew.

        Returns:
            False, and nothing changes, as `add`.
        """
        self._transaction.lock()
        if not self._may_add(version_id, cut=cut):
            return False
        of_version = chunks.c.version_id == version_id
        is_seen = (chunks.c.cut == active_cut()).label("is_seen")
        first = self._transaction.first(
            select(chunks.c.cut, is_seen).where(of_version).order_by(is_seen.desc()).limit(1)
        )
        if first is None:
            return False
        query = select(*(chunks.c[name] for name in _COPIED)).where(
            of_version, chunks.c.cut == first.cut
        )
        rows = [
            {name: getattr(row, name) for name in _COPIED}
            | {"id": ChunkId(new_id()), "version_id": version_id, "cut": cut.id}
            for row in self._transaction.read(query.order_by(chunks.c.ordinal))
        ]
        self._transaction.write(chunks.insert(), rows)
        return True

    def recount(self, *, after: str, limit: int) -> str:
        """Tell some documents how many chunks people see of them, in order of id, beyond one of them.

        Returns:
            The last id, empty when all are done.
        """
        seen = select(func.count()).where(
            chunks.c.version_id == versions.c.id, chunks.c.cut == active_cut()
        )
        query = (
            select(documents.c.id, documents.c.chunk_count, seen.scalar_subquery().label("seen"))
            .join(versions, versions.c.document_id == documents.c.id)
            .where(versions.c.state == VersionState.LIVE, documents.c.id > after)
            .order_by(documents.c.id)
            .limit(limit)
        )
        rows = self._transaction.read(query)
        for row in rows:
            if row.chunk_count != row.seen:
                self._transaction.forget(document_key(row.id))
                changed = update(documents).where(documents.c.id == row.id)
                self._transaction.write(changed.values(chunk_count=row.seen))
        return rows[-1].id if len(rows) == limit else ""

    def forget(self, cut: Cut, *, after: str, limit: int) -> str:
        """Delete the chunks of a cut, of at most `limit` versions, in order of id, beyond one of them.

        Those of versions that have none of the searched cut stay: a version is never left without.
        Results of evaluations that quote them lose these quotes. They are chosen without the write
        lock, and looked at again with it.

        Returns:
            The last id, empty when all are done.
        """
        beyond = _has_other_than_seen(cut).where(versions.c.id > after)
        page = self._transaction.read(beyond.order_by(versions.c.id).limit(limit))
        found = [row.id for row in page]
        if found:
            self._transaction.lock()
        still = _has_other_than_seen(cut).where(versions.c.id.in_(found))
        for row in self._transaction.read(still) if found else ():
            drop_quotes_of(self._transaction, row.id, cut=cut)
            self._transaction.write(
                chunks.delete().where(chunks.c.version_id == row.id, chunks.c.cut == cut.id)
            )
        return found[-1] if len(found) == limit else ""

    def _may_add(self, version_id: VersionId, *, cut: Cut) -> bool:
        query = select(versions.c.id).where(
            versions.c.id == version_id,
            versions.c.state.in_(_SERVED),
            not_(exists().where(chunks.c.version_id == version_id, chunks.c.cut == cut.id)),
        )
        return self._transaction.first(query) is not None


def number_of(transaction: Transaction, mark: VersionMark | None) -> int:
    """The number of a mark; 0 when its version is gone, as SQLite gives numbers again."""
    if mark is None:
        return 0
    query = select(versions.c.number).where(
        versions.c.number == mark.number, versions.c.id == mark.version_id
    )
    return 0 if transaction.first(query) is None else mark.number


def _has_other_than_seen(cut: Cut) -> Select[tuple[str]]:
    """Versions with chunks of a cut that people do not see, and with those that they see."""
    of_version = exists().where(chunks.c.version_id == versions.c.id)
    return select(versions.c.id).where(
        literal(cut.id) != active_cut(),
        of_version.where(chunks.c.cut == cut.id),
        of_version.where(chunks.c.cut == active_cut()),
    )
