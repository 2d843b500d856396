"""Readings of files whose job gave its turn back before they were embedded."""

from __future__ import annotations

import threading
from collections import OrderedDict

from assistant.domain.ids import JobItemId
from assistant.domain.jobs import JobItem
from ingest.model import IngestedFile

_MOST = 16
"""Kept at once: those of two jobs. A file of 300 pages takes some megabytes."""


class Readings:
    """The last readings put aside, so that a file is not read twice for one more turn.

    Safe to use from several threads. What it loses is read again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[JobItemId, IngestedFile] = OrderedDict()

    def put(self, item: JobItem, reading: IngestedFile) -> None:
        """Keep a reading for the next turn of its job."""
        with self._lock:
            self._kept[item.id] = reading
            self._kept.move_to_end(item.id)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def take(self, item: JobItem) -> IngestedFile | None:
        """The reading of a file, which is kept no longer; None when there is none."""
        with self._lock:
            return self._kept.pop(item.id, None)
