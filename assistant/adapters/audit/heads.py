"""Heads of the audit log in a file of JSON Lines that is only ever added to."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import asdict
from pathlib import Path

from assistant.domain.audit_chain import Head
from assistant.domain.errors import StorageError
from assistant.ports.audit import NotedHeads

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FileHeadSink:
    """Implements `HeadSink`. Processes may share the file: a line is written in one piece.

    Args:
        path: The file, made at its first head. Its folder has to be there: made anew, it would hide
            that the disk it ought to be on is not mounted.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, head: Head) -> None:
        """Note a head, durably.

        Raises:
            StorageError: The disk is full ("disk_full"), or the file cannot be written
                ("heads_unwritable"). A part of a line that was written counts for nothing.
        """
        line = json.dumps(asdict(head), separators=(",", ":")).encode() + b"\n"
        try:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _write_whole(file, (b"\n" if _is_torn(file) else b"") + line)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageError("disk_full") from error
            raise StorageError("heads_unwritable", path=str(self._path)) from error

    def noted(self) -> NotedHeads:
        """All that was noted; nothing before the first. Raises `StorageError` ("heads_unreadable")."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return NotedHeads(())
        except OSError as error:
            raise StorageError("heads_unreadable", path=str(self._path)) from error
        found = [(number, _parsed(line)) for number, line in enumerate(lines, start=1) if line]
        return NotedHeads(
            tuple(head for _, head in found if head is not None),
            tuple(number for number, head in found if head is None),
        )


def _write_whole(file: int, line: bytes) -> None:
    """A disk that fills up takes a part of a line without a word."""
    if os.write(file, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _is_torn(file: int) -> bool:
    """True when the last line was cut short, as by a crash."""
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _parsed(line: bytes) -> Head | None:
    try:
        found = json.loads(line)
        return Head(str(found["time"]), int(found["number"]), str(found["hash"]))
    except (ValueError, KeyError, TypeError):
        return None
