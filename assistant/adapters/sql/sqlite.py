"""All that is particular to SQLite: opening, beginning, inserting what is missing, and its failures."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from assistant.domain.errors import AssistantError, Conflict, InvalidInput, StorageError

BUSY_S = 15.0
"""How long a writer waits for another, in seconds; a version of 5,000 chunks holds the lock 0.3 s."""

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


def open_engine(path: Path, *, busy_s: float = BUSY_S, foreign_keys: bool = True) -> Engine:
    """An engine over a database file, with one connection per thread at work.

    Args:
        path: The file; made when absent, its folder must exist.
        busy_s: How long a statement waits for another writer, in seconds.
        foreign_keys: False only while the schema changes, where tables are rebuilt.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
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


def as_reader(connection: Connection) -> None:
    """The next transaction of the connection reads one snapshot and takes no lock."""
    connection.execution_options(**{_BEGIN: "BEGIN"})


def as_writer(connection: Connection) -> None:
    """The next transaction of the connection takes the write lock at its start."""
    connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def insert_missing(table: Table) -> Insert:
    """An insert that leaves rows alone whose key is taken."""
    return table.insert().prefix_with("OR IGNORE", dialect="sqlite")


def is_intact(connection: Connection) -> bool:
    """True when every page, index and foreign key of the database holds together."""
    verdict = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    return verdict == "ok" and not connection.exec_driver_sql("PRAGMA foreign_key_check").first()


def check_foreign_keys(connection: Connection) -> None:
    """Refuse rows that refer to nothing, after a change of schema. Raises `StorageError`."""
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StorageError("database_damaged")


def checkpoint(connection: Connection, *, waits: bool = True) -> bool:
    """Move the write-ahead log into the database and empty it; False when others were in the way.

    Args:
        connection: One outside any transaction.
        waits: False to give up at once instead of waiting for others.

    Raises:
        StorageError: The database cannot be written.
    """
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
        return InvalidInput(detail="un texte contient des caractères Unicode incomplets.")
    if isinstance(error, PoolTimeout):
        return StorageError("database_locked")
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
