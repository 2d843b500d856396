"""All that is particular to SQLite: opening, beginning, migrating, clearing, and its failures."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from assistant.adapters.sql.statistics import set_statistics
from assistant.domain.catalogue import sentence
from assistant.domain.errors import AssistantError, Conflict, InvalidInput, StorageError

_MIGRATION_S = 15.0
"""How long a migration waits for a writer, in seconds."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "journal_size_limit=67108864",
    "trusted_schema=OFF",
)
_BEGIN = "assistant_begin"
_DISK_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TAKEN = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
}


class Sqlite:
    """Implements `SqlDialect` over a file.

    Args:
        path: The file; its folder is made by the first migration.
    """

    clears_every_s = 0.5

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """True when the file is there, and was written to."""
        return self._path.exists() and self._path.stat().st_size > 0

    def open_engine(self, *, busy_s: float) -> Engine:
        """An engine with one connection per thread at work."""
        return self._open(busy_s=busy_s, foreign_keys=True)

    @contextmanager
    def migrating(self) -> Generator[Connection]:
        """The write lock, behind a lock of the migrators: tables are rebuilt without foreign keys."""
        _make_private_folder(self._path.parent)
        with self._only_migrator():
            engine = self._open(busy_s=_MIGRATION_S, foreign_keys=False)
            try:
                with engine.connect() as connection:
                    self.begin_writing(connection)
                    yield connection
                    connection.commit()
            finally:
                engine.dispose()

    def finish_migration(self, connection: Connection) -> None:
        """Tell the planner of the tables, and refuse rows that refer to nothing."""
        set_statistics(connection)
        check_foreign_keys(connection)

    def begin_reading(self, connection: Connection) -> None:
        """Takes no lock."""
        connection.execution_options(**{_BEGIN: "BEGIN"})
        connection.begin()

    def begin_writing(self, connection: Connection) -> None:
        """Takes the write lock of the file."""
        connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        connection.begin()

    def insert_missing(self, table: Table) -> Insert:
        """An insert that leaves rows alone whose key is taken."""
        return insert(table).on_conflict_do_nothing()

    def tell_workers(self, connection: Connection) -> None:
        """Workers look at a file by themselves."""
        del connection

    def check(self, connection: Connection) -> None:
        """Read every page, index and foreign key: about 1 s for 300 MB."""
        verdict = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if verdict != "ok":
            raise StorageError("database_damaged")
        check_foreign_keys(connection)

    def version(self, connection: Connection) -> str:
        """Of the library in this process."""
        del connection
        return f"SQLite {sqlite3.sqlite_version}"

    def clear_deleted(self, connection: Connection, *, waits: bool) -> bool:
        """Move the write-ahead log, which holds deleted rows, into the file and empty it."""
        driver = cast("Any", connection.connection.driver_connection)
        usual_ms = driver.execute("PRAGMA busy_timeout").fetchone()[0]
        try:
            if not waits:
                driver.execute("PRAGMA busy_timeout=0")
            row: tuple[int, int, int] = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise failure_of(error) or StorageError() from error
        finally:
            driver.execute(f"PRAGMA busy_timeout={usual_ms}")
        return row[0] == 0

    def _open(self, *, busy_s: float, foreign_keys: bool) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self._path)),
            connect_args={"timeout": busy_s},
            pool_size=16,
            max_overflow=112,
            pool_timeout=busy_s,
            hide_parameters=True,
        )

        def prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
            del entry
            _prepare(connection, foreign_keys=foreign_keys)

        event.listen(engine, "connect", prepare)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "handle_error", _translate, retval=True)
        return engine

    @contextmanager
    def _only_migrator(self) -> Generator[None]:
        with self._path.with_name(f"{self._path.name}-migration").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def check_foreign_keys(connection: Connection) -> None:
    """Refuse rows that refer to nothing. Raises `StorageError` ("database_damaged")."""
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StorageError("database_damaged")


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError("storage_denied") from error


def _prepare(connection: DBAPIConnection, *, foreign_keys: bool) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (*_PRAGMAS, f"foreign_keys={'ON' if foreign_keys else 'OFF'}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _translate(context: ExceptionContext) -> AssistantError | None:
    return failure_of(context.original_exception)


def failure_of(error: BaseException) -> AssistantError | None:
    """What an error of the driver means in the tree; None for one that is a mistake of ours."""
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput(detail=sentence("text_half_character"))
    if not isinstance(error, sqlite3.Error):
        return None
    code = _code_of(error)
    if code in _TAKEN:
        return Conflict()
    if code & 0xFF in _BUSY:
        return StorageError("database_locked")
    if code & 0xFF in _DAMAGED:
        return StorageError("database_damaged")
    if code in _DISK_FULL:
        return StorageError("disk_full")
    return StorageError()


def _code_of(error: Any) -> int:
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))
