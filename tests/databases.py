"""Databases of tests: SQLite files of the current schema, and a PostgreSQL where one can be started."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest

from assistant.adapters.sql.database import open_database
from eval.postgresql import PostgresqlServer
from eval.postgresql import postgresql_server as started_server
from tests.lent_databases import LendingServer

__all__ = ["PostgresqlServer", "migrated_file", "postgresql_server"]


def migrated_file(path: Path) -> Path:
    """A new SQLite database of the current schema: a copy, as migrations take most of a small test."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_template(), path)
    return path


@cache
def _template() -> Path:
    """One a process, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="assistant-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "assistant.sqlite3"
    open_database(path, migrate=True).close()
    return path


@contextmanager
def postgresql_server() -> Generator[PostgresqlServer]:
    """Start the server, or skip the test that asks for it."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(started_server())
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {type(error).__name__}: {error}")
        yield LendingServer(server.started)
