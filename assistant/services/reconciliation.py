"""Database, index and files compared, on request and every night; what differs is mended on request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from assistant.domain.audit import Act
from assistant.domain.errors import AssistantError, Conflict
from assistant.domain.reconciliation import Reconciliation
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.reconciling_files import FileComparison
from assistant.services.reconciling_index import IndexComparison
from assistant.services.reconciling_jobs import JobComparison
from assistant.services.reconciling_readings import ReadingComparison
from assistant.services.reconciling_sources import SourceComparison
from assistant.services.reconciling_tally import Interrupted, Tally
from assistant.services.roles import require_platform_admin
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

_NIGHT: Final = range(4)
"""Hours in UTC: before five in the morning in France, before eight on La Réunion."""
_NIGHTLY: Final = timedelta(hours=20)
_OVERDUE: Final = timedelta(hours=48)
"""A machine that is off at night is seen to by day."""
_AFTER_START: Final = timedelta(hours=1)


class Reconciler:
    """Compares all of them, and the sources. Blocking; takes as long as the files take to read, twice."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        index: ChunkIndex,
        files: FileStore,
        clock: Clock,
        *,
        others: Callable[[], Sequence[ChunkIndex]] = tuple,
    ) -> None:
        """Prepare.

        Args:
            open_work: The store.
            index: The index.
            files: The contents.
            clock: The time.
            others: Further indexes that somebody searches at the time.
        """
        self._open_work = open_work
        self._index, self._others = index, others
        self._files = files
        self._clock = clock

    def run(self, tally: Tally, *, is_repair: bool) -> Reconciliation:
        """Compare, mend if wanted, and keep the report.

        Args:
            tally: Counts, and may stop it.
            is_repair: Whether to mend what can be.

        Raises:
            IndexUnavailable: The index fails.
            StorageError: Files or the database fail.
            Interrupted: Told to stop; no report is kept.
        """
        started_at = self._clock.now()
        parts = (self._open_work, self._files, self._clock)
        FileComparison(*parts, tally=tally).look(mends=is_repair)
        JobComparison(*parts, tally=tally).look(mends=is_repair)
        SourceComparison(self._open_work, self._clock, tally=tally).look(mends=is_repair)
        for index in (self._index, *self._others()):
            whole = (self._open_work, index, self._files, self._clock)
            ReadingComparison(*whole, tally=tally).look(mends=is_repair)
            IndexComparison(*whole, tally=tally).look(mends=is_repair)
        report = Reconciliation(
            started_at=started_at,
            finished_at=self._clock.now(),
            is_repair=is_repair,
            compared=dict(tally.compared),
            findings=tally.findings(),
        )
        retried(lambda: self._keep(report))
        return report

    def _keep(self, report: Reconciliation) -> None:
        with self._open_work() as work:
            work.reconciliation.add_report(report)
            work.commit()


@dataclass(frozen=True, slots=True)
class ReconciliationState:
    """What is known of comparisons now."""

    compared: dict[str, int] | None
    """How far the one under way is; None when there is none."""
    last: Reconciliation | None
    """The newest report."""
    failure: str
    """Code of why the last one of this process ended without report; empty when it did not."""


class ReconciliationKeeper:
    """Runs one comparison at a time in a thread of its own.

    Args:
        open_work: The store.
        reconciler: Does it.
        clock: Tells the night.
        audit: Told who had it mended.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        reconciler: Reconciler,
        clock: Clock,
        *,
        audit: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._reconciler = reconciler
        self._clock = clock
        self._audit = audit
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._tally = Tally()
        self._failure = ""
        self._began_at = clock.now()
        self._last_at: datetime | None = None

    def state(self, *, principal: Principal) -> ReconciliationState:
        """How far the comparison under way is, and what the last one found.

        Raises:
            Forbidden: The principal does not administer the platform ("platform_forbidden").
        """
        require_platform_admin(principal)
        with self._open_work() as work:
            last = work.reconciliation.last_report()
        compared = dict(self._tally.compared) if self.is_running else None
        return ReconciliationState(compared, last, self._failure)

    def begin(self, *, is_repair: bool, principal: Principal) -> None:
        """Begin a comparison; returns at once.

        Raises:
            Forbidden: The principal does not administer the platform ("platform_forbidden").
            Conflict: One is under way ("index_verifying").
            StorageError: It cannot be recorded, and nothing was begun.
        """
        require_platform_admin(principal)
        with self._starting:
            if self.is_running:
                raise Conflict("index_verifying")
            retried(lambda: self._record(is_repair=is_repair, principal=principal))
            self._start(is_repair=is_repair)

    def look(self) -> None:
        """Begin the comparison of the night if it is due; for whoever looks from time to time."""
        try:
            if self._is_due() and self._starting.acquire(blocking=False):
                try:
                    if not self.is_running:
                        self._start(is_repair=False)
                finally:
                    self._starting.release()
        except AssistantError as error:
            _log.warning("index_not_verified", code=error.code)

    def wait(self) -> None:
        """Block until the comparison under way has ended; returns at once when there is none."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def stop(self) -> None:
        """End the comparison under way, without report; idempotent."""
        self._tally.stop()
        self.wait()

    @property
    def is_running(self) -> bool:
        """True while one is under way."""
        return self._thread is not None and self._thread.is_alive()

    def _start(self, *, is_repair: bool) -> None:
        self._tally, self._failure = Tally(), ""
        self._thread = threading.Thread(
            target=self._run, args=(self._tally, is_repair), name="reconciliation", daemon=True
        )
        self._thread.start()

    def _run(self, tally: Tally, is_repair: bool) -> None:
        self._last_at = self._clock.now()
        try:
            report = self._reconciler.run(tally, is_repair=is_repair)
        except Interrupted:
            return
        except AssistantError as error:
            self._failure = error.code
            _log.warning("index_not_verified", code=error.code)
        except Exception as error:  # noqa: BLE001 - told to whoever asks, instead of dying unseen
            self._failure = AssistantError.default_code
            _log.error("index_not_verified", kind=type(error).__name__)
        else:
            if not report.is_settled:
                counts = {each.defect.value: each.count for each in report.findings}
                _log.warning("index_verified", **counts)

    def _record(self, *, is_repair: bool, principal: Principal) -> None:
        with self._open_work() as work:
            self._audit.record_in(
                work,
                Act.INDEX_VERIFIED,
                by=principal,
                tenant_id=principal.tenant_id,
                details={"repair": int(is_repair)},
            )
            work.commit()

    def _is_due(self) -> bool:
        now = self._clock.now()
        if self._last_at is None:
            with self._open_work() as work:
                last = work.reconciliation.last_report()
            self._last_at = None if last is None else last.finished_at
        last_at = self._last_at
        # one that is to come is of a clock that has been put back since
        is_to_come = last_at is not None and last_at > now + _AFTER_START
        age = _OVERDUE if last_at is None or is_to_come else now - last_at
        if now.hour in _NIGHT:
            return age >= _NIGHTLY
        return age >= _OVERDUE and now - self._began_at >= _AFTER_START
