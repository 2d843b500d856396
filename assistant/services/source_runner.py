"""Runs what was asked of sources, and what their schedules ask; one look at a time for each source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from assistant.domain.audit import Act
from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, Conflict, StorageError
from assistant.domain.ids import SourceId, SourceRunId, new_id
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
from assistant.services.source_difference import SourceDifference, spooling
from assistant.services.source_sync import NeedsApproval, SourceSync
from assistant.services.transactions import retried
from assistant.services.watched_look import Pulse, WatchedLook, WatchedPlace
from ingest.sources.listing import FileSource, SourceFault

_log = structlog.get_logger(__name__)

_IDLE_S = 1.0
_PATIENCE_S = 300.0
_ERROR_PAUSE_S = 5.0
_DUE_AT_ONCE = 20
_KEPT_RUNS = 30
_LANES = 3
"""Looks at once, each of another tenant: a large one holds up nobody else."""
_ATTEMPTS = 5
"""Times that a look is begun without getting anything done before it is given up."""
_PASSING = frozenset({"database_locked", "database_unreachable"})
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
        patience_s: How long a place may be silent, in seconds; longer than its own delays.
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
        patience_s: float = _PATIENCE_S,
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
        self._patience_s = patience_s
        self._left: dict[SourceId, WatchedLook[SourceRun]] = {}
        self._stop = threading.Event()

    def run_forever(self, stop: threading.Event) -> None:
        """Look at sources until told to stop, several tenants at once; failing disks are waited for."""
        self._stop = stop
        others = [
            threading.Thread(target=self._run_lane, args=(stop,), name="sources", daemon=True)
            for _ in range(_LANES - 1)
        ]
        for lane in others:
            lane.start()
        self._run_lane(stop)
        for lane in others:
            lane.join()

    def _run_lane(self, stop: threading.Event) -> None:
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
                ended = self._result(run, source=source, heartbeat=heartbeat)
            except Stopped:
                _log.info("source_stopped", source_id=source.id)
                if not self._hangs(source):
                    retried(lambda: self._release(run))
                return True
        retried(lambda: self._end(ended, source=source))
        return True

    def _ask(self, source: Source, *, now: datetime) -> bool:
        """Keep what a schedule asks for, with the time of the next; False when another process did."""
        with self._open_work() as work:
            work.lock()
            due = work.source_queue.due(now=now, limit=_DUE_AT_ONCE)
            current = next((each for each in due if each.id == source.id), None)
            if current is None:
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
            work.sources.set_times(source.id, next_run_at=_next(work, current, now=now))
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

    def _release(self, run: SourceRun) -> None:
        with self._open_work() as work:
            work.source_queue.release(run.id, owner=self._owner)
            work.commit()

    def _hangs(self, source: Source) -> bool:
        """True while a look at a source, of which nothing is awaited any more, waits for its place."""
        look = self._left.get(source.id)
        return look is not None and look.hangs

    def _result(self, run: SourceRun, *, source: Source, heartbeat: Heartbeat) -> SourceRun:
        """The run as it ended.

        Raises:
            Stopped: It must end without a result.
            StorageError: The database fails.
        """
        if run.attempt > _ATTEMPTS:
            return _failed(run, Reason("source_given_up", {"limit": _ATTEMPTS}))
        if self._hangs(source):
            return _failed(run, Reason("source_silent", {}))
        self._left.pop(source.id, None)
        progress = _Progress(lambda outcome: self._keep(replace(run, outcome=outcome, attempt=0)))
        look = WatchedLook(
            lambda pulse: self._look(
                run, source=source, heartbeat=heartbeat, pulse=pulse, tell=progress.tell
            )
        )
        try:
            return look.result(
                is_wanted=lambda: self._is_wanted(run, heartbeat), patience_s=self._patience_s
            )
        except NeedsApproval as waits:
            return replace(run, state=RunState.AWAITING_APPROVAL, outcome=waits.outcome)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - told to who asked; else it would be tried for ever
            return _failed(replace(run, outcome=progress.told), _reason_of(error, source=source))
        finally:
            if look.hangs:
                self._left[source.id] = look

    def _is_wanted(self, run: SourceRun, heartbeat: Heartbeat) -> bool:
        if self._stop.is_set() or heartbeat.is_lost:
            return False
        try:
            with self._open_work() as work:
                return work.source_queue.holds(run.id, owner=self._owner)
        except StorageError:
            return True  # its lease tells in time

    def _look(
        self,
        run: SourceRun,
        *,
        source: Source,
        heartbeat: Heartbeat,
        pulse: Pulse,
        tell: Callable[[RunOutcome], None],
    ) -> SourceRun:
        def check() -> None:
            if self._stop.is_set() or heartbeat.is_lost or pulse.is_left:
                raise Stopped

        with (
            spooling(),
            self._opened(source, pulse) as place,
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
                guard=lambda work: self._guard(work, run),
                tell=tell,
            )
            return replace(run, state=RunState.DONE, outcome=sync.look())

    @contextmanager
    def _opened(self, source: Source, pulse: Pulse) -> Generator[FileSource]:
        with self._open_work() as work:
            sealed = work.source_queue.sealed(source.id)
        password = self._sealer.open(sealed, owner=source.id) if sealed else ""
        with pulse.waiting():
            opened = self._places.open(source, password=password)
        with closing(WatchedPlace(opened, pulse)) as place:
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
                work.sources.set_times(
                    source.id,
                    next_run_at=_following(work, current, run, now=now),
                    synced_at=now if run.state is RunState.DONE else None,
                )
            work.source_queue.forget_old_runs(source.id, keep=_KEPT_RUNS)
            work.commit()

    def _guard(self, work: UnitOfWork, run: SourceRun) -> None:
        if not self._is_ours(work, run):
            raise Stopped

    def _is_ours(self, work: UnitOfWork, run: SourceRun) -> bool:
        until = self._clock.now() + timedelta(seconds=self._lease_s)
        return work.source_queue.renew(run.id, owner=self._owner, until=until)


class _Progress:
    """What a look told last, kept for the run that ends badly."""

    def __init__(self, keep: Callable[[RunOutcome], None]) -> None:
        self.told = RunOutcome()
        self._keep = keep

    def tell(self, outcome: RunOutcome) -> None:
        self.told = outcome
        retried(lambda: self._keep(outcome))


def _failed(run: SourceRun, reason: Reason) -> SourceRun:
    return replace(run, state=RunState.FAILED, reason=reason)


def _reason_of(error: Exception, *, source: Source) -> Reason:
    """Why a look failed. Raises the error again when waiting for the database is all that helps."""
    if isinstance(error, StorageError) and error.code in _PASSING:
        raise error
    if isinstance(error, (SourceFault, AssistantError)):
        _log.warning("source_failed", source_id=source.id, code=error.code)
        return Reason(error.code, dict(error.params))
    _log.error("source_failed", source_id=source.id, kind=type(error).__name__)
    return Reason(AssistantError.default_code, {})


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
