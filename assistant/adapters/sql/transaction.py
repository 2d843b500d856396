"""One transaction: it reads without any lock until it writes, and what it replaces is what it had read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Delete, Engine, Executable, Row, Table
from sqlalchemy.exc import TimeoutError as PoolTimeout

from assistant.adapters.sql.dialect import SqlDialect
from assistant.adapters.sql.erasure import Erasure
from assistant.domain.errors import StorageError

Rows = Sequence[Mapping[str, Any]]
T = TypeVar("T")

_BATCH = 500
"""Keys in one query, well below the engines' limits of parameters."""


def batches(keys: Iterable[T]) -> Iterator[list[T]]:
    """Keys without repeats, in as many parts as queries can take."""
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), _BATCH):
        yield unique[start : start + _BATCH]


class Transaction:
    """Reads of one snapshot, then, from the first write on, the write lock and the newest state.

    A reader blocks nobody. A writer waits for its turn (never fails because it had read before),
    so what was read before the first write may have changed since: `check_unchanged` tells, and
    every method that replaces a whole entity asks it.

    Args:
        engine: Where connections come from.
        dialect: Says how a transaction begins, and keeps the writers of other processes out.
        writers: Held by the one writer of this process, so that its threads wait without a connection.
        busy_s: How long to wait for it, in seconds.
        erasure: Told of deletions, and given the occasion to see to them.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        dialect: SqlDialect,
        writers: threading.Lock,
        busy_s: float,
        erasure: Erasure,
    ) -> None:
        self._engine = engine
        self._dialect = dialect
        self._writers = writers
        self._busy_s = busy_s
        self._connection: Connection | None = None
        self._erasure = erasure
        self._is_writing = False
        self._has_deleted = False
        self._images: dict[str, object] = {}

    def read(self, statement: Executable) -> Sequence[Row[Any]]:
        """All rows of a query."""
        return self._current().execute(statement).all()

    def first(self, statement: Executable) -> Row[Any] | None:
        """The first row of a query."""
        return self._current().execute(statement).first()

    def write(self, statement: Executable, rows: Rows | None = None) -> int:
        """Run a change, once per row when rows are given, and return how many rows it touched."""
        self.lock()
        if rows is not None and not rows:
            return 0
        count = self._current().execute(statement, rows).rowcount
        self._has_deleted = self._has_deleted or (count > 0 and isinstance(statement, Delete))
        return count

    def add_missing(self, table: Table, rows: Rows) -> None:
        """Insert those of the rows whose key is not taken."""
        self.write(self._dialect.insert_missing(table), rows)

    def lock(self) -> None:
        """Become the only writer; what is read from here on is the newest state and stays so.

        Raises:
            StorageError: Others kept writing for too long ("database_locked").
        """
        if self._is_writing:
            return
        if not self._writers.acquire(timeout=self._busy_s):
            raise StorageError("database_locked")
        try:
            connection = self._connect()
            connection.rollback()
            self._begin_writing(connection)
        except BaseException:
            self._writers.release()
            raise
        self._is_writing = True

    def remember(self, key: str, image: object) -> None:
        """Note what an entity looked like when it was read, unless nobody else can change it now."""
        if not self._is_writing:
            self._images[key] = image

    def forget(self, prefix: str) -> None:
        """Drop what was noted of entities, since this transaction itself changed them."""
        for key in [key for key in self._images if key.startswith(prefix)]:
            del self._images[key]

    def check_unchanged(self, key: str, *, image: object) -> None:
        """Refuse to replace an entity that another transaction changed after this one read it.

        Raises:
            StorageError: It did ("database_locked"): doing all of it again is safe.
        """
        if self._images.pop(key, image) != image:
            raise StorageError("database_locked")

    def tell_workers(self) -> None:
        """Have a worker look for jobs once this is committed."""
        self.lock()
        self._dialect.tell_workers(self._current())

    def commit(self) -> None:
        """Make all changes durable; the next statement begins another transaction."""
        if self._connection is not None:
            self._connection.commit()
            if self._has_deleted:
                self._erasure.owe()
        self._release()

    def close(self) -> None:
        """Undo what was not committed and give everything back."""
        try:
            if self._connection is not None:
                with self._connection as connection:
                    connection.rollback()
                    self._erasure.pay(connection)
        finally:
            self._connection = None
            self._release()

    def _current(self) -> Connection:
        connection = self._connect()
        if not connection.in_transaction():
            self._dialect.begin_reading(connection)
        return connection

    def _begin_writing(self, connection: Connection) -> None:
        try:
            self._dialect.begin_writing(connection)
        except BaseException:
            connection.rollback()
            raise

    def _connect(self) -> Connection:
        if self._connection is None:
            try:
                self._connection = self._engine.connect()
            except PoolTimeout as error:
                raise StorageError("database_locked") from error
        return self._connection

    def _release(self) -> None:
        self._images.clear()
        self._has_deleted = False
        if self._is_writing:
            self._is_writing = False
            self._writers.release()
