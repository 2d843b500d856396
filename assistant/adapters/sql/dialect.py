"""What differs from one database engine to another: one interface, one module for each engine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, Engine, Insert, Table


class SqlDialect(Protocol):
    """One database of one engine. Everything else in this package is the same for all of them."""

    @property
    def clears_every_s(self) -> float:
        """Least time between two clearings of what deleted rows leave, in seconds."""
        ...

    def exists(self) -> bool:
        """False when there is nothing to open before a first migration."""
        ...

    def open_engine(self, *, busy_s: float) -> Engine:
        """An engine whose errors are those of the domain and never show a value.

        Args:
            busy_s: How long a statement waits for other writers, and a thread for a connection.
        """
        ...

    def migrating(self) -> AbstractContextManager[Connection]:
        """A transaction that only one process has at a time, committed when its block ends well.

        Raises:
            StorageError: The place cannot be used.
        """
        ...

    def finish_migration(self, connection: Connection) -> None:
        """What must hold after a change of schema, in the same transaction. Raises `StorageError`."""
        ...

    def begin_reading(self, connection: Connection) -> None:
        """Begin a transaction that reads one snapshot and keeps no writer out."""
        ...

    def begin_writing(self, connection: Connection) -> None:
        """Begin a transaction of the only writer, which reads the newest state from here on.

        Raises:
            StorageError: Others kept writing for too long ("database_locked").
        """
        ...

    def insert_missing(self, table: Table) -> Insert:
        """An insert that leaves rows alone whose key is taken."""
        ...

    def tell_workers(self, connection: Connection) -> None:
        """Have a worker look for jobs once this transaction is committed, unless they look by themselves.

        Raises:
            StorageError: The database cannot be written.
        """
        ...

    def check(self, connection: Connection) -> None:
        """Read what can be read to find damage. Raises `StorageError` ("database_damaged")."""
        ...

    def version(self, connection: Connection) -> str:
        """Name and version of the engine, such as "SQLite 3.46.1"."""
        ...

    def clear_deleted(self, connection: Connection, *, waits: bool) -> bool:
        """Have what was deleted leave the files too, as far as the engine does that.

        Args:
            connection: One outside any transaction.
            waits: False to return at once: without waiting for others, or while it is being done.

        Returns:
            False when others were in the way; call it again later.

        Raises:
            StorageError: The database cannot be written.
        """
        ...
