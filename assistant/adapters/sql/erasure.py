"""What is deleted leaves the files too, soon after and without anybody waiting for it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from sqlalchemy import Connection

from assistant.adapters.sql.dialect import SqlDialect
from assistant.domain.errors import StorageError


class Erasure:
    """Remembers that deleted rows may still be read in the files, until they were cleared.

    One per database, shared by its transactions: whichever ends next has it done, the one that
    deleted or, when others were in the way, a later one; the machinery looks for work all the time.
    A series of deletions pays once.

    Args:
        dialect: Knows how, and how often.
    """

    def __init__(self, dialect: SqlDialect) -> None:
        self._dialect = dialect
        self._tried_at: float | None = None
        self._is_owed = False
        self._trying = threading.Lock()

    def owe(self) -> None:
        """Note that rows were deleted; called once they are committed."""
        self._is_owed = True

    def pay(self, connection: Connection) -> None:
        """Clear the files if they may hold deleted rows and nobody is in the way; else a later call does.

        Args:
            connection: One outside any transaction.
        """
        if not self._is_due() or not self._trying.acquire(blocking=False):
            return
        try:
            self._tried_at, self._is_owed = time.monotonic(), False
            is_clear = False
            with suppress(StorageError):
                is_clear = self._dialect.clear_deleted(connection, waits=False)
            self._is_owed = self._is_owed or not is_clear
        finally:
            self._trying.release()

    def _is_due(self) -> bool:
        every_s = self._dialect.clears_every_s
        return self._is_owed and (
            self._tried_at is None or time.monotonic() - self._tried_at >= every_s
        )
