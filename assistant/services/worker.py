"""The worker: leases jobs, has files read, embeds, and leaves complete readings for the index."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from assistant.domain.documents import Reason
from assistant.domain.errors import (
    AssistantError,
    NotFound,
    ScannerUnavailable,
    StorageError,
    UpstreamError,
)
from assistant.domain.ids import JobId
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState, Job, JobItem
from assistant.domain.retrieval import EmbedderIdentity, Vector
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.models import Embedder
from assistant.ports.parsing import FileReader
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.ports.scanning import VirusScanner
from assistant.services.fed_embedders import Roster
from assistant.services.fingerprints import Fingerprints
from assistant.services.finishing import CANCELLED, JobFinisher
from assistant.services.generation_building import GenerationBuilder
from assistant.services.heartbeat import Heartbeat
from assistant.services.job_run import JobRun, Stopped, texts_by_hash
from assistant.services.read_ahead import Outcome, ReadAhead
from assistant.services.transactions import retried
from assistant.services.vectors import RETRY_DELAYS_S, VectorFiller
from ingest.errors import IngestError
from ingest.model import IngestedFile

_log = structlog.get_logger(__name__)

_IDLE_S = 0.2
_TICK_S = 0.5
_PARK_S = 0.3
_ERROR_PAUSE_S = 5.0
_SILENCE = timedelta(minutes=10)

Check = Callable[[float], None]
"""Waits for some seconds and raises `Stopped` when the work must end."""


@dataclass(frozen=True, slots=True)
class WorkOfGenerations:
    """What a worker knows of generations of the index."""

    roster: Roster
    """Tells which embedders are wanted now."""
    fingerprints: Fingerprints
    """Names readings, whichever of the embedders they were made for."""
    builder: GenerationBuilder | None = None
    """Builds generations between two jobs; None builds none."""


class Worker:
    """Runs jobs one after the other. Killed at any point, it goes on from the database."""

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
        generations: WorkOfGenerations | None = None,
    ) -> None:
        """Build a worker.

        Args:
            open_work: The database.
            files: Where contents are.
            reader: Reads files in killable children.
            embedder: Makes vectors.
            clock: Tells the time of leases.
            owner: Name of this worker, unlike any other's.
            lease_s: Life of a lease, in seconds; renewed at half of it.
            item_attempts: How often a file may be begun before it is given up.
            children: Files read at once.
            batch_size: Texts embedded at a time.
            retry_delays_s: Waits before new tries of an embedder that fails.
            error_pause_s: Wait before a new try of a database or disk that fails.
            scanner: Asked about every file before it is read; None asks nobody.
            generations: What is done for generations of the index; None knows the embedder alone.
        """
        self._open_work, self._files, self._reader = open_work, files, reader
        self._generations = generations or WorkOfGenerations(
            lambda: (embedder,), Fingerprints(reader, embedder_id=embedder.identity.id)
        )
        self._clock = clock
        self._owner, self._lease_s = owner, lease_s
        self._item_attempts, self._error_pause_s = item_attempts, error_pause_s
        self._children, self._scanner = children, scanner
        self._new_filler = partial(
            VectorFiller, open_work, batch_size=batch_size, retry_delays_s=retry_delays_s
        )
        self._fillers: dict[EmbedderIdentity, VectorFiller] = {}
        self._stop, self._finisher = threading.Event(), JobFinisher(clock)
        self._silent_since: dict[JobId, tuple[int, datetime]] = {}

    @property
    def embedding_s(self) -> float:
        """Seconds spent inside the embedder since the start."""
        return sum(filler.busy_s for filler in self._fillers.values())

    def run_forever(self, stop: threading.Event) -> None:
        """Run jobs until told to stop; a failing disk or database is waited for."""
        self._stop = stop
        while not stop.is_set():
            try:
                is_busy = self.run_once()
            except AssistantError as error:
                _log.warning("worker_paused", code=error.code)
                stop.wait(self._error_pause_s)
                continue
            if not is_busy:
                stop.wait(_IDLE_S)

    def run_once(self) -> bool:
        """Take one job as far as it goes now; False when there was none.

        Raises:
            StorageError: The database or the file store fails; the job is taken again later.
        """
        job = self._lease()
        if job is None:
            builder = self._generations.builder
            return builder is not None and builder.run_once(self._stop)
        run = JobRun(
            self._open_work,
            self._clock,
            job=job,
            owner=self._owner,
            lease_s=self._lease_s,
            fingerprints=self._generations.fingerprints,
        )
        with Heartbeat(run.renew, lease_s=self._lease_s) as heartbeat:
            try:
                self._work_through(run, heartbeat)
            except Stopped:
                _log.info("job_stopped", job_id=job.id)
                if run.is_cancelled():
                    retried(self._forget_vectors)
            except StorageError as error:
                self._give_up(run, error)
        retried(lambda: self._conclude(job))
        return True

    def _forget_vectors(self) -> None:
        with self._open_work() as work:
            work.ledger.forget_unused_vectors()
            work.commit()

    def _lease(self) -> Job | None:
        now = self._clock.now()
        until = now + timedelta(seconds=self._lease_s)
        with self._open_work() as work:
            job = work.queue.lease(owner=self._owner, now=now, until=until)
            work.commit()
        return job

    def _work_through(self, run: JobRun, heartbeat: Heartbeat) -> None:
        def check(wait_s: float) -> None:
            deadline = wait_s
            while True:
                if self._stop.is_set() or heartbeat.is_lost or run.is_cancelled():
                    raise Stopped
                if deadline <= 0:
                    return
                self._stop.wait(min(_TICK_S, deadline))
                deadline -= _TICK_S

        with ReadAhead(self._read, children=self._children) as ahead:
            taken = None
            try:
                while True:
                    check(0)
                    self._top_up(run, ahead)
                    if not ahead.items:
                        return
                    taken = ahead.take(timeout_s=_TICK_S)
                    if taken is not None:
                        self._settle(run, *taken, ready=ahead.ready, check=check)
                        taken = None
            except (Stopped, StorageError):
                self._give_back(run, [*([taken[0]] if taken else []), *ahead.items])
                raise

    def _top_up(self, run: JobRun, ahead: ReadAhead) -> None:
        if ahead.room <= 0:
            return
        begun = ahead.ids
        for item in run.open_items(limit=len(begun) + ahead.room):
            if item.id in begun:
                continue
            if item.attempt >= self._item_attempts:
                run.fail(item, reason=Reason("attempts_exhausted", {"attempts": item.attempt}))
                continue
            is_suspect = item.attempt > 0
            if ahead.room <= 0 or (is_suspect and ahead.items):
                return
            started = run.begin(item)
            if started is not None:
                ahead.begin(started, is_alone=is_suspect)

    def _settle(
        self,
        run: JobRun,
        item: JobItem,
        outcome: Outcome,
        *,
        ready: Sequence[IngestedFile],
        check: Check,
    ) -> None:
        if isinstance(outcome, Reason):
            run.fail(item, reason=outcome)
            return
        item = run.mark_embedding(item)
        beside: dict[str, str] = {}
        for other in ready:
            beside |= texts_by_hash(other)
        texts = texts_by_hash(outcome)
        searched, *others = (self._filler_of(embedder) for embedder in self._generations.roster())
        vectors: dict[EmbedderIdentity, Mapping[str, Vector]] = {}
        try:
            vectors[searched.identity] = searched.vectors_of(texts, between=check, beside=beside)
        except UpstreamError as error:
            run.fail(item, reason=Reason(error.code, dict(error.params)))
            return
        for filler in others:
            with suppress(UpstreamError):  # the generation lags, and is told so; nobody searches it
                vectors[filler.identity] = filler.vectors_of(texts, between=check)
        run.keep(item, ingested=outcome, vectors=vectors)

    def _filler_of(self, embedder: Embedder) -> VectorFiller:
        if embedder.identity not in self._fillers:
            self._fillers[embedder.identity] = self._new_filler(embedder)
        return self._fillers[embedder.identity]

    def _read(self, item: JobItem) -> Outcome:
        try:
            path = self._files.path(item.sha256)
            virus = self._scanner.find_virus(path) if self._scanner else None
            if virus is not None:
                self._files.remove(item.sha256)
                return Reason("virus_found", {"virus": virus})
            return self._reader.read(path, name=item.name)
        except (IngestError, ScannerUnavailable) as error:
            return Reason(error.code, dict(error.params))
        except NotFound:
            return Reason("file_missing", {})
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - one file never stops the others
            _log.error("reader_crashed", kind=type(error).__name__)
            return Reason("internal_error", {})

    def _give_back(self, run: JobRun, items: list[JobItem]) -> None:
        try:
            for item in items:
                run.give_back(item)
        except (Stopped, StorageError):
            return

    def _give_up(self, run: JobRun, error: StorageError) -> None:
        _log.warning("job_storage_failed", code=error.code)
        if error.code == "database_locked":
            raise error
        try:
            run.fail_open(reason=Reason(error.code, dict(error.params)))
        except Stopped:
            return

    def _conclude(self, job: Job) -> None:
        with self._open_work() as work:
            if not self._renew(work, job, seconds=self._lease_s):
                self._silent_since.pop(job.id, None)
                return
            if work.queue.is_cancel_requested(job.id):
                work.queue.cancel_open(job.id, reason=CANCELLED, now=self._clock.now())
            elif self._is_silent(work, job):
                work.queue.fail_waiting(job.id, reason=Reason("file_never_sent", {}))
            if not self._finisher.finish_if_settled(work, job_id=job.id):
                self._park(work, job)
            work.commit()

    def _park(self, work: UnitOfWork, job: Job) -> None:
        """Leave a job that waits: for files, it is taken again soon; for the index, later."""
        counts = work.queue.counts(job.id)
        waits_only_for_index = set(_present(counts)) <= {ItemState.INDEXING}
        if not waits_only_for_index:
            self._renew(work, job, seconds=_PARK_S)

    def _renew(self, work: UnitOfWork, job: Job, *, seconds: float) -> bool:
        until = self._clock.now() + timedelta(seconds=seconds)
        return work.queue.renew(job.id, owner=self._owner, until=until)

    def _is_silent(self, work: UnitOfWork, job: Job) -> bool:
        """True when files are awaited and none came for ten minutes."""
        waiting = work.queue.counts(job.id).get(ItemState.AWAITING_FILE, 0)
        now = self._clock.now()
        before, since = self._silent_since.get(job.id, (waiting, now))
        if not waiting:
            self._silent_since.pop(job.id, None)
            return False
        self._silent_since[job.id] = (waiting, since if waiting == before else now)
        return now - self._silent_since[job.id][1] > _SILENCE


def _present(counts: Mapping[ItemState, int]) -> Iterator[ItemState]:
    """States of items that have not ended."""
    return (state for state, count in counts.items() if count and state not in FINAL_ITEM_STATES)
