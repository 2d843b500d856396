"""Brings the index in line with the database, in steps small enough for searches to pass between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from assistant.domain.documents import DocumentVersion, Reason
from assistant.domain.errors import AssistantError
from assistant.domain.ids import VersionId
from assistant.domain.jobs import ItemState
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.answer_keeper import forget_old_answers
from assistant.services.feeding import IndexFeed
from assistant.services.finishing import JobFinisher
from assistant.services.followers import Followers, Nobody
from assistant.services.lacking import (
    INDEX_REFUSED,
    PATIENCE_S,
    LackingVersions,
    refuse_reading,
)
from assistant.services.refilling import IndexRefill
from assistant.services.transactions import retried
from assistant.services.unused_files import forget_unused_files
from assistant.services.usage import StorageMeter

_log = structlog.get_logger(__name__)

_READY_AT_ONCE = 8
_RETIRED_AT_ONCE = 50
_POLL_S = 0.2
_ERROR_PAUSE_S = 2.0
_SWEEP_S = 30.0
_FLUSH_AFTER_S = 2.0
_TOLD_AS = {"disk_full": "data_disk_full"}
"""Codes whose sentence asks people to begin again, which is not needed here."""


class IndexApplier:
    """Adds READY versions, removes RETIRED ones, forgets unused files. One per index."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        index: ChunkIndex,
        files: FileStore,
        clock: Clock,
        *,
        flush_after_s: float = _FLUSH_AFTER_S,
        error_pause_s: float = _ERROR_PAUSE_S,
        upkeep: Sequence[Callable[[], None]] = (),
        followers: Followers | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Prepare.

        Args:
            open_work: The store.
            index: The index.
            files: The contents.
            clock: The time.
            flush_after_s: Idle time after which the index is flushed.
            error_pause_s: How long to wait after a failure.
            upkeep: What else to do from time to time; each knows when it is due.
            followers: Indexes that hold the same, beside this one.
            patience_s: As in `LackingVersions`.
        """
        self._followers = followers or Nobody()
        self._upkeep = upkeep
        self._flush_after_s = flush_after_s
        self._error_pause_s = error_pause_s
        self._open_work = open_work
        self._files = files
        self._clock = clock
        self._finisher = JobFinisher(clock)
        self._storage = StorageMeter(open_work, clock)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._feed = IndexFeed(open_work, index, followers=self._followers, stop=self._stop)
        self._refill = IndexRefill(open_work, index, clock, feed=self._feed)
        self._lacking = LackingVersions(open_work, files, clock, patience_s=patience_s)
        self._swept_at: float | None = None
        self._trouble: Reason | None = None

    @property
    def trouble(self) -> Reason | None:
        """Why its thread does not get on now; None when it does."""
        return self._trouble

    def start(self) -> None:
        """Reconcile, then keep applying, in a thread of its own."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="index-applier", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after the step under way; idempotent."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def run_once(self) -> bool:
        """Apply what waits now; False when there was nothing to do.

        Raises:
            IndexUnavailable: The index fails; all of it is tried again at the next call.
            StorageError: The database fails; likewise.
        """
        did_something = False
        try:
            did_something = self._apply_waiting()
        finally:
            if self._is_sweep_due():
                did_something = self._sweep() or did_something
        if self._followers.step():
            self._feed.touch()
            did_something = True
        return did_something

    def _apply_waiting(self) -> bool:
        with self._open_work() as work:
            ready = work.ledger.ready_versions(limit=_READY_AT_ONCE + len(self._lacking))
            retired = work.ledger.retired_versions(limit=_RETIRED_AT_ONCE)
        usable = [version for version in ready if version.id not in self._lacking]
        for version_id in retired:
            self._remove(version_id)
        for version in usable:
            if self._stop.is_set():
                break
            self._apply_or_refuse(version)
        if retired:
            self._sweep()
        return bool(usable or retired)

    def reconcile(self) -> None:
        """Make index and database agree again: apply what waits, then compare and repair.

        Versions that are not live leave the index; live ones of which it does not hold every
        chunk (a new, emptied or restored index) are applied again from the database, without
        embedding.
        """
        while self._apply_waiting() and not self._stop.is_set():
            continue
        self._refill.run()

    def _run(self) -> None:
        is_reconciled = False
        while not self._stop.is_set():
            try:
                if not is_reconciled:
                    self.reconcile()
                    is_reconciled = True
                if not self.run_once():
                    self._rest()
                self._trouble = None
            except AssistantError as error:
                reason = Reason(_TOLD_AS.get(error.code, error.code), dict(error.params))
                if reason != self._trouble:  # once, not every two seconds of a night
                    _log.warning("applier_paused", code=error.code)
                self._trouble = reason
                self._stop.wait(self._error_pause_s)
            except Exception as error:  # noqa: BLE001 - a dead thread would end all indexing
                self._trouble = Reason(AssistantError.default_code, {})
                _log.error("applier_failed", kind=type(error).__name__)
                self._stop.wait(self._error_pause_s)
        try:
            self._feed.flush()
        except AssistantError as error:  # its log keeps what was added
            _log.warning("index_not_flushed", code=error.code)

    def _rest(self) -> None:
        if self._feed.idle_s > self._flush_after_s:
            self._feed.flush()
        self._stop.wait(_POLL_S)

    def _apply_or_refuse(self, version: DocumentVersion) -> None:
        """Apply a version; one that the index cannot take fails alone, and those behind it go on."""
        try:
            self._apply(version)
        except AssistantError:
            raise
        except Exception as error:  # noqa: BLE001 - one version never stops the others
            _log.error("version_refused", version_id=version.id, kind=type(error).__name__)
            retried(lambda: self._refuse(version))

    def _refuse(self, version: DocumentVersion) -> None:
        with self._open_work() as work:
            if refuse_reading(work, version, reason=INDEX_REFUSED, clock=self._clock):
                work.commit()

    def _apply(self, version: DocumentVersion) -> None:
        with self._followers.steady():
            self._apply_steadily(version)

    def _apply_steadily(self, version: DocumentVersion) -> None:
        points = self._feed.points_of(version.id)
        if points is None or not self._followers.follow(version.id):
            self._lacking.set_aside(version)
            return
        self._lacking.settle(version)
        if not self._feed.upsert(points):
            return
        if not retried(lambda: self._show(version)):
            self._feed.remove(version.id)

    def _show(self, version: DocumentVersion) -> bool:
        """Make a version live and settle its item in one commit; False when it came too late.

        Another process may have made it live since it was listed: that is no reason to take it away.
        """
        now = self._clock.now()
        with self._open_work() as work:
            if not work.ledger.make_live(version.id, now=now):
                return work.ledger.is_live(version.id)
            work.queue.settle_indexed(version.id, state=ItemState.INDEXED)
            self._finisher.finish_all_settled(work)
            work.commit()
        return True

    def _remove(self, version_id: VersionId) -> None:
        self._feed.remove(version_id)
        self._lacking.drop(version_id)

        def forget() -> None:
            with self._open_work() as work:
                work.ledger.forget_version(version_id)
                work.queue.settle_indexed(version_id, state=ItemState.REMOVED)
                self._finisher.finish_all_settled(work)
                work.commit()

        retried(forget)

    def _is_sweep_due(self) -> bool:
        return self._swept_at is None or time.monotonic() - self._swept_at > _SWEEP_S

    def _sweep(self) -> bool:
        """Forget unused files and old answers, end what was left open, note what tenants keep, and the upkeep.

        True when some file was removed.
        """
        self._swept_at = time.monotonic()
        removed = retried(lambda: forget_unused_files(self._open_work, self._files))
        retried(self._end_jobs)
        self._lacking.look()
        retried(lambda: forget_old_answers(self._open_work, now=self._clock.now()))
        retried(self._storage.note)
        for see_to in self._upkeep:
            see_to()
        return removed > 0

    def _end_jobs(self) -> None:
        with self._open_work() as work:
            if self._finisher.finish_all_settled(work):
                work.commit()
