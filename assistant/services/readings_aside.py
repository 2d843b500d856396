"""Ends what is read aside when nobody wants it any more."""

from __future__ import annotations

import time
from collections.abc import Collection

from assistant.domain.ids import JobItemId
from assistant.ports.parsing import FileReader
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.readings import Readings

_LOOK_S = 2.0
"""Between two looks at whether what is read aside is still to be read."""


class ReadingsAside:
    """Sees to readings that go on while their job waits for its next turn."""

    def __init__(
        self, open_work: UnitOfWorkFactory, reader: FileReader, *, readings: Readings
    ) -> None:
        self._open_work, self._reader, self._readings = open_work, reader, readings
        self._looked_at = 0.0

    def end_unwanted(self) -> None:
        """End those of files that were cancelled or erased, or that another worker has begun.

        Raises:
            StorageError: The database fails; it is looked at again at the next call.
        """
        now = time.monotonic()
        under_way = self._readings.under_way()
        if not under_way or now - self._looked_at < _LOOK_S:
            return
        with self._open_work() as work:
            waiting = work.queue.waiting(under_way)
        self._looked_at = now
        self.end(under_way - waiting)

    def end(self, items: Collection[JobItemId]) -> None:
        """End the readings of some files, wherever they are."""
        self._readings.drop(items)
        for each in items:
            self._reader.interrupt(each)
