"""Readings of files whose job gave its turn back before they were embedded."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import CancelledError, Future
from threading import Lock

from assistant.domain.ids import JobItemId
from assistant.domain.jobs import JobItem
from assistant.services.setbacks import Failure
from ingest.model import IngestedFile

Outcome = IngestedFile | Failure

_MOST = 16
"""Kept at once: those of two jobs. A file of 300 pages takes some megabytes."""


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
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def take(self, item: JobItem) -> IngestedFile | None:
        """The reading of a file, waited for and kept no longer; None when there is none that succeeds."""
        with self._lock:
            reading = self._kept.pop(item.id, None)
        if reading is None:
            return None
        try:
            outcome = reading.result()
        except (Exception, CancelledError):  # noqa: BLE001 - whoever reads it again is told
            return None
        return outcome if isinstance(outcome, IngestedFile) else None
