"""Large contents sent in parts, so that a cut connection costs the part that was under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

from assistant.client.errors import ClientError
from assistant.client.transport import Transport

PART_BYTES = 8 * 1024 * 1024
"""Of one request. Smaller files are sent whole: there is little to lose."""
_PART_S = 600.0
_WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0, 60.0, 60.0)
"""Between two tries at the same place: four minutes in all."""
_CUT = frozenset({"server_unreachable", "server_timeout"})
_WORDLESS = "response_invalid"
_ELSEWHERE = "upload_offset"
_HEADERS = {"Tus-Resumable": "1.0.0"}


class PartSender:
    """Sends the content of one announced file, from where an earlier try stopped.

    Args:
        transport: The way to the service.
        path: Of the content: `/api/v1/jobs/{job}/items/{item}/content`.
        progress: Told the bytes of each part that was taken.
        wait: Waits some seconds.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        *,
        progress: Callable[[int], None] | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = transport
        self._path = path
        self._progress = progress
        self._wait = wait

    def send(self, stream: BinaryIO, *, size_bytes: int) -> bool:
        """Send what the service does not have.

        Returns:
            False when the content is not whole: the file ends before its announced size, or the
            service does not await it, for which a `HEAD` has no words.

        Raises:
            ClientError: The service refuses a part, or could not be reached for some minutes.
        """
        try:
            return self._send(stream, size_bytes=size_bytes)
        except ClientError as error:
            if error.code != _WORDLESS:
                raise
            return False

    def _send(self, stream: BinaryIO, *, size_bytes: int) -> bool:
        offset, waits = self._offset(iter(_WAITS_S)), iter(_WAITS_S)
        while offset < size_bytes:
            stream.seek(offset)
            block = stream.read(min(PART_BYTES, size_bytes - offset))
            if not block:
                return False
            reached = self._sent(block, offset=offset, waits=waits)
            if reached > offset:
                waits = iter(_WAITS_S)
                if self._progress is not None:
                    self._progress(reached - offset)
            offset = reached
        return True

    def _sent(self, block: bytes, *, offset: int, waits: Iterator[float]) -> int:
        """How far the content has come after this part, or what there is of it once it was cut."""
        headers = {
            **_HEADERS,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
        }
        try:
            answer = self._transport.send(
                "PATCH", self._path, content=block, headers=headers, timeout=_PART_S
            )
        except ClientError as error:
            if error.code not in _CUT | {_ELSEWHERE}:
                raise
            self._wait_for(error, waits)
            return self._offset(waits)
        return int(answer.headers["Upload-Offset"])

    def _offset(self, waits: Iterator[float]) -> int:
        while True:
            try:
                answer = self._transport.send("HEAD", self._path, headers=_HEADERS)
            except ClientError as error:
                if error.code not in _CUT:
                    raise
                self._wait_for(error, waits)
            else:
                return int(answer.headers["Upload-Offset"])

    def _wait_for(self, error: ClientError, waits: Iterator[float]) -> None:
        pause = next(waits, None)
        if pause is None:
            raise error
        self._wait(pause)
