"""Generations of the index."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, not_, or_, select, update

from assistant.adapters.sql.cuts import number_of
from assistant.adapters.sql.generation_json import (
    dump_progress,
    dump_trial,
    load_progress,
    load_trial,
)
from assistant.adapters.sql.generation_tables import generation_tenants
from assistant.adapters.sql.generation_tables import generations as table
from assistant.adapters.sql.leases import is_left
from assistant.adapters.sql.rows import fields_of, reason_fields, reason_of
from assistant.adapters.sql.tables import chunks, vectors, versions
from assistant.adapters.sql.tenant_tables import tenants
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.adapters.sql.vectors import page_of_hashes
from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.documents import VersionState
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.generations import (
    CHOSEN,
    Composition,
    Forecast,
    Generation,
    GenerationState,
    TenantChoice,
    may_become,
)
from assistant.domain.ids import GenerationId, TenantId, VersionId
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.weighing import WordWeighing
from assistant.ports.cuts import VersionMark
from assistant.ports.generations import Missing

_SERVED = (VersionState.READY, VersionState.LIVE)
_PLAIN = (
    "number", "id", "embedder_name", "place", "state", "created_by", "created_at", "built_at",
    "switched_at", "is_trial_wanted", "overruled", "is_erased",
)  # fmt: skip
_CHOICE = ("tenant_id", "generation_id", "since", "overruled")


class SqlGenerationRepository:
    """Implements `GenerationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def next_number(self) -> int:
        """The number of the next generation."""
        self._transaction.lock()
        row = self._transaction.first(select(func.max(table.c.number).label("last")))
        return 1 + ((row.last or 0) if row else 0)

    def add(self, generation: Generation) -> None:
        """Keep a new generation as it is.

        Raises:
            Conflict: Its number or its place is taken, or it is active beside another one.
        """
        self._transaction.write(table.insert().values(**_columns(generation)))

    def find(self, generation_id: GenerationId) -> Generation | None:
        """A generation."""
        row = self._transaction.first(select(table).where(table.c.id == generation_id))
        return None if row is None else _generation_of(row)

    def list_all(self) -> list[Generation]:
        """All of them, newest first."""
        query = select(table).order_by(table.c.number.desc())
        return [_generation_of(row) for row in self._transaction.read(query)]

    def list_kept(self) -> list[Generation]:
        """Those whose index is not erased, oldest first."""
        query = select(table).where(~table.c.is_erased).order_by(table.c.number)
        return [_generation_of(row) for row in self._transaction.read(query)]

    def active(self) -> Generation | None:
        """The one that is searched by tenants without a choice; None before the first start."""
        row = self._transaction.first(select(table).where(table.c.state == GenerationState.ACTIVE))
        return None if row is None else _generation_of(row)

    def update(self, generation: Generation) -> None:
        """Replace the mutable fields.

        Raises:
            Conflict: The change of state is not legal ("generation_move_illegal"), or some tenants
                search it and could no longer ("generation_searched").
            NotFound: It is unknown.
        """
        self._transaction.lock()
        held = self.find(generation.id)
        if held is None:
            raise NotFound
        if held.state is not generation.state and not may_become(held.state, generation.state):
            raise Conflict("generation_move_illegal")
        if generation.state not in CHOSEN and self._is_chosen(generation.id):
            raise Conflict("generation_searched")
        values = _columns(generation)
        if held.state is not generation.state:
            # who worked on it has ended: another one may go on at once
            values |= {"owner": None, "lease_until": None}
        self._transaction.write(update(table).where(table.c.id == generation.id).values(**values))

    def switch(self, generation: Generation, *, now: datetime) -> None:
        """Make a whole generation the active one, of all tenants, in this transaction.

        The one that was active becomes the previous one; the previous one before it is removed. No
        tenant has a choice of its own afterwards.

        Raises:
            Conflict: It may not become active ("generation_move_illegal").
        """
        self._transaction.lock()
        self.give_back(None)
        for other in self.list_kept():
            if other.id == generation.id:
                continue
            if other.state is GenerationState.PREVIOUS:
                self.update(replace(other, state=GenerationState.REMOVED))
            elif other.state is GenerationState.ACTIVE:
                self.update(replace(other, state=GenerationState.PREVIOUS))
        self.update(replace(generation, state=GenerationState.ACTIVE, switched_at=now))

    def choices(self) -> list[TenantChoice]:
        """The tenants that search another one than the active one, by tenant."""
        query = select(generation_tenants).order_by(generation_tenants.c.tenant_id)
        return [TenantChoice(**fields_of(row, _CHOICE)) for row in self._transaction.read(query)]

    def choose(self, choice: TenantChoice) -> None:
        """Let a tenant search a generation, instead of what it searched.

        Raises:
            Conflict: The generation is not one that some may search ("generation_move_illegal").
            NotFound: Generation or tenant are unknown.
        """
        self._transaction.lock()
        held = self.find(choice.generation_id)
        known = select(tenants.c.id).where(tenants.c.id == choice.tenant_id)
        if held is None or self._transaction.first(known) is None:
            raise NotFound
        if held.state not in CHOSEN:
            raise Conflict("generation_move_illegal")
        self.give_back([choice.tenant_id])
        self._transaction.write(generation_tenants.insert().values(**fields_of(choice, _CHOICE)))

    def give_back(self, tenant_ids: Collection[TenantId] | None) -> None:
        """Let tenants search the active one, all of them for None; no error for those that do."""
        if tenant_ids is None:
            self._transaction.write(generation_tenants.delete())
            return
        for batch in batches(list(tenant_ids)):
            some = generation_tenants.c.tenant_id.in_(batch)
            self._transaction.write(generation_tenants.delete().where(some))

    def _is_chosen(self, generation_id: GenerationId) -> bool:
        query = select(generation_tenants.c.tenant_id).where(
            generation_tenants.c.generation_id == generation_id
        )
        return self._transaction.first(query.limit(1)) is not None

    def lease(
        self, generation_id: GenerationId, *, owner: str, now: datetime, until: datetime
    ) -> bool:
        """Take or renew the right to work on a generation; False while another owner has it."""
        left = is_left(table.c.lease_until, now=now, life=until - now)
        is_free = or_(table.c.owner.is_(None), table.c.owner == owner, left)
        taken = self._transaction.write(
            update(table)
            .where(table.c.id == generation_id, is_free)
            .values(owner=owner, lease_until=until)
        )
        return taken > 0

    def missing(
        self, embedder_id: str, cut: Cut = ORDINARY, *, since: VersionMark | None = None
    ) -> Missing:
        """What of the READY and LIVE versions an embedder has not embedded, of their chunks of a cut.

        Those up to `since` are passed over, unless it is gone.
        """
        held = chunks.join(versions, versions.c.id == chunks.c.version_id).outerjoin(
            vectors, _of_chunk(embedder_id)
        )
        lacking = (
            versions.c.state.in_(_SERVED),
            versions.c.number > number_of(self._transaction, since),
            chunks.c.cut == cut.id,
            vectors.c.hash.is_(None),
        )
        by_version = (
            select(versions.c.id)
            .select_from(held)
            .where(*lacking)
            .group_by(versions.c.id, versions.c.number)
            .order_by(versions.c.number)
        )
        texts = (
            select(func.count(func.distinct(chunks.c.embedded_hash)).label("texts"))
            .select_from(held)
            .where(*lacking)
        )
        found = tuple(VersionId(row.id) for row in self._transaction.read(by_version))
        row = self._transaction.first(texts) if found else None
        return Missing(found, row.texts if row else 0)

    def count_chunks(self, cut: Cut = ORDINARY) -> int:
        """Chunks of all LIVE versions under a cut."""
        held = chunks.join(versions, versions.c.id == chunks.c.version_id)
        query = (
            select(func.count().label("chunks"))
            .select_from(held)
            .where(versions.c.state == VersionState.LIVE, chunks.c.cut == cut.id)
        )
        row = self._transaction.first(query)
        return row.chunks if row else 0

    def forget_vectors(
        self, embedder_id: str, *, after: str, limit: int, but: Collection[Cut] = ()
    ) -> str:
        """Delete vectors of an embedder, in order of hash, but those of chunks of some cuts.

        They are chosen without the write lock, and looked at again with it.

        Returns:
            The last hash looked at, empty when all are done.
        """
        is_kept = exists().where(
            chunks.c.embedded_hash == vectors.c.hash, chunks.c.cut.in_([each.id for each in but])
        )
        goes = vectors.c.embedder_id == embedder_id
        if but:
            goes &= not_(is_kept)
        page = page_of_hashes(self._transaction, after=after, limit=limit)
        query = select(vectors.c.hash).where(page.holds, goes)
        for batch in batches(row.hash for row in self._transaction.read(query)):
            self._transaction.write(vectors.delete().where(vectors.c.hash.in_(batch), goes))
        return page.next


def _of_chunk(embedder_id: str) -> ColumnElement[bool]:
    return and_(vectors.c.hash == chunks.c.embedded_hash, vectors.c.embedder_id == embedder_id)


def _columns(generation: Generation) -> dict[str, Any]:
    made = generation.composition
    forecast = generation.forecast
    return {
        **fields_of(generation, _PLAIN),
        "embedder_id": made.embedder.id,
        "dimensions": made.embedder.dimensions,
        "chunker": made.chunker,
        "words": str(made.words),
        "cut": made.cut.id,
        "layout": made.layout,
        "forecast": None if forecast is None else asdict(forecast),
        "progress": dump_progress(generation.progress),
        "trial": None if generation.trial is None else dump_trial(generation.trial),
        **reason_fields(generation.reason),
    }


def _generation_of(row: Row[Any]) -> Generation:
    return Generation(
        **fields_of(row, _PLAIN),
        composition=Composition(
            EmbedderIdentity(row.embedder_id, row.dimensions),
            row.chunker,
            WordWeighing.parse(row.words),
            row.layout,
            Cut.parse(row.cut),
        ),
        forecast=None if row.forecast is None else Forecast(**row.forecast),
        progress=load_progress(row.progress),
        trial=None if row.trial is None else load_trial(row.trial),
        reason=reason_of(row),
    )
