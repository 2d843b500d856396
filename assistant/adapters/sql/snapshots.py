"""SQLite as one file for backups, and what both engines ask of a database for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, select, union
from sqlalchemy.pool import NullPool

from assistant.adapters.sql import schema
from assistant.adapters.sql.database import open_database
from assistant.adapters.sql.sqlite import failure_of
from assistant.adapters.sql.tables import contents, documents, versions
from assistant.domain.errors import ConfigurationError, StorageError
from assistant.ports.backups import SnapshotFacts


class SqliteSnapshots:
    """Implements `Snapshots` over a file: a snapshot is another one, without a trace of deleted rows.

    Args:
        path: The database.
    """

    engine = "sqlite"
    file_name = "database.sqlite3"

    def __init__(self, path: Path) -> None:
        self._path = path

    def check_tools(self) -> None:
        """Nothing else is needed."""

    def write(self, target: Path) -> SnapshotFacts:
        """Write one moment of the database to a new file, while others read and write.

        Raises:
            ConfigurationError: There is no database ("data_dir_without_instance").
            StorageError: It cannot be written, or the database is damaged ("database_damaged").
        """
        if not self._path.exists():
            raise ConfigurationError("data_dir_without_instance", path=str(self._path.parent))
        with _told(), _connected(self._path) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        with _told(), _connected(target) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise StorageError("database_damaged")
        engine = create_engine(URL.create("sqlite", database=str(target)), poolclass=NullPool)
        with engine.connect() as connection:
            return facts_of(connection)

    def is_empty(self) -> bool:
        """True when the file is not there."""
        return not self._path.exists()

    def knows(self, revision: str) -> bool:
        """True for a schema of this program or of an older one."""
        return schema.knows(revision)

    def check(self, file: Path) -> None:
        """Bring the file up to date, and read all of it.

        Raises:
            ConfigurationError: A newer program wrote it ("database_newer").
            StorageError: It is damaged, or no database ("database_damaged").
        """
        database = open_database(file, migrate=True)
        try:
            database.check()
        finally:
            database.close()

    def place(self, file: Path) -> None:
        """Give the file its name; a journal that another database left there would be played into it."""
        for ending in ("-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        file.replace(self._path)


def facts_of(connection: Connection) -> SnapshotFacts:
    """What a database, or a snapshot of it, holds."""
    known = [row.sha256 for row in connection.execute(select(contents.c.sha256))]
    needed = union(
        select(versions.c.sha256),
        select(documents.c.sha256).where(~documents.c.is_deleted, documents.c.chunk_count > 0),
    )
    return SnapshotFacts(
        revision=schema.revision_of(connection),
        contents=sorted(known),
        needed=frozenset(row.sha256 for row in connection.execute(needed)),
    )


@contextmanager
def _connected(path: Path) -> Generator[Any]:
    connection = sqlite3.connect(path, timeout=15, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise failure_of(error) or StorageError() from error
