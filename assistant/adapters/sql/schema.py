"""Bringing a database to the schema of this code, one process at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from assistant.adapters.sql.dialect import SqlDialect
from assistant.adapters.sql.revisions import revision_of, revisions_in
from assistant.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["knows", "migrate", "migration_config", "require_current", "revision_of"]

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
        from alembic import command

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
    return revision in revisions_in(_MIGRATIONS)[0]


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for one connection; it touches no logging."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", _FILE_NAME)
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def _is_current(connection: Connection) -> bool:
    revision = revision_of(connection)
    known, head = revisions_in(_MIGRATIONS)
    if revision and revision not in known:
        raise ConfigurationError("database_newer")
    return revision == head
