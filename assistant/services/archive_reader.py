"""Reads an archive that anybody may have made: nothing of it is used before all of it was verified."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from pydantic import ValidationError

from assistant.domain.errors import InvalidInput
from assistant.services.archive_lines import (
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    NEEDED,
    OPTIONAL,
    ORIGINALS,
    QUESTIONS,
    READ_VERSIONS,
    FileLine,
    Line,
    Manifest,
    T,
)
from assistant.services.archive_sizes import MANIFEST_BYTES, check_manifest, check_member
from assistant.services.names import is_printable

_PIECE_BYTES = 1 << 20
_LINE_BYTES = 100_000_000
_PATH_CHARS = 4000
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
DAMAGES = (
    ArithmeticError, BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
"""What a damaged, encrypted or truncated ZIP file makes its reader raise."""


class ArchiveReader:
    """An archive that was opened; every read proves the hash of what it read at its end."""

    def __init__(self, archive: ZipFile, *, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest
        self.files = {each.path: each for each in manifest.files}

    def verify(self) -> None:
        """Read all of it once.

        Raises:
            InvalidInput: A file is damaged, truncated or not the announced one ("archive_damaged").
        """
        for path in self.files:
            with self.open(path) as stream:
                while stream.read(_PIECE_BYTES):
                    continue

    @contextmanager
    def open(self, path: str) -> Generator[BinaryIO]:
        """A file of the archive, as a stream that raises `InvalidInput` when it is damaged."""
        announced = self.files.get(path)
        if announced is None:
            raise InvalidInput("archive_incomplete", file=path[:200])
        with damage_told(path), self._archive.open(path) as member:
            yield cast("BinaryIO", CheckedMember(member, announced))

    def lines(self, path: str, kind: type[T]) -> Iterator[T]:
        """The lines of a file; none for one that is absent and need not be there.

        Raises:
            InvalidInput: A line is not what the format says ("archive_line_refused").
        """
        if path not in self.files and path in OPTIONAL:
            return
        with self.open(path) as stream:
            rest, number = b"", 0
            while piece := stream.read(_PIECE_BYTES):
                *whole, rest = (rest + piece).split(b"\n")
                for each in whole:
                    number += 1
                    yield _parsed(each, kind, path=path, number=number)
                if len(rest) > _LINE_BYTES:
                    raise InvalidInput("archive_line_refused", file=path, line=number + 1)
            if rest:
                yield _parsed(rest, kind, path=path, number=number + 1)

    def one(self, path: str, kind: type[T]) -> T:
        """The only object of a file. Raises `InvalidInput` as `lines`."""
        return _parsed(self.bytes_of(path), kind, path=path, number=1)

    def bytes_of(self, path: str) -> bytes:
        """A small file whole. Raises `InvalidInput` when it is damaged, or too large for that."""
        with self.open(path) as stream:
            pieces, size = list[bytes](), 0
            while piece := stream.read(_PIECE_BYTES):
                size += len(piece)
                if size > _LINE_BYTES:
                    raise InvalidInput("archive_line_refused", file=path, line=1)
                pieces.append(piece)
        return b"".join(pieces)


@contextmanager
def opened_archive(path: Path) -> Generator[ArchiveReader]:
    """Open an archive and look at its names; `verify` reads it.

    Raises:
        InvalidInput: No such file ("archive_missing"); no archive of a tenant, or truncated
            ("archive_unreadable"); of a newer program
            ("archive_version_unknown"); with an unsafe name ("archive_name_unsafe"), or files other
            than those announced ("archive_incomplete", "archive_file_unknown", "archive_damaged"); with
            a manifest that is too large ("archive_file_too_large").
    """
    if not path.is_file():
        raise InvalidInput("archive_missing", path=str(path))
    try:
        archive = ZipFile(path)
    except DAMAGES as error:
        raise InvalidInput("archive_unreadable") from error
    with archive:
        names = archive.namelist()
        for name in names:
            if not is_safe_path(name):
                raise InvalidInput("archive_name_unsafe", file=repr(name)[:200])
        manifest = _manifest(archive, names)
        _check_files(manifest, names)
        for each in manifest.files:
            check_member(archive.getinfo(each.path), size_bytes=each.size_bytes)
        yield ArchiveReader(archive, manifest=manifest)


class CheckedMember:
    """A stream of exactly the announced bytes: more, fewer or others are damage."""

    def __init__(self, member: IO[bytes], announced: FileLine) -> None:
        self._member = member
        self._announced = announced
        self._digest = sha256()
        self._size = 0

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; never more in all than announced."""
        wanted = _PIECE_BYTES if size < 0 else size
        data = self._member.read(min(wanted, self._announced.size_bytes - self._size + 1))
        self._digest.update(data)
        self._size += len(data)
        has_ended = not data and wanted > 0
        is_long = self._size > self._announced.size_bytes
        if is_long or (has_ended and self._digest.hexdigest() != self._announced.sha256):
            raise InvalidInput("archive_damaged", file=self._announced.path[:200])
        return data


def _manifest(archive: ZipFile, names: list[str]) -> Manifest:
    if MANIFEST not in names:
        raise InvalidInput("archive_unreadable")
    check_manifest(archive.getinfo(MANIFEST))
    with damage_told(MANIFEST), archive.open(MANIFEST) as member:
        data = member.read(MANIFEST_BYTES)
    try:
        header = _Header.model_validate_json(data)
    except ValidationError as error:
        raise InvalidInput("archive_unreadable") from error
    if header.format != FORMAT:
        raise InvalidInput("archive_unreadable")
    if header.format_version not in READ_VERSIONS:
        raise InvalidInput(
            "archive_version_unknown", version=header.format_version, known=FORMAT_VERSION
        )
    return _parsed(data, Manifest, path=MANIFEST, number=1)


class _Header(Line):
    """What every version of the format has."""

    format: str
    format_version: int


def _check_files(manifest: Manifest, names: list[str]) -> None:
    announced = [each.path for each in manifest.files]
    if len(set(names)) != len(names) or len(set(announced)) != len(announced):
        raise InvalidInput("archive_unreadable")
    missing = sorted(({*announced} | NEEDED) - {*names} | NEEDED - {*announced})
    if missing:
        raise InvalidInput("archive_incomplete", file=missing[0][:200])
    known = {MANIFEST, *announced}
    strange = sorted(name for name in names if name not in known or not _has_place(name))
    if strange:
        raise InvalidInput("archive_file_unknown", file=strange[0][:200])


def _has_place(name: str) -> bool:
    is_named = name in NEEDED | OPTIONAL | {MANIFEST}
    return is_named or name.startswith((ORIGINALS, QUESTIONS))


def is_safe_path(name: str) -> bool:
    """True for a relative path that stays below where it is put, on any system."""
    if not 0 < len(name) <= _PATH_CHARS or "\\" in name or name[1:2] == ":":
        return False
    return is_printable(name) and not any(part in {"", ".", ".."} for part in name.split("/"))


def _parsed(data: bytes, kind: type[T], *, path: str, number: int) -> T:
    try:
        if _NUL.search(data):  # PostgreSQL keeps none
            raise InvalidInput("archive_line_refused", file=path[:200], line=number)
        return kind.model_validate_json(data)
    except (ValidationError, RecursionError) as error:
        raise InvalidInput("archive_line_refused", file=path[:200], line=number) from error


@contextmanager
def damage_told(path: str) -> Generator[None]:
    """Turn what a damaged archive makes its reader raise into `InvalidInput` ("archive_damaged")."""
    try:
        yield
    except InvalidInput:
        raise
    except DAMAGES as error:
        raise InvalidInput("archive_damaged", file=path[:200]) from error
