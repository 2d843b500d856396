"""Zip containers looked at before any parser opens them: their table, their headers, what they inflate to."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

from ingest.errors import ParseFailed, RefusedFile
from ingest.limits import MEGABYTE, Limits

_DRIVE = re.compile(r"^[A-Za-z]:")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LOCAL_SIGN = b"PK\x03\x04"
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_STEP_BYTES = 65_536
_MAX_DEPTH = 2
"""An embedded workbook may hold an embedded picture archive; what lies deeper is no document."""


def declared_bytes(path: Path) -> int:
    """Sum of the sizes of an archive's members once expanded; for one that `check_archive` let pass."""
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def check_archive(path: Path, *, limits: Limits) -> None:
    """Refuse an archive that lies, overlaps, climbs out of itself or expands too much.

    Every member is inflated once, step by step and nowhere kept, so that a size that the table
    understates is found here and not in a parser.

    Raises:
        RefusedFile: It expands too much, its members overlap, or their names are unsafe.
        ParseFailed: It is damaged or encrypted.
    """
    audit = _Audit(limits)
    try:
        with path.open("rb") as stream:
            audit.check(stream, depth=0)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise ParseFailed("file_damaged") from error
    except NotImplementedError as error:
        raise ParseFailed("file_damaged") from error


class _Audit:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries = 0
        self._expanded = 0

    def check(self, stream: IO[bytes], *, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise RefusedFile("archive_bomb")
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            self._check_table(entries)
            starts = _data_starts(stream, entries, end=archive.start_dir)
        for entry, start in zip(entries, starts, strict=True):
            inner = self._inflated(stream, entry, start=start)
            if inner is not None:
                self.check(io.BytesIO(inner), depth=depth + 1)

    def _check_table(self, entries: list[zipfile.ZipInfo]) -> None:
        limits = self._limits
        expanded = sum(entry.file_size for entry in entries)
        compressed = max(sum(entry.compress_size for entry in entries), 1)
        self._entries += len(entries)
        self._expanded += expanded
        if (
            self._entries > limits.max_archive_entries
            or self._expanded > limits.max_expanded_bytes
            or (expanded > MEGABYTE and expanded / compressed > limits.max_expansion_ratio)
        ):
            raise RefusedFile("archive_bomb")
        if any(_is_unsafe(entry.filename) or _is_link(entry) for entry in entries):
            raise RefusedFile("archive_unsafe_name")
        if any(entry.flag_bits & 1 for entry in entries):
            raise ParseFailed("file_encrypted")
        if any(entry.compress_type not in _METHODS for entry in entries):
            raise ParseFailed("file_damaged")

    def _inflated(self, stream: IO[bytes], entry: zipfile.ZipInfo, *, start: int) -> bytes | None:
        """The content of a member that is an archive, None for others; its true size is checked."""
        stream.seek(start)
        if entry.compress_type == zipfile.ZIP_STORED:
            if entry.file_size > entry.compress_size:
                raise ParseFailed("file_damaged")
            head = stream.read(min(len(_LOCAL_SIGN), entry.compress_size))
            is_archive = head == _LOCAL_SIGN
            rest = stream.read(entry.compress_size - len(head)) if is_archive else b""
            return head + rest if is_archive else None
        return _inflate(stream, entry)


def _inflate(stream: IO[bytes], entry: zipfile.ZipInfo) -> bytes | None:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left, size = entry.compress_size, 0
    kept: io.BytesIO | None = None
    while not inflater.eof:
        data = inflater.unconsumed_tail
        if not data:
            data = stream.read(min(_STEP_BYTES, left))
            left -= len(data)
        piece = inflater.decompress(data, _STEP_BYTES)
        if not data and not piece:
            raise ParseFailed("file_damaged")
        if size == 0 and piece.startswith(_LOCAL_SIGN):
            kept = io.BytesIO()
        size += len(piece)
        if size > entry.file_size:
            raise RefusedFile("archive_bomb")
        if kept is not None:
            kept.write(piece)
    return kept.getvalue() if kept is not None else None


def _data_starts(stream: IO[bytes], entries: list[zipfile.ZipInfo], *, end: int) -> list[int]:
    """Where the data of each member begins, once its header agrees and no two members overlap."""
    starts: list[int] = []
    spans: list[tuple[int, int]] = []
    for entry in entries:
        stream.seek(entry.header_offset)
        header = _LOCAL.unpack(stream.read(_LOCAL.size))
        name = stream.read(header[9])
        encoding = "utf-8" if header[2] & 0x800 else "cp437"
        if header[0] != _LOCAL_SIGN or name.decode(encoding) != entry.orig_filename:
            raise ParseFailed("file_damaged")
        start = entry.header_offset + _LOCAL.size + header[9] + header[10]
        starts.append(start)
        spans.append((entry.header_offset, start + entry.compress_size))
    spans.sort()
    following = [*(start for start, _ in spans[1:]), end]
    if any(stop > limit for (_, stop), limit in zip(spans, following, strict=True)):
        raise RefusedFile("archive_bomb")
    return starts


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _is_unsafe(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return (
        name.startswith(("/", "\\")) or ".." in parts or "\x00" in name or bool(_DRIVE.match(name))
    )
