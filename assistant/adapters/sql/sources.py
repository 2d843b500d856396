"""Sources of the collections that a tenant owns, for its administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update

from assistant.adapters.sql.scoping import within_own_tenant
from assistant.adapters.sql.source_erasures import count_erased, let_in, list_erased
from assistant.adapters.sql.source_rows import (
    run_columns,
    run_of,
    source_columns,
    source_of,
)
from assistant.adapters.sql.source_tables import source_runs, sources
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.errors import NotFound
from assistant.domain.ids import SourceId, SourceRunId
from assistant.domain.sources import OPEN_RUNS, ErasedFile, Source, SourceRun
from assistant.domain.tenancy import Scope


class SqlSourceRepository:
    """Implements `SourceRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, source: Source, *, sealed: str) -> None:
        """Keep a new source with its sealed password. Raises `Conflict` when its name is taken."""
        self._transaction.write(
            sources.insert().values(**source_columns(source, is_new=True), sealed=sealed)
        )

    def update(self, source: Source) -> None:
        """Replace what may change of a source but its password.

        Raises:
            NotFound: It is gone.
            Conflict: Its new name is taken.
        """
        changed = update(sources).where(sources.c.id == source.id).values(**source_columns(source))
        if self._transaction.write(changed) == 0:
            raise NotFound

    def set_times(
        self,
        source_id: SourceId,
        *,
        next_run_at: datetime | None,
        synced_at: datetime | None = None,
    ) -> None:
        """Replace the time of its next run alone; nothing happens when it is gone."""
        own = update(sources).where(sources.c.id == source_id)
        self._transaction.write(own.values(next_run_at=next_run_at))
        if synced_at is not None:
            is_first = sources.c.first_synced_at.is_(None)
            self._transaction.write(own.where(is_first).values(first_synced_at=synced_at))

    def set_sealed(self, source_id: SourceId, *, sealed: str) -> None:
        """Replace the sealed password; "" for none."""
        self._transaction.write(
            update(sources).where(sources.c.id == source_id).values(sealed=sealed)
        )

    def find(self, source_id: SourceId, *, scope: Scope) -> Source | None:
        """A source of the scope."""
        row = self._transaction.first(
            select(sources).where(sources.c.id == source_id, within_own_tenant(scope, sources))
        )
        return None if row is None else source_of(row)

    def list_all(self, *, scope: Scope) -> list[Source]:
        """The sources of the scope, by name."""
        query = (
            select(sources)
            .where(within_own_tenant(scope, sources))
            .order_by(sources.c.name, sources.c.number)
        )
        return [source_of(row) for row in self._transaction.read(query)]

    def delete(self, source_id: SourceId, *, scope: Scope) -> None:
        """Delete a source with its runs and files. Raises `NotFound`."""
        deleted = self._transaction.write(
            sources.delete().where(sources.c.id == source_id, within_own_tenant(scope, sources))
        )
        if not deleted:
            raise NotFound

    def erased(self, source_id: SourceId, *, scope: Scope, limit: int) -> list[ErasedFile]:
        """Files that looks at a source pass over since their documents were erased, the newest first."""
        return list_erased(self._transaction, source_id, scope=scope, limit=limit)

    def count_erased(self, source_id: SourceId, *, scope: Scope) -> int:
        """How many such files there are."""
        return count_erased(self._transaction, source_id, scope=scope)

    def let_in(self, source_id: SourceId, erased_id: str, *, scope: Scope) -> None:
        """Have looks take such a file again. Raises `NotFound`."""
        let_in(self._transaction, source_id, digest=erased_id, scope=scope)

    def add_run(self, run: SourceRun) -> None:
        """Keep a new run. Raises `Conflict` when its source has an open one."""
        self._transaction.write(source_runs.insert().values(**run_columns(run, is_new=True)))

    def update_run(self, run: SourceRun) -> None:
        """Replace state, times, attempts, outcome, reason and decision of a run."""
        self._transaction.write(
            update(source_runs).where(source_runs.c.id == run.id).values(**run_columns(run))
        )

    def find_run(self, run_id: SourceRunId, *, scope: Scope) -> SourceRun | None:
        """A run of a source of the scope."""
        return self._run(_runs_of(scope).where(source_runs.c.id == run_id))

    def open_run(self, source_id: SourceId, *, scope: Scope) -> SourceRun | None:
        """The run of a source that is queued, under way or waits for approval."""
        return self._run(
            _runs_of(scope).where(
                source_runs.c.source_id == source_id, source_runs.c.state.in_(sorted(OPEN_RUNS))
            )
        )

    def runs(self, source_id: SourceId, *, scope: Scope, limit: int) -> list[SourceRun]:
        """Runs of a source, the newest first."""
        query = (
            _runs_of(scope)
            .where(source_runs.c.source_id == source_id)
            .order_by(source_runs.c.number.desc())
            .limit(limit)
        )
        return [run_of(row) for row in self._transaction.read(query)]

    def _run(self, query: Select[Any]) -> SourceRun | None:
        row = self._transaction.first(query)
        return None if row is None else run_of(row)


def _runs_of(scope: Scope) -> Select[Any]:
    joined = source_runs.join(sources, sources.c.id == source_runs.c.source_id)
    return select(source_runs).select_from(joined).where(within_own_tenant(scope, sources))
