"""A stream that proves to carry the announced content before anything is kept of it."""

from __future__ import annotations

import io
from hashlib import sha256 as new_sha256
from typing import BinaryIO, cast


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
