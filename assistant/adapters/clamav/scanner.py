"""Asks a ClamAV daemon about files, over its socket: content goes to it, nothing comes back but a name."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

from assistant.domain.errors import ScannerUnavailable

_PIECE_BYTES = 65_536
_REPLY_BYTES = 4096
_CONNECT_S = 5.0


class ClamavScanner:
    """Implements `VirusScanner` by the daemon's INSTREAM command.

    Source:
        ClamAV documentation, "clamd", protocol: a piece is its length on four bytes, big-endian,
        then its bytes; a length of zero ends the stream.
    """

    def __init__(self, address: str, *, timeout_s: float = 120.0) -> None:
        """Name the daemon; nothing is opened yet.

        Args:
            address: Path of its local socket, or "host:port".
            timeout_s: Longest silence of the daemon, in seconds.
        """
        self._address = address
        self._timeout_s = timeout_s

    def find_virus(self, path: Path) -> str | None:
        """Name of the signature that a file matches, None when it matches none.

        Raises:
            ScannerUnavailable: The daemon does not answer, or refuses the file.
        """
        try:
            with closing(self._connect()) as connection:
                connection.sendall(b"zINSTREAM\0")
                with path.open("rb") as stream:
                    while piece := stream.read(_PIECE_BYTES):
                        connection.sendall(len(piece).to_bytes(4, "big") + piece)
                connection.sendall(bytes(4))
                reply = _reply(connection)
        except OSError as error:
            raise ScannerUnavailable from error
        return _signature(reply)

    def _connect(self) -> socket.socket:
        if self._address.startswith("/"):
            connection = _connect_locally(self._address)
        else:
            host, _, port = self._address.rpartition(":")
            connection = socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S)
        connection.settimeout(self._timeout_s)
        return connection


def _connect_locally(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_S)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _reply(connection: socket.socket) -> str:
    data = b""
    while not data.endswith(b"\0") and len(data) < _REPLY_BYTES:
        piece = connection.recv(_REPLY_BYTES)
        if not piece:
            break
        data += piece
    return data.rstrip(b"\0\n").decode("utf-8", "replace")


def _signature(reply: str) -> str | None:
    answer = reply.removeprefix("stream: ")
    if answer == "OK":
        return None
    if answer.endswith(" FOUND"):
        return answer.removesuffix(" FOUND")
    raise ScannerUnavailable
