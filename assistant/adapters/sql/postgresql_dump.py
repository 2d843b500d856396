"""PostgreSQL as one file for backups, by the programs `pg_dump` and `pg_restore` of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import text

from assistant.adapters.sql import schema
from assistant.adapters.sql.postgresql import Postgresql
from assistant.adapters.sql.snapshots import facts_of
from assistant.domain.errors import ConfigurationError, StorageError
from assistant.ports.backups import SnapshotFacts

_BUSY_S = 15.0
_HAS_TABLES = "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())"
_SHOWN_CHARS = 300


class PostgresqlSnapshots:
    """Implements `Snapshots` over one database of a server.

    Args:
        url: Its address, as libpq reads it. The password never stands in a command line.
        tools: Folder of `pg_dump` and `pg_restore`; None looks for them as a shell does.
    """

    engine = "postgresql"
    file_name = "database.dump"

    def __init__(self, url: str, *, tools: str | None = None) -> None:
        self._dialect = Postgresql(url)
        self._url = url
        self._tools = tools

    def check_tools(self) -> None:
        """Refuse to begin without the server's programs.

        Raises:
            ConfigurationError: One is not there ("backup_tool_missing").
        """
        for name in ("pg_dump", "pg_restore"):
            self._tool(name)

    def write(self, target: Path) -> SnapshotFacts:
        """Dump the very moment of which the contents are told.

        Raises:
            StorageError: The server does not answer, or the program fails ("backup_tool_failed").
        """
        engine = self._dialect.open_engine(busy_s=_BUSY_S)
        try:
            with engine.connect() as connection:
                self._dialect.begin_reading(connection)
                # this transaction only waits while the dump goes on, which has no bound in time
                connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
                shared = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
                facts = facts_of(connection)
                self._run(
                    "pg_dump",
                    "--format=custom",
                    "--no-owner",
                    "--no-privileges",
                    f"--snapshot={shared}",
                    f"--file={target}",
                )
        finally:
            engine.dispose()
        return facts

    def is_empty(self) -> bool:
        """True when the database has no table."""
        engine = self._dialect.open_engine(busy_s=_BUSY_S)
        try:
            with engine.connect() as connection:
                return not connection.execute(text(_HAS_TABLES)).scalar_one()
        finally:
            engine.dispose()

    def knows(self, revision: str) -> bool:
        """True for a schema of this program or of an older one."""
        return schema.knows(revision)

    def check(self, file: Path) -> None:
        """Have the program read the table of contents of a dump.

        Raises:
            StorageError: It is none ("database_damaged").
        """
        done = self._started("pg_restore", "--list", str(file))
        if done.returncode != 0:
            raise StorageError("database_damaged")

    def place(self, file: Path) -> None:
        """Load a dump in one transaction, then bring the schema up to date.

        Raises:
            StorageError: The program fails ("backup_tool_failed"); the database is as before.
        """
        self._run(
            "pg_restore",
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
            str(file),
        )
        schema.migrate(self._dialect)

    def _run(self, name: str, *arguments: str) -> None:
        done = self._started(name, f"--dbname={self._place()}", *arguments)
        if done.returncode != 0:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise StorageError("backup_tool_failed", tool=name, said="".join(last)[:_SHOWN_CHARS])

    def _started(self, name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        password = self._parts().get("password")
        given = {"PGPASSWORD": str(password)} if password else {}
        return subprocess.run(
            [self._tool(name), *arguments],
            env={**given, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def _tool(self, name: str) -> str:
        found = shutil.which(name, path=self._tools)
        if found is None:
            raise ConfigurationError("backup_tool_missing", tool=name)
        return found

    def _place(self) -> str:
        parts = {key: value for key, value in self._parts().items() if key != "password"}
        return make_conninfo(**parts)

    def _parts(self) -> dict[str, str]:
        try:
            parts = conninfo_to_dict(self._url)
        except psycopg.ProgrammingError:
            raise ConfigurationError("setting_not_postgresql", setting="database.url") from None
        return {key: str(value) for key, value in parts.items() if value is not None}
