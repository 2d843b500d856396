"""Writes an archive piece by piece; it has its name only once it is complete."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from assistant.domain.errors import Conflict, StorageError
from assistant.services.archive_lines import MANIFEST, FileLine, Line

PARTIAL = ".assistant-partial-"
"""How the name of an unfinished archive begins."""
_PIECE_BYTES = 1 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class ArchiveWriter:
    """A ZIP file that grows; what was written is told by `files`."""

    def __init__(self, archive: ZipFile, *, at: datetime) -> None:
        self._archive = archive
        self._at = at
        self.files: list[FileLine] = []

    def add_lines(self, path: str, lines: Iterable[Line]) -> int:
        """Write JSON Lines as they come; how many there were."""
        count = 0

        def pieces() -> Generator[bytes]:
            nonlocal count
            for line in lines:
                count += 1
                yield line.model_dump_json().encode() + b"\n"

        self.add(path, pieces())
        return count

    def add_file(self, path: str, stream: BinaryIO) -> FileLine:
        """Copy an original as it is; most formats are compressed already."""
        pieces = iter(lambda: stream.read(_PIECE_BYTES), b"")
        return self.add(path, pieces, compression=ZIP_STORED)

    def add(
        self, path: str, pieces: Iterable[bytes], *, compression: int = ZIP_DEFLATED
    ) -> FileLine:
        """Write a file of the archive piece by piece; its size and hash."""
        digest, size = sha256(), 0
        with self._member(path, compression=compression) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        written = FileLine(path=path, size_bytes=size, sha256=digest.hexdigest())
        self.files.append(written)
        return written

    def finish(self, manifest: Line) -> None:
        """Write what the archive holds; nothing may follow."""
        with self._member(MANIFEST) as member:
            member.write(manifest.model_dump_json(indent=1).encode())

    def _member(self, path: str, *, compression: int = ZIP_DEFLATED) -> IO[bytes]:
        info = ZipInfo(path, self._at.timetuple()[:6])
        info.compress_type = compression
        info.external_attr = 0o600 << 16
        return self._archive.open(info, "w", force_zip64=True)


@contextmanager
def new_archive(target: Path, *, at: datetime) -> Generator[ArchiveWriter]:
    """Write an archive beside its place, and move it there at the end of the block.

    Nothing is left of a block that fails; a process that is killed leaves a hidden `.partial` file,
    which is no ZIP file.

    Raises:
        Conflict: A file is there already ("archive_exists").
        StorageError: The folder cannot be written ("archive_unwritable"), the disk is full
            ("disk_full").
    """
    if os.path.lexists(target):
        raise Conflict("archive_exists", path=str(target))
    with _translated(target):
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=PARTIAL, suffix=".partial")
        partial = Path(name)
        try:
            with os.fdopen(handle, "w+b") as file:
                with ZipFile(file, "w") as archive:
                    yield ArchiveWriter(archive, at=at)
                file.flush()
                os.fsync(file.fileno())
            _place(partial, target)
        finally:
            partial.unlink(missing_ok=True)


def _place(partial: Path, target: Path) -> None:
    """Give a complete file its name, unless another one took it meanwhile."""
    try:
        target.hardlink_to(partial)
    except FileExistsError:
        raise Conflict("archive_exists", path=str(target)) from None
    except OSError:  # a file system without links, such as that of a USB stick
        if os.path.lexists(target):
            raise Conflict("archive_exists", path=str(target)) from None
        partial.replace(target)


@contextmanager
def _translated(target: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError("disk_full") from error
        raise StorageError("archive_unwritable", path=str(target)) from error
