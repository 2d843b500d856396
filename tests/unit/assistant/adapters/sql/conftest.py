"""A migrated database, copied from one made once."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from assistant.adapters.sql.database import Database, open_database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "assistant.sqlite3"
    open_database(path, migrate=True).close()
    return path


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "assistant.sqlite3"
    shutil.copy(migrated, copy)
    return copy


@pytest.fixture
def database(path: Path) -> Generator[Database]:
    database = open_database(path, migrate=False, busy_s=0.2)
    yield database
    database.close()
