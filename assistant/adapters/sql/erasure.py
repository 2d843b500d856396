"""What is deleted leaves the write-ahead log too, soon after and without anybody waiting for it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from sqlalchemy import Connection

from assistant.adapters.sql import sqlite
from assistant.domain.errors import StorageError

_EVERY_S = 0.5


class Erasure:
    """Remembers that deleted rows may still be read in the log, until it was emptied.

    One per database, shared by its transactions: whichever ends next empties the log, the one that
    deleted or, when others were in the way, a later one; the machinery looks for work all the time.

    Args:
        every_s: Least time between two tries, so that a series of deletions pays once.
    """

    def __init__(self, *, every_s: float = _EVERY_S) -> None:
        self._every_s = every_s
        self._tried_at: float | None = None
        self._is_owed = False
        self._trying = threading.Lock()

    def owe(self) -> None:
        """Note that rows were deleted; called once they are committed."""
        self._is_owed = True

    def pay(self, connection: Connection) -> None:
        """Empty the log if it may hold deleted rows and nobody is in the way; else a later call does.

        Args:
            connection: One outside any transaction.
        """
        if not self._is_due() or not self._trying.acquire(blocking=False):
            return
        try:
            self._tried_at, self._is_owed = time.monotonic(), False
            is_empty = False
            with suppress(StorageError):
                is_empty = sqlite.checkpoint(connection, waits=False)
            self._is_owed = self._is_owed or not is_empty
        finally:
            self._trying.release()

    def _is_due(self) -> bool:
        return self._is_owed and (
            self._tried_at is None or time.monotonic() - self._tried_at >= self._every_s
        )
