"""The head of the chain noted apart, once a day and at the end, and what was counted told in time."""

from __future__ import annotations

import threading

import structlog

from assistant.domain.audit_chain import Head, time_text
from assistant.domain.errors import AssistantError
from assistant.ports.audit import HeadSink
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.audit_trail import CountingAuditTrail

_log = structlog.get_logger(__name__)

_DAY = len("2026-11-28")


class HeadKeeper:
    """Sees to the audit log from a thread, from `start` to `stop`.

    Args:
        open_work: The store.
        clock: Tells the day, in UTC.
        sink: Where heads go.
        counts: Told to write what it counted.
        every_s: How often to look, in seconds.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        sink: HeadSink,
        counts: CountingAuditTrail,
        every_s: float = 60.0,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._sink = sink
        self._counts = counts
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with a first look; returns at once."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="audit-heads", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End, with the last counts and the last head; idempotent, nothing unless it was started."""
        if self._thread is None:
            return
        self._stop.set()
        self._thread.join()
        self._thread = None
        self._counts.flush(all_of_them=True)
        self.note(at_end=True)

    def look(self) -> None:
        """What is due now: counts of windows that are over, and the head of the day."""
        self._counts.flush()
        self.note()

    def note(self, *, at_end: bool = False) -> bool:
        """Note the head if it is due; a failure is logged, and tried again at the next look.

        Due is the first of each day, and at the end one that is not noted yet.
        """
        try:
            return self._note(at_end=at_end)
        except AssistantError as error:
            _log.error("audit_head_not_noted", code=error.code)
            return False

    def _note(self, *, at_end: bool) -> bool:
        now = time_text(self._clock.now())
        noted = self._sink.noted().heads
        before = noted[-1] if noted else None
        is_of_today = before is not None and before.time[:_DAY] >= now[:_DAY]
        if is_of_today and not at_end:
            return False
        with self._open_work() as work:
            last = work.audit.last()
            held = None if before is None else work.audit.find(before.number)
        if before is not None and (held is None or held.hash != before.hash):
            _log.error("audit_chain_broken", number=before.number, noted_at=before.time)
        if last is None or (is_of_today and before is not None and before.hash == last.hash):
            return False
        self._sink.append(Head(now, last.number, last.hash))
        # a warning, for the log of a service keeps nothing less; where it is collected, that is a third place
        _log.warning("audit_head", number=last.number, hash=last.hash)
        return True

    def _run(self) -> None:
        while True:
            self.look()
            if self._stop.wait(self._every_s):
                return
