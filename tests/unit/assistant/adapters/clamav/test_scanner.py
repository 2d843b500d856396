from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.adapters.clamav.scanner import ClamavScanner
from assistant.domain.errors import ScannerUnavailable

INFECTED = b"MAUVAIS"


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += connection.recv(size - len(data))
    return data


def clamd(connection: socket.socket) -> None:
    """What the daemon does with one stream."""
    assert read_exactly(connection, 10) == b"zINSTREAM\0"
    content = b""
    while size := int.from_bytes(read_exactly(connection, 4), "big"):
        content += read_exactly(connection, size)
    found = b"Essai-Signature FOUND" if INFECTED in content else b"OK"
    connection.sendall(b"stream: " + found + b"\0")


def refuses(connection: socket.socket) -> None:
    connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")
    connection.recv(1_000_000)


def hangs_up(connection: socket.socket) -> None:
    connection.recv(10)


@contextmanager
def daemon(folder: Path, behaviour: Callable[[socket.socket], None]) -> Generator[str]:
    address = str(folder / "clamd")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                behaviour(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield address
        thread.join(5)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "fichier"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "virus"),
    [
        (b"bon" * 50_000, None),
        (b"x" * 65_530 + INFECTED + b"x" * 70_000, "Essai-Signature"),
        (b"", None),
    ],
)
def test_daemon_tells_the_signature(tmp_path: Path, content: bytes, virus: str | None) -> None:
    with daemon(tmp_path, clamd) as address:
        assert ClamavScanner(address).find_virus(write(tmp_path, content)) == virus


@pytest.mark.parametrize("behaviour", [refuses, hangs_up])
def test_no_answer_is_no_approval(
    tmp_path: Path, behaviour: Callable[[socket.socket], None]
) -> None:
    with daemon(tmp_path, behaviour) as address, pytest.raises(ScannerUnavailable):
        ClamavScanner(address, timeout_s=2).find_virus(write(tmp_path, b"bon"))


@pytest.mark.parametrize("address", ["/nowhere/clamd", "127.0.0.1:1"])
def test_absent_daemon_is_no_approval(tmp_path: Path, address: str) -> None:
    with pytest.raises(ScannerUnavailable):
        ClamavScanner(address).find_virus(write(tmp_path, b"bon"))
