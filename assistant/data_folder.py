"""The one folder that holds all state: its layout, made and checked at start."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from assistant.domain.errors import ConfigurationError

_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths inside the data folder."""

    root: Path

    @property
    def database(self) -> Path:
        """The relational store."""
        return self.root / "assistant.sqlite3"

    @property
    def files(self) -> Path:
        """Originals by hash."""
        return self.root / "files"

    @property
    def parts(self) -> Path:
        """Contents of which only a part has come."""
        return self.files / "parts"

    @property
    def scratch(self) -> Path:
        """Short-lived files."""
        return self.root / "tmp"

    @property
    def run(self) -> Path:
        """What the process that owns the folder tells the others."""
        return self.root / "run"

    @property
    def audit_heads(self) -> Path:
        """Heads of the audit log, unless the settings put them elsewhere."""
        return self.root / "audit-heads.jsonl"

    @property
    def sources_key(self) -> Path:
        """Key of the passwords of sources, unless the settings put it elsewhere."""
        return self.root / "sources.key"

    @property
    def restoring(self) -> Path:
        """What a restore writes first; while it is there, nothing else is an instance."""
        return self.root / "restoring"

    def index(self, embedder_id: str) -> Path:
        """The first index of one embedder."""
        return self.place(slug_of(embedder_id))

    def place(self, name: str) -> Path:
        """The index of one generation, by the name of its place."""
        return self.root / "index" / name


def slug_of(embedder_id: str) -> str:
    """The identifier of an embedder, fit for a folder or a collection."""
    return re.sub(r"[^a-z0-9.]+", "-", embedder_id.lower()).strip("-.") or "embedder"


def check_data_folder(root: Path) -> None:
    """Refuse a place where no folder can ever be, without making anything.

    Raises:
        ConfigurationError: A file stands there, or where a folder above should be
            ("data_dir_not_folder").
    """
    place = root.expanduser().absolute()
    found = next(each for each in (place, *place.parents) if os.path.lexists(each))
    if not os.path.isdir(found):  # noqa: PTH112 - `Path.is_dir` raises for what may not be seen
        raise ConfigurationError("data_dir_not_folder", path=str(place), file=str(found))


def check_instance(root: Path) -> None:
    """Refuse a place that holds no instance, for commands that only make sense on one.

    Raises:
        ConfigurationError: Nothing was ever kept there ("data_dir_without_instance"), or a restore
            did not end ("restore_unfinished").
    """
    folder = DataFolder(root.expanduser().absolute())
    _refuse_unfinished(folder)
    if not folder.files.is_dir():
        raise ConfigurationError("data_dir_without_instance", path=str(folder.root))


def prepare_data_folder(root: Path) -> DataFolder:
    """Make the folder and its parts, readable by their owner only, and prove that it can be written.

    Raises:
        ConfigurationError: It cannot be made or written ("data_dir_unwritable"), its disk is
            full ("data_dir_full"), or a restore did not end ("restore_unfinished").
    """
    folder = DataFolder(root.expanduser().absolute())
    _refuse_unfinished(folder)
    try:
        for path in (folder.root, folder.files, folder.scratch, folder.run, folder.root / "index"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(folder.root)
        with TemporaryFile(dir=folder.scratch) as probe:
            probe.write(b"\0" * 4096)
    except OSError as error:
        code = "data_dir_full" if error.errno in _FULL else "data_dir_unwritable"
        raise ConfigurationError(code, path=str(folder.root)) from error
    return folder


def _close_to_others(root: Path) -> None:
    """A folder made by somebody else may be open to all; one of another account is left as it is."""
    if root.stat().st_mode & 0o077:
        with suppress(PermissionError):
            root.chmod(0o700)


def _refuse_unfinished(folder: DataFolder) -> None:
    if folder.restoring.exists():
        raise ConfigurationError("restore_unfinished", path=str(folder.root))
