"""Files of a folder of this machine: no link leads out of it, whatever changes meanwhile."""

from __future__ import annotations

import os
import stat
import time
import unicodedata
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ingest.sources.listing import ListedFile, ListingFault, SourceFault

_LOCK_PREFIX = "~$"
"""Office programs put such a file beside an open document."""
_FRESH_NS = 2_000_000_000
"""Within this time of the last change, another one may leave the same stamp."""
_FOLDER_UNREADABLE = "folder_unreadable"


class FolderSource:
    """Implements `FileSource` over a folder.

    Hidden files, and those that office programs put beside an open document, are passed over. Links to
    files of the folder are followed; links to folders are not, since what they name is listed anyway.

    Args:
        root: The folder by its real path: what a link there leads to is another folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._prefix = len(self._root.rstrip("/")) + 1

    def list(
        self, *, check: Callable[[], None] = lambda: None
    ) -> Iterator[ListedFile | ListingFault]:
        """Every file once, by name; the names of one folder at a time are held.

        Args:
            check: Called before each folder; raises to give up.

        Raises:
            SourceFault: The folder is not there ("folder_missing"), may not be listed
                ("source_folder_unreadable"), or is another one by the end ("folder_vanished"), as when
                its disk is taken away.
        """
        waiting: list[Iterator[str]] = [self._first()]
        begun = self._identity()
        while waiting:
            path = next(waiting[-1], None)
            if path is None:
                waiting.pop()
                continue
            try:
                found = os.lstat(path)
                if stat.S_ISDIR(found.st_mode):
                    check()
                    waiting.append(self._names(path))
                    continue
            except OSError:  # also what vanished since its folder was listed
                yield ListingFault(self._name(path), _FOLDER_UNREADABLE, hides_files=True)
                continue
            listed = self._listed(path, found)
            if listed is not None:
                yield listed
        if begun is None or self._identity() != begun:
            raise SourceFault("folder_vanished", is_transient=True)

    def first_names(self, *, limit: int) -> tuple[str, ...]:
        """Some names right in the folder. Raises `SourceFault` as `list`."""
        return tuple(self._name(path) for path in islice(self._first(), limit))

    @contextmanager
    def open(self, file: ListedFile) -> Generator[BinaryIO]:
        """The content of a listed file.

        Raises:
            SourceFault: As the port says, or a link leads out of the folder by now ("link_outside").
        """
        with self._opened(file) as stream:
            before = os.fstat(stream.fileno())
            yield stream
            after = os.fstat(stream.fileno())
            if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
                raise SourceFault("file_changing", is_transient=True)

    def close(self) -> None:
        """Nothing is held."""

    def _first(self) -> Iterator[str]:
        try:
            return self._names(self._root)
        except (FileNotFoundError, NotADirectoryError):
            raise SourceFault("folder_missing", path=self._root) from None
        except OSError:
            raise SourceFault("source_folder_unreadable", path=self._root) from None

    def _names(self, folder: str) -> Iterator[str]:
        """Paths in a folder, such that files of folders come where their whole names say."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if not self._is_inside(_path_of(handle, otherwise=folder)):
                raise NotADirectoryError(folder)  # it, or a folder above, became a link meanwhile
            with os.scandir(handle) as entries:
                keys = [
                    entry.name + "/" * entry.is_dir(follow_symlinks=False)
                    for entry in entries
                    if not entry.name.startswith((".", _LOCK_PREFIX))
                ]
        finally:
            os.close(handle)
        keys.sort()
        above = folder.rstrip("/")
        return (f"{above}/{key.rstrip('/')}" for key in keys)

    def _identity(self) -> tuple[int, int] | None:
        """What tells this folder from another one that comes to stand in its place."""
        try:
            found = Path(self._root).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _listed(self, path: str, found: os.stat_result) -> ListedFile | ListingFault | None:
        name = self._name(path)
        if stat.S_ISLNK(found.st_mode):
            target = os.path.realpath(path)
            if not self._is_inside(target):
                return ListingFault(name, "link_outside")
            try:
                found = Path(target).stat()
            except OSError:
                return ListingFault(name, "link_outside")
            if stat.S_ISDIR(found.st_mode):
                return None
        if not stat.S_ISREG(found.st_mode):
            return ListingFault(name, "not_a_file")
        place = path[self._prefix :]
        if not _is_text(place):
            return ListingFault(name, "file_name_unsafe")
        is_fresh = abs(time.time_ns() - found.st_mtime_ns) < _FRESH_NS
        stamp = "" if is_fresh else f"{found.st_mtime_ns}"
        return ListedFile(name, place, found.st_size, stamp)

    @contextmanager
    def _opened(self, file: ListedFile) -> Generator[BinaryIO]:
        path = os.path.realpath(os.path.join(self._root, file.place))  # noqa: PTH118 - as text
        if not self._is_inside(path):
            raise SourceFault("link_outside")
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise SourceFault("file_missing", is_transient=True) from None
        except OSError:
            raise SourceFault("file_unreadable") from None
        with os.fdopen(handle, "rb") as stream:
            if not self._is_inside(_path_of(handle, otherwise=path)):
                raise SourceFault("link_outside")  # a folder above became a link meanwhile
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SourceFault("not_a_file")
            yield stream

    def _is_inside(self, path: str) -> bool:
        return path == self._root or path.startswith(self._root.rstrip("/") + "/")

    def _name(self, path: str) -> str:
        relative = os.fsencode(path[self._prefix :]).decode("utf-8", "replace")
        return unicodedata.normalize("NFC", relative)


def _path_of(handle: int, *, otherwise: str) -> str:
    """Where an open file lies now, as the kernel says (Linux)."""
    try:
        return str(Path(f"/proc/self/fd/{handle}").readlink())
    except OSError:
        return otherwise


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
