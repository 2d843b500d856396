"""The worker: leases jobs, has files read, embeds, and leaves complete readings for the index."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from assistant.domain.backoff import BackOff
from assistant.domain.documents import Reason
from assistant.domain.errors import (
    AssistantError,
    Conflict,
    NotFound,
    ScannerUnavailable,
    StorageError,
)
from assistant.domain.ids import JobId
from assistant.domain.jobs import ItemState, Job, JobItem
from assistant.domain.tenancy import Grant, Scope
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.models import Embedder
from assistant.ports.parsing import FileReader
from assistant.ports.parts import PartStore
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.ports.running import JobRunner
from assistant.ports.scanning import VirusScanner
from assistant.services.fed_embedders import Fed, Roster
from assistant.services.fillers import Fillers
from assistant.services.fingerprints import Fingerprints
from assistant.services.finishing import CANCELLED, JobFinisher
from assistant.services.generation_building import GenerationBuilder
from assistant.services.heartbeat import Heartbeat
from assistant.services.job_run import JobRun, Stopped
from assistant.services.lease_loop import LeaseLoop
from assistant.services.reading_places import ReadingPlaces
from assistant.services.readings import Outcome
from assistant.services.readings_aside import ReadingsAside
from assistant.services.setbacks import Failure, failure_of
from assistant.services.transactions import retried
from assistant.services.turn import GaveWay, Paused, Tools, Turn
from assistant.services.uploads import part_name
from assistant.services.vectors import RETRY_DELAYS_S, VectorFiller
from ingest.errors import IngestError

_log = structlog.get_logger(__name__)

_TICK_S = 0.5
_PARK_S = 5.0
"""A file that arrives wakes its job; this look is for those that never come."""
_ERROR_PAUSE_S = 5.0
_SLICE_S = 10.0
_SILENCE_S = 600.0
_AWAITED = frozenset({ItemState.AWAITING_FILE})
_PAGE = 500


@dataclass(frozen=True, slots=True)
class WorkOfGenerations:
    """What a worker knows of generations of the index."""

    roster: Roster
    """Tells which embedders are wanted now."""
    fingerprints: Fingerprints
    """Names readings, whichever of the embedders they were made for."""
    builder: GenerationBuilder | None = None
    """Builds generations between two turns of jobs; None builds none."""


@dataclass(slots=True)
class _Held:
    """A job that may still be ours, should the database fail before its turn is concluded."""

    job: Job
    run: JobRun
    begun: list[JobItem]
    """Files that are marked as begun, and are not to blame."""


class Worker:
    """Runs jobs in turns. Killed at any point, it goes on from the database.

    Args:
        open_work: The database.
        files: Where contents are.
        reader: Reads files in killable children.
        embedder: Makes vectors.
        clock: Tells the time of leases.
        owner: Name of this worker, unlike any other's.
        lease_s: Life of a lease, in seconds; renewed at half of it.
        item_attempts: How often a file may be begun before it is given up.
        children: Files of a tenant read at once; the reader has a child more, for others.
        batch_size: Texts embedded between two looks at a cancellation.
        retry_delays_s: Waits before new tries of an embedder that fails.
        error_pause_s: Wait before a new try of a database or disk that fails.
        scanner: Asked about every file before it is read; None asks nobody.
        back_off: When files that failed in passing are tried again.
        slice_s: How long it stays with a job while others or generations wait, in seconds.
        runner: Wakes it; None has it look by itself.
        generations: What is done for generations of the index; None knows the embedder alone.
        parts: Contents that come in parts: their jobs wait for the rest as long as those are kept.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        files: FileStore,
        reader: FileReader,
        embedder: Embedder,
        clock: Clock,
        *,
        owner: str,
        lease_s: float,
        item_attempts: int,
        children: int = 2,
        batch_size: int = 16,
        retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S,
        error_pause_s: float = _ERROR_PAUSE_S,
        scanner: VirusScanner | None = None,
        back_off: BackOff | None = None,
        slice_s: float = _SLICE_S,
        runner: JobRunner | None = None,
        generations: WorkOfGenerations | None = None,
        elapsed_s: Callable[[], float] = time.monotonic,
        parts: PartStore | None = None,
    ) -> None:
        self._open_work, self._files, self._reader = open_work, files, reader
        self._generations = generations or WorkOfGenerations(
            lambda: Fed((embedder,)), Fingerprints(reader, embedder_id=embedder.identity.id)
        )
        self._clock, self._parts, self._elapsed_s = clock, parts, elapsed_s
        self._owner, self._lease_s, self._error_pause_s = owner, lease_s, error_pause_s
        self._scanner, self._runner = scanner, runner or LeaseLoop()
        new = partial(VectorFiller, open_work, batch_size=batch_size, retry_delays_s=retry_delays_s)
        self._fillers = Fillers(self._generations.roster, new)
        self._tools = Tools(
            read=self._read,
            fillers=self._fillers,
            children=children,
            places=ReadingPlaces(per_tenant=children),
            leaves_readings=not self._runner.is_shared,
            item_attempts=item_attempts,
            back_off=back_off or BackOff(),
            slice_s=slice_s,
            is_awaited=self._is_builder_due,
        )
        self._aside = ReadingsAside(open_work, reader, readings=self._tools.readings)
        self._jobs_since: float | None = None
        """When the first turn of a job began since generations had their slice."""
        self._stop, self._finisher = threading.Event(), JobFinisher(clock)
        self._silent_since: dict[JobId, tuple[int, float]] = {}
        self._held: _Held | None = None

    @property
    def embedding_s(self) -> float:
        """Seconds spent inside the embedder since the start."""
        return self._fillers.busy_s

    def run_forever(self, stop: threading.Event) -> None:
        """Run jobs until told to stop; a failing disk or database is waited for."""
        self._stop = stop
        self._runner.run(self._try_once, stop=stop)

    def _try_once(self) -> bool:
        try:
            return self.run_once()
        except AssistantError as error:
            _log.warning("worker_paused", code=error.code)
            self._stop.wait(self._error_pause_s)
            return True

    def run_once(self) -> bool:
        """Take one job as far as it goes now, or build a while; False when there was neither.

        Raises:
            StorageError: The database or the file store fails; the job is taken again later.
        """
        self._take_up()
        self._aside.end_unwanted()
        if self._is_builder_due() and self._build():
            return True
        job = self._lease()
        if job is None:
            return self._build()
        self._jobs_since = self._jobs_since or time.monotonic()
        run = JobRun(
            self._open_work,
            self._clock,
            job=job,
            owner=self._owner,
            lease_s=self._lease_s,
            fingerprints=self._generations.fingerprints,
        )
        paused_until = None
        with Heartbeat(run.renew, lease_s=self._lease_s) as heartbeat:
            turn = Turn(run, self._tools, check=self._checking(run, heartbeat))
            self._held = _Held(job, run, turn.begun)
            try:
                turn.work()
            except GaveWay:
                _log.info("job_gave_way", job_id=job.id)
            except Paused as pause:
                _log.warning("job_paused", job_id=job.id, until=pause.until.isoformat())
                paused_until = pause.until
            except Stopped:
                self._let_go(job, turn.reading)
            except StorageError as error:
                self._give_up(run, error)
        retried(lambda: self._conclude(job, paused_until=paused_until))
        self._held = None
        return True

    def _is_builder_due(self) -> bool:
        """True when generations wait, and jobs had as much time as a turn lasts."""
        builder, since = self._generations.builder, self._jobs_since
        if builder is None or since is None or time.monotonic() - since <= self._tools.slice_s:
            return False
        return builder.is_due()

    def _build(self) -> bool:
        """Work on generations for a slice; False when none needs it."""
        builder = self._generations.builder
        self._jobs_since = None  # before it may fail: a turn of a job comes first then
        return builder is not None and builder.run_once(self._stop)

    def _take_up(self) -> None:
        """Give back what the database could not take when it was away, and let the job be taken at once."""
        held = self._held
        if held is None:
            return
        with suppress(Stopped):
            while held.begun:
                with suppress(Conflict):  # its last commit went through after all
                    held.run.give_back(held.begun[-1])
                held.begun.pop()
        retried(lambda: self._conclude(held.job, paused_until=None))
        self._held = None

    def _let_go(self, job: Job, reading: Sequence[JobItem]) -> None:
        _log.info("job_stopped", job_id=job.id)
        if self._stop.is_set():
            self._reader.interrupt()
            return
        # those of other jobs that were put aside go on
        self._aside.end({each.id for each in reading} | self._tools.readings.of_job(job.id))

    def _lease(self) -> Job | None:
        now = self._clock.now()
        until = now + timedelta(seconds=self._lease_s)
        with self._open_work() as work:
            job = work.queue.lease(owner=self._owner, now=now, until=until)
            work.commit()
        return job

    def _checking(self, run: JobRun, heartbeat: Heartbeat) -> Callable[[float], None]:
        def check(wait_s: float) -> None:
            left = wait_s
            while True:
                if self._stop.is_set() or heartbeat.is_lost or run.is_cancelled():
                    raise Stopped
                self._aside.end_unwanted()
                if left <= 0:
                    return
                self._stop.wait(min(_TICK_S, left))
                left -= _TICK_S

        return check

    def _read(self, item: JobItem) -> Outcome:
        try:
            path = self._files.path(item.sha256)
            virus = self._scanner.find_virus(path) if self._scanner else None
            if virus is not None:
                self._files.remove(item.sha256)
                return Failure(Reason("virus_found", {"virus": virus}))
            with self._open_work() as work:
                cut = work.cuts.active()
            return self._reader.read(path, name=item.name, chunk_tokens=cut.tokens, caller=item.id)
        except (IngestError, ScannerUnavailable) as error:
            return failure_of(error)
        except NotFound:
            return Failure(Reason("file_missing", {}))
        except StorageError as error:
            failure = failure_of(error)
            if not failure.is_passing:
                raise
            return failure
        except Exception as error:  # noqa: BLE001 - one file never stops the others
            _log.error("reader_crashed", kind=type(error).__name__)
            return Failure(Reason("internal_error", {}))

    def _give_up(self, run: JobRun, error: StorageError) -> None:
        _log.warning("job_storage_failed", code=error.code)
        if failure_of(error).is_passing:
            raise error
        try:
            run.fail_open(reason=Reason(error.code, dict(error.params)))
        except Stopped:
            return

    def _conclude(self, job: Job, *, paused_until: datetime | None) -> None:
        with self._open_work() as work:
            if not self._renew(work, job, seconds=self._lease_s):
                self._silent_since.pop(job.id, None)
                return
            if work.queue.is_cancel_requested(job.id):
                work.queue.cancel_open(job.id, reason=CANCELLED, now=self._clock.now())
            elif self._is_silent(work, job):
                work.queue.fail_waiting(job.id, reason=Reason("file_never_sent", {}))
            if not self._finisher.finish_if_settled(work, job_id=job.id):
                later = paused_until or self._next_look(work, job)
                work.queue.release(job.id, owner=self._owner, not_before=later)
            work.commit()

    def _next_look(self, work: UnitOfWork, job: Job) -> datetime | None:
        """When there will be something to do for a job: a file to send, to try again, or to index."""
        now = self._clock.now()
        if work.queue.open_items(job.id, limit=1, due=now):
            return None
        waiting = work.queue.next_retry(job.id)
        retry_at = waiting.not_before if waiting is not None else None
        if work.queue.counts(job.id).get(ItemState.AWAITING_FILE):
            look_at = now + timedelta(seconds=_PARK_S)
            return min(look_at, retry_at) if retry_at else look_at
        return retry_at or now + timedelta(seconds=self._lease_s)

    def _renew(self, work: UnitOfWork, job: Job, *, seconds: float) -> bool:
        until = self._clock.now() + timedelta(seconds=seconds)
        return work.queue.renew(job.id, owner=self._owner, until=until)

    def _is_silent(self, work: UnitOfWork, job: Job) -> bool:
        """True when files are awaited, none came for ten minutes, and no part of one of them is kept."""
        waiting = work.queue.counts(job.id).get(ItemState.AWAITING_FILE, 0)
        now = self._elapsed_s()
        before, since = self._silent_since.get(job.id, (waiting, now))
        if not waiting:
            self._silent_since.pop(job.id, None)
            return False
        self._silent_since[job.id] = (waiting, since if waiting == before else now)
        if now - self._silent_since[job.id][1] <= _SILENCE_S:
            return False
        return not self._is_coming(work, job)

    def _is_coming(self, work: UnitOfWork, job: Job) -> bool:
        """True when a part is kept of a file that the job awaits."""
        parts, place = self._parts, 0
        if parts is None or not parts.held_bytes(job.tenant_id):
            return False
        grant = Grant(job.tenant_id, job.collection_id)
        scope = Scope(job.tenant_id, job.created_by, frozenset({grant}))
        while items := work.jobs.items(
            job.id, scope=scope, states=_AWAITED, limit=_PAGE, offset=place
        ):
            if any(parts.size(job.tenant_id, part_name(job, item)) for item in items):
                return True
            place += len(items)
        return False
