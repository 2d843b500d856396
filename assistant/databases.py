"""The database of the settings: where it is, opened, brought up to date, checked; and what is noted beside it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.adapters.audit.heads import FileHeadSink
from assistant.adapters.sql import schema
from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.sqlite import Sqlite
from assistant.data_folder import DataFolder
from assistant.domain.errors import ConfigurationError
from assistant.ports.audit import HeadSink
from assistant.ports.running import JobRunner
from assistant.services.lease_loop import LeaseLoop
from assistant.settings import Settings
from assistant.settings_sources import shown_value

if TYPE_CHECKING:
    from assistant.adapters.sql.dialect import SqlDialect


@dataclass(frozen=True, slots=True)
class Answering:
    """A database that answers and has the current schema."""

    engine: str
    """Name and version of its engine."""
    address: str
    """Where it is, without account and password."""


def is_on_server(settings: Settings) -> bool:
    """True when the settings name a PostgreSQL server, false for the file in the data folder."""
    return bool(settings.database.url.get_secret_value())


def address_of(settings: Settings) -> str:
    """Where the database is, fit to be printed: without account and password."""
    if is_on_server(settings):
        return str(shown_value(settings.database.url.get_secret_value()))
    return str(_file(settings))


def exists(settings: Settings) -> bool:
    """False when there is no database yet, which the first start makes."""
    return _dialect(settings).exists()


def open_store(settings: Settings, *, may_migrate: bool) -> Database:
    """Open the database of the settings.

    Args:
        settings: They choose the engine.
        may_migrate: True for a process that brings the schema up to date at its start: the file
            always, a server only if `database.migrate_at_start` says so.

    Raises:
        ConfigurationError: The schema is not this code's ("database_outdated", "database_newer"), or
            the file is gone while originals are there ("database_missing").
        StorageError: The database cannot be used.
    """
    _refuse_lost(settings)
    migrates = settings.database.migrate_at_start or not is_on_server(settings)
    return open_database(_dialect(settings), migrate=may_migrate and migrates)


def open_runner(settings: Settings) -> JobRunner:
    """What wakes workers on the database of the settings: they look at a file, a server's queue tells them."""
    if not is_on_server(settings):
        return LeaseLoop()
    from assistant.adapters.sql.postgresql import Postgresql
    from assistant.adapters.sql.procrastinate_runner import ProcrastinateRunner

    return ProcrastinateRunner(Postgresql(settings.database.url.get_secret_value()))


def upgrade_store(settings: Settings) -> bool:
    """Bring the schema up to date, all or nothing; False when it was.

    Raises:
        ConfigurationError: A newer program wrote the database ("database_newer").
        StorageError: The database cannot be used.
    """
    return schema.migrate(_dialect(settings))


def check_store(settings: Settings) -> Answering:
    """Look at the database of the settings: does it answer, is its schema current, is it whole.

    Raises:
        ConfigurationError: As `open_store`.
        StorageError: It does not answer, or is damaged ("database_damaged").
    """
    with closing(open_store(settings, may_migrate=False)) as database:
        database.check()
        return Answering(database.version(), address_of(settings))


def head_sink(settings: Settings) -> HeadSink:
    """Where heads of the audit log are noted, apart from the database."""
    named = settings.audit.heads_file
    folder = DataFolder(settings.data_dir.expanduser().absolute())
    return FileHeadSink(Path(named).expanduser() if named else folder.audit_heads)


def _dialect(settings: Settings) -> SqlDialect:
    if not is_on_server(settings):
        return Sqlite(_file(settings))
    from assistant.adapters.sql.postgresql import Postgresql

    return Postgresql(settings.database.url.get_secret_value())


def _refuse_lost(settings: Settings) -> None:
    """Never begin anew beside the originals of somebody: all of them would seem to be of nobody."""
    folder = DataFolder(settings.data_dir.expanduser().absolute())
    if not _dialect(settings).exists() and any(folder.files.glob("[0-9a-f][0-9a-f]/*")):
        raise ConfigurationError("database_missing", path=str(folder.database))


def _file(settings: Settings) -> Path:
    return DataFolder(settings.data_dir.expanduser().absolute()).database
