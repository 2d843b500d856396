"""Reads a backup that may have been changed on its way: nothing of it is used before all of it was verified."""

from __future__ import annotations

import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from pydantic import ValidationError

from assistant.domain.errors import InvalidInput
from assistant.services.archive_lines import MANIFEST, FileLine, Line
from assistant.services.archive_reader import DAMAGES, CheckedMember, damage_told
from assistant.services.archive_sizes import check_member
from assistant.services.backup_format import (
    DATABASES,
    FORMAT,
    FORMAT_VERSION,
    HEADS,
    SETTINGS,
    BackupManifest,
    content_of,
)

_PIECE_BYTES = 1 << 20
_MANIFEST_BYTES = 2_000_000_000
_SHOWN_CHARS = 200


class Backup:
    """A backup that was opened; every read proves the hash of what it read at its end."""

    def __init__(self, archive: ZipFile, *, manifest: BackupManifest) -> None:
        self._archive = archive
        self._files = {each.path: each for each in manifest.files}
        self.manifest = manifest

    @property
    def size_bytes(self) -> int:
        """Of all that is in it, once it was extracted."""
        return sum(each.size_bytes for each in self.manifest.files)

    @property
    def contents(self) -> list[str]:
        """SHA-256 of the originals in it."""
        return [sha256 for path in self._files if (sha256 := content_of(path))]

    def verify(self) -> None:
        """Read all of it once.

        Raises:
            InvalidInput: A file is damaged, truncated or not the announced one ("archive_damaged").
        """
        for path in self._files:
            with self.open(path) as stream:
                while stream.read(_PIECE_BYTES):
                    continue

    @contextmanager
    def open(self, path: str) -> Generator[BinaryIO]:
        """A file of it, as a stream that raises `InvalidInput` when it is damaged."""
        announced = self._files[path]
        with damage_told(path), self._archive.open(path) as member:
            yield cast("BinaryIO", CheckedMember(member, announced))

    def has(self, path: str) -> bool:
        """True when this file is in it."""
        return path in self._files


class _Header(Line):
    """What every version of the format has."""

    format: str
    format_version: int


@contextmanager
def opened_backup(path: Path) -> Generator[Backup]:
    """Open a backup and look at its names; `verify` reads it.

    Raises:
        InvalidInput: No such file ("archive_missing"); no complete backup ("backup_unreadable"); of a newer
            program ("archive_version_unknown"); with names that no backup has, links or files that are not
            announced ("backup_file_refused"), or others than those announced ("archive_damaged").
    """
    if not path.is_file():
        raise InvalidInput("archive_missing", path=str(path))
    try:
        archive = ZipFile(path)
    except DAMAGES as error:
        raise InvalidInput("backup_unreadable") from error
    with archive:
        manifest = _manifest(archive)
        _check_names(archive, manifest)
        for each in manifest.files:
            check_member(archive.getinfo(each.path), size_bytes=each.size_bytes)
        yield Backup(archive, manifest=manifest)


def _manifest(archive: ZipFile) -> BackupManifest:
    if MANIFEST not in archive.namelist():
        raise InvalidInput("backup_unreadable")
    info = archive.getinfo(MANIFEST)
    if info.file_size > _MANIFEST_BYTES:
        raise InvalidInput("backup_unreadable")
    check_member(info, size_bytes=info.file_size)
    try:
        with archive.open(MANIFEST) as member:
            data = member.read(info.file_size + 1)
        header = _Header.model_validate_json(data)
        if header.format != FORMAT:
            raise InvalidInput("backup_unreadable")
        if header.format_version != FORMAT_VERSION:
            raise InvalidInput(
                "archive_version_unknown", version=header.format_version, known=FORMAT_VERSION
            )
        return BackupManifest.model_validate_json(data)
    except (ValidationError, RecursionError, BadZipFile, *DAMAGES) as error:
        raise InvalidInput("backup_unreadable") from error


def _check_names(archive: ZipFile, manifest: BackupManifest) -> None:
    names = [info.filename for info in archive.infolist()]
    announced = [each.path for each in manifest.files]
    if len(set(names)) != len(names) or len(set(announced)) != len(announced):
        raise InvalidInput("backup_unreadable")
    if {*names} - {MANIFEST} != {*announced} or manifest.database not in announced:
        strange = sorted(({*names} - {MANIFEST}) ^ {*announced}) or [manifest.database]
        raise InvalidInput("backup_file_refused", file=repr(strange[0])[:_SHOWN_CHARS])
    for info in archive.infolist():
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        if is_link or info.is_dir() or not _has_place(info.filename, manifest):
            raise InvalidInput("backup_file_refused", file=repr(info.filename)[:_SHOWN_CHARS])
    for each in manifest.files:
        if not _is_named_right(each):
            raise InvalidInput("archive_damaged", file=each.path[:_SHOWN_CHARS])


def _has_place(name: str, manifest: BackupManifest) -> bool:
    is_database = name in DATABASES and name == manifest.database
    return is_database or name in {MANIFEST, SETTINGS, HEADS} or content_of(name) is not None


def _is_named_right(each: FileLine) -> bool:
    """An original is called by its hash."""
    return content_of(each.path) in {None, each.sha256}
