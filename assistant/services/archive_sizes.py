"""How large an archive may be: what it announces is looked at before any of it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from assistant.domain.errors import InvalidInput
from assistant.services.archive_lines import (
    COLLECTIONS,
    CONVERSATIONS,
    DOCUMENTS,
    GROUPS,
    MANIFEST,
    ORIGINALS,
    PEOPLE,
    QUESTION_SETS,
    FileLine,
)

MANIFEST_BYTES: Final = 50_000_000
SMALL_BYTES: Final = 100_000_000
"""Of a file that is read whole: the tenant, its logo, a question set."""
LINES_BYTES: Final = 1_000_000_000
"""Of a file of lines."""
CONVERSATIONS_BYTES: Final = 4_000_000_000
_OF_LINES: Final = frozenset({COLLECTIONS, PEOPLE, GROUPS, DOCUMENTS, QUESTION_SETS})
_METHODS: Final = frozenset({ZIP_STORED, ZIP_DEFLATED})
"""The others give out any number of bytes for a few, whatever number is asked for."""
_MEGABYTE: Final = 1_000_000


def check_member(info: ZipInfo, *, size_bytes: int) -> None:
    """Refuse a member whose size is not the announced one, or that cannot be read piece by piece.

    Raises:
        InvalidInput: It is refused ("archive_damaged").
    """
    if info.file_size != size_bytes or info.compress_type not in _METHODS:
        raise InvalidInput("archive_damaged", file=info.filename[:200])


def check_manifest(info: ZipInfo) -> None:
    """Refuse a manifest that is too large. Raises `InvalidInput` ("archive_file_too_large")."""
    check_member(info, size_bytes=info.file_size)
    _check(MANIFEST, info.file_size, most=MANIFEST_BYTES)


def check_sizes(
    files: Mapping[str, FileLine],
    *,
    max_original_bytes: int,
    room_bytes: int,
    is_kept: Callable[[str], bool],
) -> None:
    """Refuse files that are too large, one by one or all together.

    Args:
        files: Those announced, by path.
        max_original_bytes: Of an original.
        room_bytes: What may still be written to the disk.
        is_kept: Whether the content of a SHA-256 is on the disk already.

    Raises:
        InvalidInput: One of them ("archive_file_too_large", "archive_original_too_large") or their
            sum ("archive_without_room") is.
    """
    for path, announced in files.items():
        if path.startswith(ORIGINALS):
            code = "archive_original_too_large"
            _check(path, announced.size_bytes, most=max_original_bytes, code=code)
        else:
            _check(path, announced.size_bytes, most=_most(path))
    needed = _needed(files.values(), is_kept)
    if needed > room_bytes:
        raise InvalidInput(
            "archive_without_room",
            size_mb=_megabytes(needed),
            limit_mb=max(0, room_bytes) // _MEGABYTE,
        )


def _needed(files: Iterable[FileLine], is_kept: Callable[[str], bool]) -> int:
    """Bytes that the import adds to the disk: a content once, the rows as large as their lines."""
    rows, contents = 0, dict[str, int]()
    for each in files:
        if not each.path.startswith(ORIGINALS):
            rows += each.size_bytes
        elif not is_kept(each.sha256):
            contents[each.sha256] = max(contents.get(each.sha256, 0), each.size_bytes)
    return rows + sum(contents.values())


def _most(path: str) -> int:
    if path == CONVERSATIONS:
        return CONVERSATIONS_BYTES
    return LINES_BYTES if path in _OF_LINES else SMALL_BYTES


def _check(path: str, size_bytes: int, *, most: int, code: str = "archive_file_too_large") -> None:
    if size_bytes > most:
        raise InvalidInput(
            code,
            file=path[:200],
            size_mb=_megabytes(size_bytes),
            limit_mb=most // _MEGABYTE,
        )


def _megabytes(size_bytes: int) -> int:
    """Rounded up, so that an excess always shows."""
    return -(-size_bytes // _MEGABYTE)
