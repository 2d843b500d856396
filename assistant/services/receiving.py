"""A stream that proves to carry the announced content before anything is kept of it."""

from __future__ import annotations

import io
from hashlib import sha256 as new_sha256
from typing import BinaryIO, cast

from assistant.domain.errors import InvalidInput

_PIECE_BYTES = 1 << 20


def content_of(stream: BinaryIO, *, max_bytes: int) -> tuple[str, int]:
    """SHA-256 in hexadecimal and size of a content that is kept nowhere.

    Raises:
        InvalidInput: Longer than `max_bytes` ("file_too_large"); it is not read to its end.
    """
    digest, size = new_sha256(), 0
    while piece := stream.read(_PIECE_BYTES):
        size += len(piece)
        if size > max_bytes:
            raise InvalidInput("file_too_large")
        digest.update(piece)
    return digest.hexdigest(), size


class ContentChanged(Exception):
    """The content received is not the announced one."""


class CheckedStream(io.RawIOBase):
    """Passes a stream on, and raises `ContentChanged` at its end when its hash differs."""

    def __init__(self, stream: BinaryIO, *, sha256: str) -> None:
        super().__init__()
        self._stream = stream
        self._announced = sha256
        self._digest = new_sha256()

    def readable(self) -> bool:
        """Always true."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes of the stream, all of it when negative."""
        data = self._stream.read(size)
        self._digest.update(data)
        has_ended = size < 0 or (not data and size > 0)
        if has_ended and self._digest.hexdigest() != self._announced:
            raise ContentChanged
        return data

    def as_binary(self) -> BinaryIO:
        """This stream, under the type that file stores take."""
        return cast("BinaryIO", self)
