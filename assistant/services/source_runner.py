"""Runs what was asked of sources, and what their schedules ask; one look at a time for each source."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from assistant.domain.audit import Act
from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, Conflict, StorageError
from assistant.domain.ids import SourceRunId, new_id
from assistant.domain.sources import (
    RunKind,
    RunOutcome,
    RunState,
    Source,
    SourceRun,
)
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.ports.sealing import Sealer
from assistant.ports.source_queue import SourcePlaces
from assistant.services.heartbeat import Heartbeat
from assistant.services.ingestion import IngestionService
from assistant.services.job_run import Stopped
from assistant.services.machinery import MACHINE
from assistant.services.source_difference import SourceDifference
from assistant.services.source_sync import NeedsApproval, SourceSync
from assistant.services.transactions import retried
from ingest.sources.listing import FileSource, SourceFault

_log = structlog.get_logger(__name__)

_IDLE_S = 1.0
_ERROR_PAUSE_S = 5.0
_DUE_AT_ONCE = 20
_KEPT_RUNS = 30
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TRY_AGAIN = timedelta(hours=1)
"""After which a source that could not be reached is looked at again, unless its schedule is sooner."""


class SourceRunner:
    """Takes looks at sources one after the other. Killed at any point, the next one makes it again.

    Args:
        open_work: The store.
        files: Takes contents.
        ingestion: Takes submissions.
        places: Opens sources.
        sealer: Opens passwords.
        clock: The time.
        audit: Told of what schedules ask for.
        scratch: Folder for listings while they are compared.
        max_file_bytes: Larger files cannot be taken.
        owner: Name of this runner, unlike any other's.
        lease_s: Life of a lease, in seconds.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        ingestion: IngestionService,
        places: SourcePlaces,
        sealer: Sealer,
        *,
        clock: Clock,
        audit: AuditTrail,
        scratch: Path,
        max_file_bytes: int,
        owner: str,
        lease_s: float,
    ) -> None:
        self._open_work = open_work
        self._files = files
        self._ingestion = ingestion
        self._places = places
        self._sealer = sealer
        self._clock = clock
        self._audit = audit
        self._scratch = scratch
        self._max_file_bytes = max_file_bytes
        self._owner, self._lease_s = owner, lease_s
        self._stop = threading.Event()

    def run_forever(self, stop: threading.Event) -> None:
        """Look at sources until told to stop; a failing disk or database is waited for."""
        self._stop = stop
        while not stop.is_set():
            try:
                self.ask_due()
                is_busy = self.run_once()
            except AssistantError as error:
                _log.warning("sources_paused", code=error.code)
                stop.wait(_ERROR_PAUSE_S)
                continue
            except Exception as error:  # noqa: BLE001 - a dead thread would end all schedules
                _log.error("sources_failed", kind=type(error).__name__)
                stop.wait(_ERROR_PAUSE_S)
                continue
            if not is_busy:
                stop.wait(_IDLE_S)

    def ask_due(self) -> int:
        """Ask for a look at every source whose time has come; how many there were."""
        now = self._clock.now()
        with self._open_work() as work:
            due = work.source_queue.due(now=now, limit=_DUE_AT_ONCE)
        return sum(retried(partial(self._ask, source, now=now)) for source in due)

    def run_once(self) -> bool:
        """Take the next look that was asked for; False when there was none.

        Raises:
            StorageError: The database fails; the look is made again later.
        """
        run = self._lease()
        if run is None:
            return False
        with self._open_work() as work:
            source = work.source_queue.source(run.source_id)
        if source is None:
            return True
        with Heartbeat(lambda: self._renew(run), lease_s=self._lease_s) as heartbeat:
            try:
                ended = self._look(run, source=source, heartbeat=heartbeat)
            except Stopped:
                _log.info("source_stopped", source_id=source.id)
                return True
        retried(lambda: self._end(ended, source=source))
        return True

    def _ask(self, source: Source, *, now: datetime) -> bool:
        """Keep what a schedule asks for, with the time of the next; False when another process did."""
        with self._open_work() as work:
            work.lock()
            if source.id not in {
                each.id for each in work.source_queue.due(now=now, limit=_DUE_AT_ONCE)
            }:
                return False
            run = SourceRun(
                id=SourceRunId(new_id()),
                source_id=source.id,
                tenant_id=source.tenant_id,
                kind=RunKind.SYNC,
                state=RunState.QUEUED,
                asked_by=MACHINE,
                asked_at=now,
            )
            work.sources.add_run(run)
            work.sources.update(replace(source, next_run_at=_next(work, source, now=now)))
            by = Principal(MACHINE, source.tenant_id, frozenset())
            self._audit.record_in(
                work,
                Act.SOURCE_RUN_ASKED,
                by=by,
                tenant_id=source.tenant_id,
                subject=source.id,
                details={"kind": run.kind.value},
            )
            work.commit()
        return True

    def _lease(self) -> SourceRun | None:
        now = self._clock.now()
        until = now + timedelta(seconds=self._lease_s)
        with self._open_work() as work:
            run = work.source_queue.lease(owner=self._owner, now=now, until=until)
            work.commit()
        return run

    def _renew(self, run: SourceRun) -> bool:
        until = self._clock.now() + timedelta(seconds=self._lease_s)
        with self._open_work() as work:
            is_ours = work.source_queue.renew(run.id, owner=self._owner, until=until)
            work.commit()
        return is_ours

    def _look(self, run: SourceRun, *, source: Source, heartbeat: Heartbeat) -> SourceRun:
        """The run as it ended.

        Raises:
            Stopped: It must end without a result.
        """
        told = RunOutcome()

        def tell(outcome: RunOutcome) -> None:
            nonlocal told
            told = outcome
            retried(lambda: self._keep(replace(run, outcome=outcome)))

        def check() -> None:
            if self._stop.is_set() or heartbeat.is_lost:
                raise Stopped

        try:
            with (
                _scratch_told(),
                self._opened(source) as place,
                closing(self._new_difference()) as difference,
            ):
                sync = SourceSync(
                    self._open_work,
                    self._files,
                    self._ingestion,
                    max_file_bytes=self._max_file_bytes,
                    run=run,
                    source=source,
                    place=place,
                    difference=difference,
                    check=check,
                    tell=tell,
                )
                return replace(run, state=RunState.DONE, outcome=sync.look())
        except NeedsApproval as waits:
            return replace(run, state=RunState.AWAITING_APPROVAL, outcome=waits.outcome)
        except (SourceFault, AssistantError) as error:
            if isinstance(error, StorageError) and error.code == "database_locked":
                raise
            _log.warning("source_failed", source_id=source.id, code=error.code)
            reason = Reason(error.code, dict(error.params))
            return replace(run, state=RunState.FAILED, outcome=told, reason=reason)

    @contextmanager
    def _opened(self, source: Source) -> Generator[FileSource]:
        with self._open_work() as work:
            sealed = work.source_queue.sealed(source.id)
        password = self._sealer.open(sealed, owner=source.id) if sealed else ""
        with closing(self._places.open(source, password=password)) as place:
            yield place

    def _new_difference(self) -> SourceDifference:
        return SourceDifference(self._scratch, max_file_bytes=self._max_file_bytes)

    def _keep(self, run: SourceRun) -> None:
        with self._open_work() as work:
            self._guard(work, run)
            work.sources.update_run(run)
            work.commit()

    def _end(self, run: SourceRun, *, source: Source) -> None:
        now = self._clock.now()
        with self._open_work() as work:
            if not self._is_ours(work, run):
                return
            work.sources.update_run(replace(run, finished_at=now))
            current = work.source_queue.source(source.id)
            if current is not None and run.kind is RunKind.SYNC:
                work.sources.update(
                    replace(current, next_run_at=_following(work, current, run, now=now))
                )
            work.source_queue.forget_old_runs(source.id, keep=_KEPT_RUNS)
            work.commit()

    def _guard(self, work: UnitOfWork, run: SourceRun) -> None:
        if not self._is_ours(work, run):
            raise Stopped

    def _is_ours(self, work: UnitOfWork, run: SourceRun) -> bool:
        until = self._clock.now() + timedelta(seconds=self._lease_s)
        return work.source_queue.renew(run.id, owner=self._owner, until=until)


@contextmanager
def _scratch_told() -> Generator[None]:
    """The failures of what is spooled during a comparison, as those of our tree."""
    try:
        yield
    except sqlite3.Error as error:
        is_full = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
        raise StorageError("disk_full" if is_full else None) from error
    except OSError as error:
        raise StorageError("disk_full" if error.errno in _FULL else None) from error


def _next(work: UnitOfWork, source: Source, *, now: datetime) -> datetime | None:
    tenant = work.tenancy.find_tenant(source.tenant_id)
    if tenant is None:
        raise Conflict
    return source.schedule.next_after(now, time_zone=tenant.time_zone)


def _following(
    work: UnitOfWork, source: Source, run: SourceRun, *, now: datetime
) -> datetime | None:
    """When the next look is made after one that ended; sooner when that may help."""
    planned = _next(work, source, now=now)
    if planned is None or run.state is not RunState.FAILED:
        return planned
    return min(planned, now + _TRY_AGAIN)
