"""What backs an instance up and restores it, over the database and the files of the settings."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.adapters.files.folder import FolderFileStore
from assistant.adapters.sql.snapshots import SqliteSnapshots
from assistant.bootstrap import SystemClock
from assistant.data_folder import DataFolder, check_instance
from assistant.databases import is_on_server
from assistant.domain.errors import ConfigurationError
from assistant.ownership import own
from assistant.services.backup import BackupReport, BackupWriter
from assistant.services.backup_format import HEADS, SETTINGS
from assistant.services.restore import RestorePlace, Restorer, RestoreReport
from assistant.settings import Settings
from assistant.settings_sources import all_settings, shown_value, value_of

if TYPE_CHECKING:
    from assistant.ports.backups import Snapshots


def back_up(settings: Settings, folder: Path, *, keep: int | None) -> BackupReport:
    """Write a backup to a folder, beside a server that runs or without one.

    Args:
        settings: They say what to back up, and go into the backup without their secrets.
        folder: Where to; not within the data folder, with which it would be lost.
        keep: How many backups stay there; None removes none.

    Raises:
        ConfigurationError: There is no instance ("data_dir_without_instance"), the folder is not there
            ("backup_folder_missing") or within the data folder ("backup_folder_inside").
        AssistantError: As `BackupWriter.write`.
    """
    check_instance(settings.data_dir)
    data = DataFolder(settings.data_dir.expanduser().absolute())
    target = folder.expanduser().absolute()
    if target.resolve().is_relative_to(data.root.resolve()):
        raise ConfigurationError("backup_folder_inside", path=str(target))
    data.scratch.mkdir(mode=0o700, exist_ok=True)
    files = FolderFileStore(data.files)
    writer = BackupWriter(_snapshots(settings, data), files, SystemClock(), held=data.scratch)
    return writer.write(
        target,
        extras=_extras(settings, data),
        product_version=version("assistant-regional"),
        keep=keep,
    )


def restore(settings: Settings, source: Path) -> RestoreReport:
    """Restore a backup to the data folder and the database of the settings, which must be empty.

    Raises:
        ConfigurationError: A server or another command owns the folder; as `Restorer.restore`.
        AssistantError: As `Restorer.restore`.
    """
    data = DataFolder(settings.data_dir.expanduser().absolute())
    try:
        data.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError("data_dir_unwritable", path=str(data.root)) from error
    place = RestorePlace(
        staging=data.restoring,
        files=data.files,
        heads=_heads(settings, data),
        others=(data.root / "index",),
    )
    with own(data.run, command="restore"):
        return Restorer(_snapshots(settings, data), place).restore(source.expanduser())


def _snapshots(settings: Settings, data: DataFolder) -> Snapshots:
    if not is_on_server(settings):
        return SqliteSnapshots(data.database)
    from assistant.adapters.sql.postgresql_dump import PostgresqlSnapshots

    url = settings.database.url.get_secret_value()
    return PostgresqlSnapshots(url, tools=settings.database.tools_dir or None)


def _extras(settings: Settings, data: DataFolder) -> dict[str, bytes]:
    """For people to read: what to set again. Secrets are left out, and have to be kept elsewhere."""
    shown = {each.key: shown_value(value_of(settings, each.key)) for each in all_settings()}
    found = {SETTINGS: json.dumps(shown, ensure_ascii=False, indent=1).encode()}
    heads = _heads(settings, data)
    if heads.is_file():
        found[HEADS] = heads.read_bytes()
    return found


def _heads(settings: Settings, data: DataFolder) -> Path:
    named = settings.audit.heads_file
    return Path(named).expanduser() if named else data.audit_heads
