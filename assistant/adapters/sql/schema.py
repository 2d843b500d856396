"""Bringing a database to the schema of this code, one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from assistant.adapters.sql import sqlite
from assistant.adapters.sql.statistics import set_statistics
from assistant.domain.errors import ConfigurationError

_MIGRATIONS = Path(__file__).parent / "migrations"
_FILE_NAME = "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s"


def migrate(path: Path) -> None:
    """Run the missing migrations, all or none of them, while other processes wait.

    Args:
        path: The database file; made when absent.

    Raises:
        ConfigurationError: A newer program wrote the database ("database_newer").
        StorageError: The disk is full or the file cannot be used.
    """
    with _only_migrator(path):
        engine = sqlite.open_engine(path, foreign_keys=False)
        try:
            if not _is_current(engine):
                _upgrade(engine)
        finally:
            engine.dispose()


def require_current(engine: Engine) -> None:
    """Refuse a schema other than this code's.

    Raises:
        ConfigurationError: Migrations are missing ("database_outdated"), or a newer program wrote
            the database ("database_newer").
    """
    if not _is_current(engine):
        raise ConfigurationError("database_outdated")


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for one connection; it touches no logging."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", _FILE_NAME)
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def _is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        scripts = ScriptDirectory.from_config(migration_config(connection))
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise ConfigurationError("database_newer")
    return revision == scripts.get_current_head()


def _upgrade(engine: Engine) -> None:
    with engine.connect() as connection:
        sqlite.as_writer(connection)
        with connection.begin():
            command.upgrade(migration_config(connection), "head")
            set_statistics(connection)
            sqlite.check_foreign_keys(connection)


@contextmanager
def _only_migrator(path: Path) -> Generator[None]:
    with path.with_name(f"{path.name}-migration").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
