"""Opening the relational store, and its care."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Engine

from assistant.adapters.sql import schema
from assistant.adapters.sql.dialect import SqlDialect
from assistant.adapters.sql.erasure import Erasure
from assistant.adapters.sql.sqlite import Sqlite
from assistant.adapters.sql.unit_of_work import SqlUnitOfWork
from assistant.domain.errors import ConfigurationError

BUSY_S = 15.0
"""How long a writer waits for another, in seconds; a version of 5,000 chunks holds the lock 0.3 s."""


class Database:
    """An open database of the current schema. Safe to use from several threads.

    Args:
        engine: Where connections come from.
        dialect: The same, for what is particular to it.
        busy_s: How long a writer waits for others, in seconds.
    """

    def __init__(self, engine: Engine, *, dialect: SqlDialect, busy_s: float) -> None:
        self._engine = engine
        self._dialect = dialect
        self._busy_s = busy_s
        self._writers = threading.Lock()
        self._erasure = Erasure(dialect)

    @property
    def engine(self) -> Engine:
        """For maintenance and tests of the schema; repositories are the road for all else."""
        return self._engine

    def unit_of_work(self) -> SqlUnitOfWork:
        """A new unit of work; a `UnitOfWorkFactory` when passed without calling it."""
        return SqlUnitOfWork(
            self._engine,
            dialect=self._dialect,
            writers=self._writers,
            busy_s=self._busy_s,
            erasure=self._erasure,
        )

    def check(self) -> None:
        """Look for damage, for `doctor` and after a crash; SQLite is read whole, about 300 MB a second.

        Raises:
            StorageError: It is damaged ("database_damaged") or cannot be read.
        """
        with self._engine.connect() as connection:
            self._dialect.check(connection)

    def version(self) -> str:
        """Name and version of the engine, asked of it. Raises `StorageError` when it does not answer."""
        with self._engine.connect() as connection:
            return self._dialect.version(connection)

    def clear_deleted(self) -> bool:
        """Have deleted rows leave the files of the database, as far as its engine does that.

        Returns:
            False when a reader or writer was in the way; call it again later.
        """
        with self._engine.connect() as connection:
            return self._dialect.clear_deleted(connection, waits=True)

    def close(self) -> None:
        """Give back all connections; idempotent."""
        self._engine.dispose()


def open_database(place: Path | SqlDialect, *, migrate: bool, busy_s: float = BUSY_S) -> Database:
    """Open a database.

    Args:
        place: Which one; a path stands for the SQLite file there.
        migrate: True to bring it to the current schema first, waiting for another process that does;
            false to only check it.
        busy_s: How long a writer waits for others before `StorageError` ("database_locked"), in seconds.

    Raises:
        ConfigurationError: The schema is not this code's ("database_outdated", "database_newer").
        StorageError: The database cannot be used.
    """
    dialect = Sqlite(place) if isinstance(place, Path) else place
    if migrate:
        schema.migrate(dialect)
    elif not dialect.exists():
        raise ConfigurationError("database_outdated")
    engine = dialect.open_engine(busy_s=busy_s)
    try:
        schema.require_current(engine)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, dialect=dialect, busy_s=busy_s)
