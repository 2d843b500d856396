"""A backup put where there is no instance yet: all of it, or nothing that could be taken for one."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from assistant.domain.errors import ConfigurationError, InvalidInput, StorageError
from assistant.ports.backups import Snapshots
from assistant.services.backup_format import HEADS, content_path
from assistant.services.backup_reader import Backup, opened_backup

_PIECE_BYTES = 1 << 20
_RESERVE_BYTES = 256 * 1024 * 1024
"""Left free: what the index needs to be written at all."""
_MEGABYTE = 1_000_000
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_OWN_HEADS = "heads-written"
"""Stands in the staging folder once the heads of the audit log are those that it writes."""


@dataclass(frozen=True, slots=True)
class RestorePlace:
    """Where an instance would be."""

    staging: Path
    """Everything is written here first. While it is there, nothing starts in this data folder."""
    files: Path
    """Of the file store."""
    heads: Path
    """Of the audit log, noted apart."""
    others: tuple[Path, ...]
    """What an instance has beside, such as indexes: a sign of one."""


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored."""

    created_at: datetime
    """Of the backup."""
    contents: int
    missing: tuple[str, ...]
    """SHA-256 of originals that were lost before the backup was made."""


class Restorer:
    """Restores backups to one empty place. Blocking; the caller owns the place meanwhile."""

    def __init__(self, snapshots: Snapshots, place: RestorePlace) -> None:
        self._snapshots = snapshots
        self._place = place

    def restore(self, source: Path) -> RestoreReport:
        """Verify a backup, extract it, and put it in place; the database last.

        An interrupted one is begun again by calling it again.

        Raises:
            ConfigurationError: There is an instance already ("restore_not_empty"), one that an interrupted
                restore had brought back whole ("restore_was_complete"), or a newer program wrote the
                backup ("database_newer").
            InvalidInput: The file is no backup, or damaged, or of the other engine ("backup_other_engine");
                nothing was written.
            StorageError: Disk full, or the database cannot be used.
        """
        self._snapshots.check_tools()
        self._refuse_instance()
        with opened_backup(source) as backup:
            manifest = backup.manifest
            self._check(backup)
            backup.verify()
            with _told():
                self._extract(backup)
                self._put_in_place(backup)
        return RestoreReport(manifest.created_at, len(backup.contents), tuple(manifest.missing))

    def _refuse_instance(self) -> None:
        """Nobody but an interrupted restore leaves its staging folder; what stands beside is then of it."""
        place = self._place
        is_interrupted = place.staging.exists()
        if is_interrupted and not self._snapshots.is_empty():
            # the database comes last, and in one step: all was in place
            shutil.rmtree(place.staging)
            raise ConfigurationError("restore_was_complete")
        is_there = any(map(_has_files, (place.files, *place.others)))
        if not self._snapshots.is_empty() or (is_there and not is_interrupted):
            raise ConfigurationError("restore_not_empty", path=str(place.staging.parent))

    def _check(self, backup: Backup) -> None:
        manifest = backup.manifest
        if manifest.engine != self._snapshots.engine:
            raise InvalidInput(
                "backup_other_engine", backup=manifest.engine, here=self._snapshots.engine
            )
        if not self._snapshots.knows(manifest.revision):
            raise ConfigurationError("database_newer")
        room = shutil.disk_usage(self._place.staging.parent).free - _RESERVE_BYTES
        if backup.size_bytes > room:
            raise InvalidInput(
                "archive_without_room",
                size_mb=backup.size_bytes // _MEGABYTE + 1,
                limit_mb=max(0, room) // _MEGABYTE,
            )

    def _extract(self, backup: Backup) -> None:
        staging = self._place.staging
        if staging.exists():
            if (staging / _OWN_HEADS).exists():  # of a backup that may have been another one
                self._place.heads.unlink(missing_ok=True)
            shutil.rmtree(staging)
        (staging / "files").mkdir(mode=0o700, parents=True)
        _sync(staging.parent)
        for sha256 in backup.contents:
            target = staging / "files" / sha256[:2] / sha256
            target.parent.mkdir(mode=0o700, exist_ok=True)
            with backup.open(content_path(sha256)) as stream:
                _write(target, stream)
        for name in (backup.manifest.database, HEADS):
            if backup.has(name):
                with backup.open(name) as stream:
                    _write(staging / name, stream)
        self._snapshots.check(staging / backup.manifest.database)

    def _put_in_place(self, backup: Backup) -> None:
        place, staging = self._place, self._place.staging
        if place.files.exists():
            shutil.rmtree(place.files)
        (staging / "files").rename(place.files)
        if backup.has(HEADS) and not place.heads.exists():
            (staging / _OWN_HEADS).touch()
            _sync(staging)
            place.heads.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(staging / HEADS, place.heads)
        _sync(staging.parent)
        self._snapshots.place(staging / backup.manifest.database)
        _sync(staging.parent)
        shutil.rmtree(staging)


def _has_files(folder: Path) -> bool:
    return folder.exists() and any(path.is_file() for path in folder.rglob("*"))


def _write(target: Path, stream: BinaryIO) -> None:
    with target.open("xb") as file:
        target.chmod(0o600)
        while piece := stream.read(_PIECE_BYTES):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError("disk_full" if error.errno in _FULL else None) from error
