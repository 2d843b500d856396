"""OLE compound files (DOC, XLS, PPT, MSG) looked at before any parser opens them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.errors import ParseFailed, RefusedFile
from ingest.limits import Limits

_SHIFTS = struct.Struct("<HH")
_SHIFTS_AT = 30
_COUNTS = struct.Struct("<I16xI4xI")
"""Sectors of the table, of the small table, of the table's own table."""
_COUNTS_AT = 44
_RECORD_BYTES = 128
_PLACE = struct.Struct("<IQ")
_STREAM, _ROOT = 2, 5
_LAST_SECTOR = 0xFFFFFFFA
_ENTRIES_PER_MEMBER = 10
"""A message keeps each of its properties as a stream of its own."""


def check_compound(path: Path, *, limits: Limits) -> None:
    """Refuse a compound file whose chains loop or share sectors, or that declares more than it holds.

    Raises:
        ParseFailed: It is damaged.
        RefusedFile: It has too many streams.
    """
    _check_header(path)
    ole = _opened(path)
    try:
        records = ole.directory_fp.getvalue()
        if len(records) // _RECORD_BYTES > limits.max_archive_entries * _ENTRIES_PER_MEMBER:
            raise RefusedFile("archive_bomb")
        _check_chains(ole, records, size=path.stat().st_size)
    finally:
        ole.close()


def stream_names(path: Path) -> frozenset[str]:
    """Names of the streams and storages at the top of a compound file, empty when it cannot be opened."""
    try:
        _check_header(path)
        ole = _opened(path)
    except ParseFailed:
        return frozenset()
    try:
        return frozenset(str(kid.name) for kid in ole.root.kids)
    finally:
        ole.close()


def _check_header(path: Path) -> None:
    """Tables larger than the file would have a parser read the same sectors for ever."""
    with path.open("rb") as stream:
        header = stream.read(512)
    if len(header) < 512:
        raise ParseFailed("file_damaged")
    sector_shift, small_shift = _SHIFTS.unpack_from(header, _SHIFTS_AT)
    if sector_shift not in (9, 12) or small_shift != 6:
        raise ParseFailed("file_damaged")
    sectors = path.stat().st_size // (1 << sector_shift) + 1
    if max(_COUNTS.unpack_from(header, _COUNTS_AT)) > sectors:
        raise ParseFailed("file_damaged")


def _opened(path: Path) -> Any:
    olefile = cast("Any", import_module("olefile"))
    try:
        return olefile.OleFileIO(str(path))
    except Exception as error:  # olefile lets errors of indexes and structures through
        raise ParseFailed("file_damaged") from error


def _check_chains(ole: Any, records: bytes, *, size: int) -> None:
    if ole.minifat is None and ole.num_mini_fat_sectors:
        try:
            ole.loadminifat()
        except (OSError, IndexError, ValueError) as error:
            raise ParseFailed("file_damaged") from error
    large = _Chains(cast("Sequence[int]", ole.fat))
    small = _Chains(cast("Sequence[int]", ole.minifat or ()))
    large.follow(int(ole.first_dir_sector))
    if ole.num_mini_fat_sectors:
        large.follow(int(ole.first_mini_fat_sector))
    for is_root, start, length in _streams(records, is_wide=int(ole.sector_size) > 512):
        if length > size:
            raise ParseFailed("file_damaged")
        if length:
            is_small = not is_root and length < int(ole.mini_stream_cutoff_size)
            (small if is_small else large).follow(start)


def _streams(records: bytes, *, is_wide: bool) -> Iterator[tuple[bool, int, int]]:
    """Whether it is the root, first sector and length of each stream, the unreachable ones included."""
    for at in range(0, len(records) - _RECORD_BYTES + 1, _RECORD_BYTES):
        kind = records[at + 66]
        if kind in (_STREAM, _ROOT):
            start, length = _PLACE.unpack_from(records, at + 116)
            yield kind == _ROOT, start, length if is_wide else length & 0xFFFFFFFF


class _Chains:
    """The chains of one table; a sector belongs to a single one, once."""

    def __init__(self, table: Sequence[int]) -> None:
        self._table = table
        self._taken = bytearray(len(table))

    def follow(self, sector: int) -> None:
        while sector < _LAST_SECTOR and sector < len(self._table):
            if self._taken[sector]:
                raise ParseFailed("file_damaged")
            self._taken[sector] = 1
            sector = self._table[sector] & 0xFFFFFFFF
