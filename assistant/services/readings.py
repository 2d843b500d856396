"""Readings of files whose job gave its turn back before they were embedded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import Future
from threading import Lock

from assistant.domain.ids import JobId, JobItemId
from assistant.domain.jobs import JobItem
from assistant.services.setbacks import Failure
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
        self._kept: OrderedDict[JobItemId, tuple[JobId, Future[Outcome]]] = OrderedDict()

    def put(self, item: JobItem, reading: Future[Outcome]) -> None:
        """Keep a reading for the next turn of its job."""
        with self._lock:
            self._kept[item.id] = item.job_id, reading
            self._kept.move_to_end(item.id)
            done = [key for key, (_, kept) in self._kept.items() if kept.done()]
            for key in done[:-_MOST]:
                del self._kept[key]

    def take(self, item: JobItem) -> Future[Outcome] | None:
        """The reading of a file, kept no longer; None when there is none, or it ended without a result."""
        with self._lock:
            _, reading = self._kept.pop(item.id, (None, None))
        if reading is None or (reading.done() and _is_vain(reading)):
            return None
        return reading

    def under_way(self) -> frozenset[JobItemId]:
        """The files that are still being read."""
        with self._lock:
            return frozenset(key for key, (_, kept) in self._kept.items() if not kept.done())

    def of_job(self, job_id: JobId) -> frozenset[JobItemId]:
        """The files of a job."""
        with self._lock:
            return frozenset(key for key, (owner, _) in self._kept.items() if owner == job_id)

    def drop(self, items: Collection[JobItemId]) -> None:
        """Keep the readings of some files no longer; this ends none of them."""
        with self._lock:
            for each in items:
                self._kept.pop(each, None)


def _is_vain(reading: Future[Outcome]) -> bool:
    if reading.cancelled() or reading.exception() is not None:
        return True  # whoever reads it again is told
    outcome = reading.result()
    return isinstance(outcome, Failure) and outcome.is_of_queue
