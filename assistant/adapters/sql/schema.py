"""Bringing a database to the schema of this code, one process at a time."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from assistant.adapters.sql.dialect import SqlDialect
from assistant.domain.errors import ConfigurationError

_MIGRATIONS = Path(__file__).parent / "migrations"
_FILE_NAME = "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s"


def migrate(dialect: SqlDialect) -> bool:
    """Run the missing migrations, all or none of them, while other processes that would wait.

    Returns:
        True when some were missing.

    Raises:
        ConfigurationError: A newer program wrote the database ("database_newer").
        StorageError: The disk is full or the database cannot be used.
    """
    with dialect.migrating() as connection:
        if _is_current(connection):
            return False
        command.upgrade(migration_config(connection), "head")
        dialect.finish_migration(connection)
    return True


def require_current(engine: Engine) -> None:
    """Refuse a schema other than this code's.

    Raises:
        ConfigurationError: Migrations are missing ("database_outdated"), or a newer program wrote
            the database ("database_newer").
    """
    with engine.connect() as connection:
        if not _is_current(connection):
            raise ConfigurationError("database_outdated")


def knows(revision: str) -> bool:
    """True for a revision of this code: the current one or an older one."""
    return revision in _revisions(_MIGRATIONS)[0]


def revision_of(connection: Connection) -> str:
    """The revision of a database; empty for one without tables."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for one connection; it touches no logging."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", _FILE_NAME)
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def _is_current(connection: Connection) -> bool:
    revision = MigrationContext.configure(connection).get_current_revision()
    known, head = _revisions(_MIGRATIONS)
    if revision is not None and revision not in known:
        raise ConfigurationError("database_newer")
    return revision == head


@cache
def _revisions(folder: Path) -> tuple[frozenset[str], str | None]:
    """All revisions of this code, and the last one; their files are read once a process."""
    scripts = ScriptDirectory(str(folder))
    known = frozenset(script.revision for script in scripts.walk_revisions())
    return known, scripts.get_current_head()
