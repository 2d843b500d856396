"""A backup of the whole instance while it runs: one file, there only once it is complete."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256 as new_sha256
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from assistant.domain.errors import ConfigurationError, NotFound, StorageError
from assistant.ports.backups import SnapshotFacts, Snapshots
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.services.archive_writer import PARTIAL, ArchiveWriter, new_archive
from assistant.services.backup_format import (
    FORMAT,
    FORMAT_VERSION,
    NAME,
    BackupManifest,
    content_path,
)
from assistant.services.scratch import own_scratch

_SCRATCH = ".assistant-backup-"
_ABANDONED_S = 24 * 3600
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds."""

    path: Path
    size_bytes: int
    contents: int
    """Originals in it."""
    missing: tuple[str, ...]
    """SHA-256 of originals that should be, and were lost or damaged before."""
    removed: int
    """Older backups that were pruned."""
    spared: tuple[Path, ...]
    """Those that were not, as they hold originals that this one lacks or cannot be read; oldest first."""


class BackupWriter:
    """Writes backups of one database and one file store. Blocking.

    Contents never change: those that were there before the snapshot or came during it are held by
    links, so that what the snapshot names can be copied after it, whatever was deleted meanwhile.
    """

    def __init__(self, snapshots: Snapshots, files: FileStore, clock: Clock, *, held: Path) -> None:
        """Prepare.

        Args:
            snapshots: The database.
            files: The contents.
            clock: Names the backup.
            held: Folder on the disk of the contents, below which they are held meanwhile.
        """
        self._snapshots = snapshots
        self._files = files
        self._clock = clock
        self._held = held

    def write(
        self, folder: Path, *, extras: Mapping[str, bytes], product_version: str, keep: int | None
    ) -> BackupReport:
        """Write a backup to a folder, then remove the oldest beyond some number.

        Args:
            folder: Exists; the file gets a name by its time.
            extras: Small files by their names in the backup.
            product_version: Of this program.
            keep: How many backups stay in the folder, this one included, and beside them those that
                hold an original which this one lacks; None removes none.

        Raises:
            ConfigurationError: The folder is not there ("backup_folder_missing"), or a program is not
                ("backup_tool_missing").
            Conflict: One of this second is there ("archive_exists").
            StorageError: Disk full, or the database is damaged or away; nothing is left, and no older
                backup was removed.
        """
        if not folder.is_dir():
            raise ConfigurationError("backup_folder_missing", path=str(folder))
        self._snapshots.check_tools()
        _drop_abandoned(folder)
        now = self._clock.now()
        target = folder / f"assistant-{now:%Y%m%dT%H%M%SZ}.zip"
        with new_archive(target, at=now) as archive:
            facts, kept = self._fill(archive, folder, extras=extras)
            manifest = BackupManifest(
                format=FORMAT,
                format_version=FORMAT_VERSION,
                product_version=product_version,
                created_at=now,
                engine=self._snapshots.engine,
                revision=facts.revision,
                database=self._snapshots.file_name,
                missing=sorted(facts.needed - kept),
                files=archive.files,
            )
            archive.finish(manifest)
        removed, spared = _pruned(target, keep=keep, missing=manifest.missing)
        return BackupReport(
            path=target,
            size_bytes=target.stat().st_size,
            contents=len(kept),
            missing=tuple(manifest.missing),
            removed=removed,
            spared=spared,
        )

    def _fill(
        self, archive: ArchiveWriter, folder: Path, *, extras: Mapping[str, bytes]
    ) -> tuple[SnapshotFacts, set[str]]:
        """What the snapshot holds, and the contents that were added of it."""
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=_SCRATCH) as scratch,
            own_scratch(self._held) as held,
        ):
            snapshot = Path(scratch) / self._snapshots.file_name
            self._files.hold(held)
            facts = self._snapshots.write(snapshot)
            self._files.hold(held)
            with snapshot.open("rb") as stream:
                archive.add(snapshot.name, iter(lambda: stream.read(_PIECE_BYTES), b""))
            snapshot.unlink()
            kept = self._add_contents(archive, facts, held=held)
        for name, data in extras.items():
            archive.add(name, [data])
        return facts, kept

    def _add_contents(
        self, archive: ArchiveWriter, facts: SnapshotFacts, *, held: Path
    ) -> set[str]:
        kept: set[str] = set()
        for sha256 in facts.contents:
            place = self._place(sha256, held=held)
            if place is not None and _hash_of(place) == sha256:
                with place.open("rb") as stream:
                    archive.add_file(content_path(sha256), stream)
                kept.add(sha256)
        return kept

    def _place(self, sha256: str, *, held: Path) -> Path | None:
        if (held / sha256).is_file():
            return held / sha256
        try:
            return self._files.path(sha256)
        except NotFound:
            return None


def _hash_of(place: Path) -> str:
    """Read before it is copied: what is damaged has no place in a backup."""
    digest = new_sha256()
    try:
        with place.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StorageError from error
    return digest.hexdigest()


def _drop_abandoned(folder: Path) -> None:
    """What a backup that was killed left a day ago."""
    oldest = time.time() - _ABANDONED_S
    for path in [*folder.glob(f"{_SCRATCH}*"), *folder.glob(f"{PARTIAL}*.partial")]:
        with suppress(OSError):
            if path.is_symlink() or path.stat().st_mtime >= oldest:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _pruned(
    newest: Path, *, keep: int | None, missing: Collection[str]
) -> tuple[int, tuple[Path, ...]]:
    """Remove the oldest others; how many there were, and those that stay for what the new one lacks.

    Of each content that it lacks, the newest backup that has it stays. The new one stays whatever names
    say: a clock that was ahead has left some of the future.
    """
    if keep is None:
        return 0, ()
    found = sorted(path for path in newest.parent.iterdir() if NAME.fullmatch(path.name))
    others = [path for path in found if path != newest]
    count = max(0, len(others) - max(0, keep - 1))
    lacking, spared = set(missing), list[Path]()
    for path in reversed(others):
        held = _held(path, among=lacking)
        lacking -= held or set()
        if path in others[:count]:
            if held or held is None:
                spared.append(path)
            else:
                path.unlink(missing_ok=True)
    return count - len(spared), tuple(reversed(spared))


def _held(backup: Path, *, among: Collection[str]) -> set[str] | None:
    """Those of some contents that a backup has; None for one that cannot be read now."""
    if not among:
        return set()
    try:
        with ZipFile(backup) as archive:
            names = frozenset(archive.namelist())
    except (FileNotFoundError, BadZipFile, ValueError, NotImplementedError):
        return set()
    except OSError:
        return None
    return {each for each in among if content_path(each) in names}
