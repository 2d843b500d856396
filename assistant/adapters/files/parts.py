"""Contents that come in parts, in a folder: each block is on the disk before it counts."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from assistant.adapters.files.folder import translated
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import TenantId

_NAME_CHARS = 64


class FolderPartStore:
    """Implements `PartStore`: `<root>/<hash of the tenant>/<hash of the name>`.

    Safe to use from several threads and processes: a block is added under a lock on its file, which is
    held for that one write and never while the network is waited for.

    Args:
        root: Folder of the begun contents; made when absent.

    Raises:
        StorageError: The folder cannot be made.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with translated():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def size(self, owner: TenantId, name: str) -> int:
        """Bytes that are there; 0 when nothing is."""
        with translated(), suppress(FileNotFoundError):
            return self._place(owner, name).stat().st_size
        return 0

    def append(self, owner: TenantId, name: str, *, offset: int, block: bytes) -> int:
        """Add a block where the content ends.

        Raises:
            Conflict: It does not end at `offset` ("upload_offset").
            StorageError: It cannot be written; nothing of the block stays.
        """
        place = self._place(owner, name)
        with translated():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with place.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = os.fstat(file.fileno()).st_size
                if size != offset:
                    raise Conflict("upload_offset", offset=size)
                _write_whole(file.fileno(), block, size=size)
        return size + len(block)

    @contextmanager
    def opened(self, owner: TenantId, name: str) -> Generator[BinaryIO]:
        """What is there, to be read from its beginning.

        Raises:
            NotFound: Nothing is.
        """
        try:
            file = self._place(owner, name).open("rb")
        except FileNotFoundError:
            raise NotFound from None
        with file:
            yield file

    def drop(self, owner: TenantId, name: str) -> None:
        """Forget a content; no error when absent."""
        with translated():
            self._place(owner, name).unlink(missing_ok=True)

    def drop_all(self, owner: TenantId) -> None:
        """Forget all begun contents of a tenant."""
        folder = self._root / _hashed(owner)
        with translated():
            for path, _ in _files(folder):
                path.unlink(missing_ok=True)
            _remove_empty(folder)

    def count(self, owner: TenantId) -> int:
        """How many contents of a tenant are begun."""
        with translated():
            return sum(1 for _ in _files(self._root / _hashed(owner)))

    def held_bytes(self, owner: TenantId) -> int:
        """What all begun contents of a tenant take."""
        with translated():
            return sum(found.st_size for _, found in _files(self._root / _hashed(owner)))

    def drop_older(self, *, than_s: float) -> int:
        """Forget what got no block for so long, in seconds; how many there were."""
        before, dropped = time.time() - than_s, 0
        with translated():
            for folder in self._root.iterdir():
                for path, found in _files(folder):
                    if found.st_mtime < before:
                        path.unlink(missing_ok=True)
                        dropped += 1
                _remove_empty(folder)
        return dropped

    def _place(self, owner: TenantId, name: str) -> Path:
        return self._root / _hashed(owner) / _hashed(name)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_NAME_CHARS]


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Files of a folder with what the disk tells of them; some may go meanwhile."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                yield path, path.stat()


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # of a tenant that still has some, or just got one
        folder.rmdir()


def _write_whole(handle: int, block: bytes, *, size: int) -> None:
    """Write and sync a block, or leave the file as it was."""
    left = memoryview(block)
    try:
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise
