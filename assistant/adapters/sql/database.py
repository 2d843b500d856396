"""Opening the relational store, and its care."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Engine

from assistant.adapters.sql import schema, sqlite
from assistant.adapters.sql.erasure import Erasure
from assistant.adapters.sql.unit_of_work import SqlUnitOfWork
from assistant.domain.errors import ConfigurationError, StorageError


class Database:
    """An open database of the current schema. Safe to use from several threads.

    Args:
        engine: Where connections come from.
        busy_s: How long a writer waits for others, in seconds.
    """

    def __init__(self, engine: Engine, *, busy_s: float) -> None:
        self._engine = engine
        self._busy_s = busy_s
        self._writers = threading.Lock()
        self._erasure = Erasure()

    @property
    def engine(self) -> Engine:
        """For maintenance and tests of the schema; repositories are the road for all else."""
        return self._engine

    def unit_of_work(self) -> SqlUnitOfWork:
        """A new unit of work; a `UnitOfWorkFactory` when passed without calling it."""
        return SqlUnitOfWork(
            self._engine, writers=self._writers, busy_s=self._busy_s, erasure=self._erasure
        )

    def check(self) -> None:
        """Read every page of the database, for `doctor` and after a crash: about 1 s for 300 MB.

        Raises:
            StorageError: It is damaged ("database_damaged") or cannot be read.
        """
        with self._engine.connect() as connection:
            if not sqlite.is_intact(connection):
                raise StorageError("database_damaged")

    def checkpoint(self) -> bool:
        """Empty the write-ahead log into the database, so that deleted text is in neither.

        Returns:
            False when a reader or writer kept part of the log in use; call it again later.
        """
        with self._engine.connect() as connection:
            return sqlite.checkpoint(connection)

    def close(self) -> None:
        """Give back all connections; idempotent."""
        self._engine.dispose()


def open_database(path: Path, *, migrate: bool, busy_s: float = sqlite.BUSY_S) -> Database:
    """Open the database of a data folder.

    Args:
        path: The file; its folder is made when absent and `migrate` is true.
        migrate: True to bring it to the current schema first, waiting for another process that does;
            false to only check it.
        busy_s: How long a writer waits for others before `StorageError` ("database_locked"), in seconds.

    Raises:
        ConfigurationError: The schema is not this code's ("database_outdated", "database_newer").
        StorageError: The file cannot be used.
    """
    if migrate:
        _make_private_folder(path.parent)
        schema.migrate(path)
    elif not path.exists():
        raise ConfigurationError("database_outdated")
    engine = sqlite.open_engine(path, busy_s=busy_s)
    try:
        schema.require_current(engine)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, busy_s=busy_s)


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError("storage_denied") from error
