"""The PostgreSQL of a session of tests; skipped where it cannot be started."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import pytest

from eval.postgresql import PostgresqlServer
from eval.postgresql import postgresql_server as started_server

__all__ = ["PostgresqlServer", "postgresql_server"]


@contextmanager
def postgresql_server() -> Generator[PostgresqlServer]:
    """Start the server, or skip the test that asks for it."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(started_server())
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {type(error).__name__}: {error}")
        yield server
