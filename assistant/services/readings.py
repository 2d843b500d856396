"""Readings of files whose job gave its turn back before they were embedded."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock

from assistant.domain.ids import JobItemId
from assistant.domain.jobs import JobItem
from assistant.services.setbacks import NOT_BEGUN, Failure
from ingest.model import IngestedFile

Outcome = IngestedFile | Failure

_MOST = 16
"""Kept at once of those that are done: of two jobs. A file of 300 pages takes some megabytes."""


class Readings:
    """The last readings put aside, done or under way, so that a file is not read twice for one more turn.

    Safe to use from several threads. What it loses is read again.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[JobItemId, Future[Outcome]] = OrderedDict()

    def put(self, item: JobItem, reading: Future[Outcome]) -> None:
        """Keep a reading for the next turn of its job."""
        with self._lock:
            self._kept[item.id] = reading
            self._kept.move_to_end(item.id)
            done = [key for key, kept in self._kept.items() if kept.done()]
            for key in done[:-_MOST]:
                del self._kept[key]

    def take(self, item: JobItem) -> Future[Outcome] | None:
        """The reading of a file, kept no longer; None when there is none, or it ended without a result."""
        with self._lock:
            reading = self._kept.pop(item.id, None)
        if reading is None or (reading.done() and _is_vain(reading)):
            return None
        return reading

    def blame_nobody(self) -> None:
        """Have those under way that fail from now on be made again: their children are being ended."""
        with self._lock:
            for key, reading in self._kept.items():
                if not reading.done():
                    self._kept[key] = _excused(reading)


def _is_vain(reading: Future[Outcome]) -> bool:
    if reading.cancelled() or reading.exception() is not None:
        return True  # whoever reads it again is told
    outcome = reading.result()
    return isinstance(outcome, Failure) and outcome.is_of_queue


def _excused(reading: Future[Outcome]) -> Future[Outcome]:
    """The same reading, whose failure says nothing of its file."""
    excused: Future[Outcome] = Future()
    excused.set_running_or_notify_cancel()

    def tell(ended: Future[Outcome]) -> None:
        is_read = not _is_vain(ended) and isinstance(ended.result(), IngestedFile)
        excused.set_result(ended.result() if is_read else NOT_BEGUN)

    reading.add_done_callback(tell)
    return excused
