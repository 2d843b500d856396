"""From paths to what is announced: names, sizes and hashes of files, and those that cannot be read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.cli.console import is_text
from assistant.cli.failures import Misuse
from assistant.domain.catalogue import sentence
from assistant.schemas.documents import FileEntry, FileProblem
from assistant.services.names import normalised_name
from assistant.services.submission import FOLDER_UNREADABLE

_UNREADABLE = "file_unreadable"
_NO_FILE, _LINK = "not_a_file", "link_outside"
_LOCK_PREFIX = "~$"
"""Office programs put such a file beside an open document."""


@dataclass
class Source:
    """The files of one source, ready to be announced."""

    label: str
    """Absolute path of the folder."""
    is_complete: bool
    """True when these are all the files of the folder, so that others are removed."""
    skips_removal: bool = False
    """True for a folder of which a part cannot be listed: what is missing may still be there."""
    files: list[FileEntry] = field(default_factory=list[FileEntry])
    unreadable: list[FileProblem] = field(default_factory=list[FileProblem])
    skipped: list[FileProblem] = field(default_factory=list[FileProblem])
    """What is no file of the folder, such as a pipe or a link that leads out of it; never opened."""
    paths: dict[str, Path] = field(default_factory=dict[str, Path])
    """Where each announced name is; of two files of one name, the first, which is the one taken."""


def scan(paths: Sequence[Path]) -> list[Source]:
    """Look at all paths and hash their files.

    A folder is a complete source. Files given one by one belong to the source of their folder,
    whose other files stay as they are.

    Args:
        paths: Folders and files.

    Raises:
        Misuse: As `check_paths`.
    """
    check_paths(paths)
    folders = dict.fromkeys(path.resolve() for path in paths if path.is_dir())
    single = dict.fromkeys(path.resolve() for path in paths if not path.is_dir())
    sources = {folder: Source(str(folder), is_complete=True) for folder in folders}
    for folder, source in sources.items():
        for path in _walk(folder, source):
            _look_at(path, source=source, root=folder)
    for path in single:
        source = sources.setdefault(path.parent, Source(str(path.parent), is_complete=False))
        if source.paths.get(_name(path, root=path.parent)) != path:
            _look_at(path, source=source, root=path.parent)
    return list(sources.values())


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that do not exist, and folders whose name cannot be kept.

    Raises:
        Misuse: A path does not exist, or its folder has a name that is not in UTF-8.
    """
    for path in paths:
        shown = os.fsencode(path).decode("utf-8", "replace")
        if not path.exists():
            raise Misuse(f"Le chemin « {shown} » n'existe pas. Vérifiez-le, puis relancez.")
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        if not is_text(str(folder)):
            raise Misuse(sentence("folder_not_utf8", path=shown))


def _walk(folder: Path, source: Source) -> Iterator[Path]:
    def blame(error: OSError) -> None:
        """A folder that cannot be listed: its documents must not be taken for removed ones."""
        source.is_complete, source.skips_removal = False, True
        name = _name(Path(error.filename), root=folder) or "."
        source.unreadable.append(FileProblem(name=name, code=FOLDER_UNREADABLE))

    for place, folders, names in os.walk(folder, onerror=blame):
        folders[:] = sorted(name for name in folders if not _is_skipped(name))
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(place, name)
            fault = "" if _is_skipped(name) else _fault(path, folder)
            if fault:
                source.skipped.append(FileProblem(name=_name(path, root=folder), code=fault))
            elif not _is_skipped(name) and name not in links:
                yield path


def _is_skipped(name: str) -> bool:
    return name.startswith((".", _LOCK_PREFIX))


def _fault(path: Path, folder: Path) -> str:
    """Why something is left alone: a device, a pipe, a link that leads out of the folder or nowhere."""
    is_link = path.is_symlink()
    try:
        if is_link and not (path.exists() and path.resolve().is_relative_to(folder)):
            return _LINK
        return "" if path.is_file() or path.is_dir() else _NO_FILE
    except (OSError, RuntimeError):  # a loop of links, or a folder that may not be looked into
        return _LINK if is_link else ""


def _look_at(path: Path, *, source: Source, root: Path) -> None:
    name = _name(path, root=root)
    if path.exists() and not path.is_file():
        source.skipped.append(FileProblem(name=name, code=_NO_FILE))
        return
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size_bytes = stream.tell()
        entry = FileEntry(name=name, sha256=digest, size_bytes=size_bytes)
    except (OSError, ValueError):
        source.unreadable.append(FileProblem(name=name, code=_UNREADABLE))
        return
    source.files.append(entry)
    source.paths.setdefault(name, path)


def _name(path: Path, *, root: Path) -> str:
    """The name under which the service keeps a file, whatever form the disk gives it."""
    relative = path.relative_to(root).as_posix() if path != root else ""
    return normalised_name(os.fsencode(relative).decode("utf-8", "replace"))
