"""The machinery's side of sources. Sees every tenant: never for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from assistant.adapters.sql.leases import is_left
from assistant.adapters.sql.rows import fields_of
from assistant.adapters.sql.source_erasures import kept_out
from assistant.adapters.sql.source_rows import FILE_FIELDS, run_of, source_of
from assistant.adapters.sql.source_tables import source_files, source_runs, sources
from assistant.adapters.sql.source_traces import forget_names
from assistant.adapters.sql.tables import documents, job_items, jobs
from assistant.adapters.sql.tenant_tables import tenants
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.ids import SourceId, SourceRunId, TenantId
from assistant.domain.jobs import ItemState, JobKind
from assistant.domain.sources import (
    OPEN_RUNS,
    KnownFile,
    Rhythm,
    RunState,
    Source,
    SourceFile,
    SourceRun,
)
from assistant.domain.tenants import TenantState

_LONGEST_LIFE = timedelta(hours=1)
"""Of any lease."""
_LONGEST_AHEAD = {
    Rhythm.HOURLY: timedelta(hours=2),
    Rhythm.DAILY: timedelta(days=2),
    Rhythm.WEEKLY: timedelta(days=8),
}
"""Further ahead no rhythm puts a run, whatever summer time adds."""


class SqlSourceQueue:
    """Implements `SourceQueue`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def due(self, *, now: datetime, limit: int) -> list[Source]:
        """Sources of active tenants whose time has come and that have no open run."""
        is_open = exists().where(
            source_runs.c.source_id == sources.c.id, source_runs.c.state.in_(sorted(OPEN_RUNS))
        )
        query = (
            select(sources)
            .where(_is_due(now), _is_active(sources.c.tenant_id), not_(is_open))
            .order_by(sources.c.next_run_at, sources.c.number)
            .limit(limit)
        )
        return [source_of(row) for row in self._transaction.read(query)]

    def lease(self, *, owner: str, now: datetime, until: datetime) -> SourceRun | None:
        """Take the next free run of the tenant served least recently; None when there is none.

        Looks first without the write lock, so that an idle process disturbs nobody.
        """
        if self._next(now, life=until - now) is None:
            return None
        self._transaction.lock()
        row = self._next(now, life=until - now)
        if row is None:
            return None
        run = run_of(row)
        taken = replace(
            run,
            state=RunState.RUNNING,
            started_at=run.started_at or now,
            attempt=run.attempt + 1,
        )
        self._transaction.write(
            update(source_runs)
            .where(source_runs.c.id == run.id)
            .values(
                state=taken.state,
                started_at=taken.started_at,
                attempt=taken.attempt,
                lease_owner=owner,
                lease_until=until,
                turn=self._next_turn(),
            )
        )
        return taken

    def renew(self, run_id: SourceRunId, *, owner: str, until: datetime) -> bool:
        """Extend a lease; False when it was lost, the run ended, or its tenant is not active."""
        change = update(source_runs).where(_is_held(run_id, owner=owner))
        return self._transaction.write(change.values(lease_until=until)) == 1

    def release(self, run_id: SourceRunId, *, owner: str) -> None:
        """Give a run back, to be begun again; the attempt that was stopped is not counted."""
        held = and_(source_runs.c.id == run_id, source_runs.c.lease_owner == owner)
        begun = case((source_runs.c.attempt > 0, source_runs.c.attempt - 1), else_=0)
        given_back = {"lease_owner": None, "lease_until": None, "attempt": begun}
        self._transaction.write(update(source_runs).where(held).values(given_back))

    def holds(self, run_id: SourceRunId, *, owner: str) -> bool:
        """True while `renew` would extend the lease; nothing is written."""
        query = select(source_runs.c.id).where(_is_held(run_id, owner=owner))
        return self._transaction.first(query) is not None

    def is_at_work(self, tenant_id: TenantId, *, now: datetime) -> bool:
        """True while somebody looks at a source of a tenant."""
        own = source_runs.c.tenant_id == tenant_id
        looks = _is_looked_at(source_runs, now=now, life=_LONGEST_LIFE)
        query = select(source_runs.c.id).where(own, looks)
        return self._transaction.first(query.limit(1)) is not None

    def source(self, source_id: SourceId) -> Source | None:
        """A source, whatever its tenant."""
        row = self._transaction.first(select(sources).where(sources.c.id == source_id))
        return None if row is None else source_of(row)

    def sealed(self, source_id: SourceId) -> str:
        """Its sealed password; "" for none."""
        row = self._transaction.first(select(sources.c.sealed).where(sources.c.id == source_id))
        return "" if row is None else row.sealed

    def all_sealed(self) -> dict[SourceId, str]:
        """Every sealed password, for a change of key."""
        query = select(sources.c.id, sources.c.sealed).where(sources.c.sealed != "")
        return {SourceId(row.id): row.sealed for row in self._transaction.read(query)}

    def known(self, source: Source, *, after: str, limit: int) -> list[KnownFile]:
        """Documents of a source by name, those whose name follows `after`."""
        remembered = and_(
            source_files.c.source_id == source.id, source_files.c.name == documents.c.name
        )
        query = (
            select(
                documents.c.name,
                documents.c.sha256,
                documents.c.size_bytes,
                documents.c.reason_code,
                source_files.c.stamp,
                source_files.c.sha256.label("remembered"),
            )
            .select_from(documents.outerjoin(source_files, remembered))
            .where(
                documents.c.tenant_id == source.tenant_id,
                documents.c.collection_id == source.collection_id,
                documents.c.source == source.label,
                ~documents.c.is_deleted,
                documents.c.name > after,
            )
            .order_by(documents.c.name)
            .limit(limit)
        )
        return [_known_of(row) for row in self._transaction.read(query)]

    def remember(self, source_id: SourceId, files: Sequence[SourceFile]) -> None:
        """Keep what is known of some files, in place of what was."""
        self.forget(source_id, [file.name for file in files])
        rows = [{"source_id": source_id, **fields_of(file, FILE_FIELDS)} for file in files]
        self._transaction.write(source_files.insert(), rows)

    def forget(self, source_id: SourceId, names: Sequence[str]) -> None:
        """Forget some files (any number)."""
        for batch in batches(names):
            self._transaction.write(
                source_files.delete().where(
                    source_files.c.source_id == source_id, source_files.c.name.in_(batch)
                )
            )

    def kept_out(self, source_id: SourceId) -> frozenset[str]:
        """Ids of the files that a look passes over, as `erased_digest` makes them of names."""
        return kept_out(self._transaction, source_id)

    def forget_old_runs(self, source_id: SourceId, *, keep: int) -> None:
        """Delete the oldest ended runs of a source beyond a number."""
        own = source_runs.c.source_id == source_id
        query = (
            select(source_runs.c.number)
            .where(own, source_runs.c.state.not_in(sorted(OPEN_RUNS)))
            .order_by(source_runs.c.number.desc())
            .offset(keep)
            .limit(1)
        )
        row = self._transaction.first(query)
        if row is not None:
            old = and_(own, source_runs.c.number <= row.number)
            is_ended = source_runs.c.state.not_in(sorted(OPEN_RUNS))
            self._transaction.write(source_runs.delete().where(old, is_ended))

    def forget_names(self, *, before: datetime, limit: int) -> int:
        """Forget the names that ended runs asked for before a time tell, of so many at most; of how many."""
        return forget_names(self._transaction, before=before, limit=limit)

    def reading_rate(self, tenant_id: TenantId, *, jobs: int) -> float | None:
        """Seconds a byte that the last jobs of a tenant took; None when none ended with a file read."""
        recent = self._transaction.read(_ended_jobs(tenant_id, limit=jobs))
        seconds = sum((row.finished_at - row.started_at).total_seconds() for row in recent)
        size = sum(int(row.size) for row in recent)
        return seconds / size if size else None

    def _next(self, now: datetime, *, life: timedelta) -> Row[Any] | None:
        others = source_runs.alias("others")
        of_tenant = others.c.tenant_id == source_runs.c.tenant_id
        last_turn = select(func.max(others.c.turn)).where(of_tenant).scalar_subquery()
        is_busy = exists().where(of_tenant, _is_looked_at(others, now=now, life=life))
        is_open = source_runs.c.state.in_((RunState.QUEUED, RunState.RUNNING))
        query = (
            select(source_runs)
            .where(is_open, not_(is_busy), _is_active(source_runs.c.tenant_id))
            .order_by(last_turn, source_runs.c.number)
            .limit(1)
        )
        return self._transaction.first(query)

    def _next_turn(self) -> int:
        row = self._transaction.first(select(func.max(source_runs.c.turn).label("last")))
        return 1 + (row.last or 0 if row else 0)


def _is_held(run_id: SourceRunId, *, owner: str) -> ColumnElement[bool]:
    return and_(
        source_runs.c.id == run_id,
        source_runs.c.lease_owner == owner,
        source_runs.c.state == RunState.RUNNING,
        _is_active(source_runs.c.tenant_id),
    )


def _is_looked_at(runs: FromClause, *, now: datetime, life: timedelta) -> ColumnElement[bool]:
    """True for runs under way whose lease lasts."""
    left = is_left(runs.c.lease_until, now=now, life=life)
    return and_(runs.c.state == RunState.RUNNING, not_(left))


def _is_due(now: datetime) -> ColumnElement[bool]:
    """True from the time of a source on; also for one that lies further ahead than its rhythm puts it.

    That is of a clock that has been put back since.
    """
    at = sources.c.next_run_at
    is_impossible = (
        and_(sources.c.rhythm == rhythm, at > now + longest)
        for rhythm, longest in _LONGEST_AHEAD.items()
    )
    return or_(at <= now, *is_impossible)


def _is_active(tenant_id: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(tenants.c.id == tenant_id, tenants.c.state == TenantState.ACTIVE)


def _ended_jobs(tenant_id: TenantId, *, limit: int) -> Any:
    return (
        select(
            jobs.c.started_at, jobs.c.finished_at, func.sum(job_items.c.size_bytes).label("size")
        )
        .join(job_items, job_items.c.job_id == jobs.c.id)
        .where(
            jobs.c.tenant_id == tenant_id,
            jobs.c.kind == JobKind.INGEST,
            jobs.c.finished_at.is_not(None),
            jobs.c.started_at.is_not(None),
            job_items.c.state == ItemState.INDEXED,
        )
        .group_by(jobs.c.number, jobs.c.started_at, jobs.c.finished_at)
        .order_by(jobs.c.number.desc())
        .limit(limit)
    )


def _known_of(row: Row[Any]) -> KnownFile:
    stamp = row.stamp if row.remembered == row.sha256 else None
    return KnownFile(
        name=row.name,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        stamp=stamp or "",
        fault=row.reason_code or "",
    )
