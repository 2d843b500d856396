"""The content of an answer as a stream that tells how much came."""

from __future__ import annotations

import io
from collections.abc import Iterator


class Body(io.RawIOBase):
    """The pieces of an answer as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = memoryview(b"")
        self.size_bytes = 0
        """Received so far."""
        self.is_read = False
        """True once all of it was."""

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, target: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - buffers that are written to
        """Fill a buffer as far as the next piece goes; 0 at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                self.is_read = True
                return 0
            self.size_bytes += len(piece)
            self._left = memoryview(piece)
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
