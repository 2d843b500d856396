"""All that is particular to PostgreSQL: opening, beginning, migrating, clearing, and its failures."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from assistant.adapters.sql.turn_queue import add_turn
from assistant.domain.catalogue import sentence
from assistant.domain.errors import (
    AssistantError,
    ConfigurationError,
    Conflict,
    InvalidInput,
    StorageError,
)

_WRITER = 0x61737369
"""Key of the advisory lock that the one writer of the database holds until its transaction ends."""
_POOL, _OVERFLOW = 8, 24
"""Connections of one process: kept, and more for a while. A server admits 100 unless told otherwise."""
_ABANDONED_S = 60
"""After this long without a word from its process, a transaction is ended by the server, in seconds."""
_MIGRATION_S = 600.0
"""How long a migration waits for another one or for a writer, in seconds."""
_DDL_S = 10
"""How long a migration waits for readers of a table: others queue behind it, in seconds."""
_DEFAULTS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "assistant",
    "client_encoding": "UTF8",
}
"""Of a connection, unless its address says otherwise."""
_TABLES = """
    SELECT quote_ident(relname) FROM pg_stat_user_tables
    WHERE schemaname = current_schema() ORDER BY 1
"""

_CODES: dict[str, str] = {
    "53100": "disk_full",
    "55P03": "database_locked",
    "40001": "database_locked",
    "40P01": "database_locked",
    "25P03": "database_locked",
    "42501": "database_denied",
    "25006": "database_denied",
    "XX001": "database_damaged",
    "XX002": "database_damaged",
}
_TAKEN = {"23505", "23503"}
_AWAY = ("08", "57P", "53300", "53400", "28", "3D000")
"""Begins of the codes of a server that is not there, has no room, or refuses this account."""


class Postgresql:
    """Implements `SqlDialect` over one database of a server.

    Args:
        url: Its address as libpq reads it, `postgresql://account:password@host:5432/database`.
    """

    clears_every_s = 60.0

    def __init__(self, url: str) -> None:
        self._url = url

    def exists(self) -> bool:
        """A server's database is made by its administrator."""
        return True

    def open_engine(self, *, busy_s: float) -> Engine:
        """An engine whose connections are tried before use: a server that restarts is found again."""
        engine = create_engine(
            "postgresql+psycopg://",
            creator=self.connect,
            pool_size=_POOL,
            max_overflow=_OVERFLOW,
            pool_timeout=busy_s,
            pool_pre_ping=True,
            hide_parameters=True,
        )
        engine.dialect.type_compiler_instance = _ByCodePoint(engine.dialect)

        def prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
            del entry
            _prepare(connection, busy_s=busy_s)

        event.listen(engine, "connect", prepare)
        event.listen(engine, "handle_error", _translate, retval=True)
        return engine

    @contextmanager
    def migrating(self) -> Generator[Connection]:
        """The transaction of the one writer: others that would migrate wait for its end."""
        engine = self.open_engine(busy_s=_MIGRATION_S)
        try:
            with engine.connect() as connection:
                self.begin_writing(connection)
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_DDL_S}s'")
                yield connection
                connection.commit()
        finally:
            engine.dispose()

    def finish_migration(self, connection: Connection) -> None:
        """The server checks references, and measures its tables, by itself."""
        del connection

    def begin_reading(self, connection: Connection) -> None:
        """One snapshot, and no right to write."""
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.begin()

    def begin_writing(self, connection: Connection) -> None:
        """Waits for the advisory lock; each statement then sees all that was committed before it."""
        connection.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)
        connection.begin()
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")

    def insert_missing(self, table: Table) -> Insert:
        """An insert that leaves rows alone whose key is taken."""
        return insert(table).on_conflict_do_nothing()

    def tell_workers(self, connection: Connection) -> None:
        """One worker that waits is woken when the transaction is committed."""
        try:
            add_turn(cast("psycopg.Connection[Any]", connection.connection.driver_connection))
        except psycopg.Error as error:
            raise failure_of(error) or StorageError() from error

    def check(self, connection: Connection) -> None:
        """The server finds damage by its own checksums; here it only has to answer."""
        connection.exec_driver_sql("SELECT 1")

    def version(self, connection: Connection) -> str:
        """Of the server."""
        number = connection.exec_driver_sql("SHOW server_version").scalar_one()
        return f"PostgreSQL {str(number).split()[0]}"

    def clear_deleted(self, connection: Connection, *, waits: bool) -> bool:
        """VACUUM the tables of our schema, in a thread of its own unless waited for.

        Rows that an older snapshot may still see stay for the next one, and for autovacuum. Freed
        space of the files, the server's own log and its backups are the administrator's to clear.
        """
        del connection
        if waits:
            self._vacuum()
        else:
            threading.Thread(target=self._try_vacuum, name="vacuum", daemon=True).start()
        return True

    def _try_vacuum(self) -> None:
        with suppress(AssistantError):
            self._vacuum()

    def _vacuum(self) -> None:
        """On a connection of its own: it may outlive the pool by a moment."""
        try:
            with self.connect() as connection:
                connection.autocommit = True
                names = ", ".join(row[0] for row in connection.execute(_TABLES))
                connection.execute(f"VACUUM (SKIP_LOCKED) {names}".encode())
        except psycopg.Error as error:
            raise failure_of(error) or StorageError() from error

    def connect(self) -> psycopg.Connection[Any]:
        """A connection apart from any engine. Raises `psycopg.Error`."""
        return psycopg.connect(**self.parameters())

    def parameters(self) -> dict[str, Any]:
        """Of a connection, by libpq's names. Raises `ConfigurationError` ("setting_not_postgresql")."""
        return _DEFAULTS | _parsed(self._url)


class _ByCodePoint(PGTypeCompiler):
    """Texts of our tables are compared and ordered by code point, as SQLite does."""

    def visit_TEXT(self, type_: Any, **options: Any) -> str:  # noqa: N802 - the name SQLAlchemy calls
        rendered = super().visit_TEXT(type_, **options)
        return f'{rendered} COLLATE "C"' if "type_expression" in options else rendered


def _parsed(url: str) -> dict[str, Any]:
    """The parts of an address. What libpq says of a wrong one may repeat the password in it."""
    with suppress(psycopg.ProgrammingError):
        parts = dict(conninfo_to_dict(url))
        ports = str(parts.get("port") or "").split(",")
        if all(port.isdecimal() or not port for port in ports):
            return parts
    raise ConfigurationError("setting_not_postgresql", setting="database.url")


def bounds(busy_s: float) -> str:
    """What a connection says first: every wait is bounded, and the server finds out when a client is gone.

    Args:
        busy_s: How long one of its statements waits for a lock, in seconds.
    """
    settings = {
        "lock_timeout": f"{max(1, round(busy_s * 1000))}ms",
        "idle_in_transaction_session_timeout": f"{_ABANDONED_S}s",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
    calls = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())
    return f"SELECT {calls}"


def _prepare(connection: DBAPIConnection, *, busy_s: float) -> None:
    cursor = connection.cursor()
    cursor.execute(bounds(busy_s))
    cursor.close()
    connection.commit()


def _translate(context: ExceptionContext) -> AssistantError | None:
    if (
        context.is_pre_ping
    ):  # a connection that was cut while it lay idle is made anew, not an error
        return None
    return failure_of(context.original_exception)


def failure_of(error: BaseException) -> AssistantError | None:
    """What an error of the driver means in the tree; None for one that is a mistake of ours."""
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput(detail=sentence("text_half_character"))
    if not isinstance(error, psycopg.Error):
        return None
    code = error.sqlstate or ""
    if not code:
        return _without_code(error)
    if code in _TAKEN:
        return Conflict()
    if code in _CODES:
        return StorageError(_CODES[code])
    return StorageError("database_unreachable" if code.startswith(_AWAY) else None)


def _without_code(error: psycopg.Error) -> AssistantError:
    """An error of the client itself: nobody answers, or a value has no place in a text."""
    if isinstance(error, psycopg.DataError):
        return InvalidInput(detail=sentence("text_has_nul"))
    if isinstance(error, psycopg.OperationalError):
        return StorageError("database_unreachable")
    return StorageError()
