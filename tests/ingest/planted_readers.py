"""A reading function that misbehaves as the first word of its file says."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.draft import Draft, Work
from ingest.limits import Limits
from ingest.model import Block, BlockKind, FileFormat, IngestedFile, ParsedDocument
from ingest.parsers.text import plain as text
from ingest.parts import PartWatch
from ingest.reading import read_file


def read(
    path: Path,
    *,
    name: str,
    limits: Limits,
    on_pages: Callable[[int], None],
    watch: PartWatch,
) -> IngestedFile:
    del watch
    word, _, rest = path.read_text(encoding="utf-8").partition(" ")
    act = _ACTS.get(word)
    if act is not None:
        return _said(act(rest, path.parent, on_pages) or "rien")
    return _said(f"{name} {limits.chunk_tokens}")


def read_message(path: Path, **work: Any) -> IngestedFile:
    """Reads as the product does, save for texts that begin with the name of an act."""
    text.read_text = _read_text
    return read_file(path, **work)


def _read_text(path: Path, work: Work) -> Draft:
    word, _, rest = path.read_text(encoding="utf-8").strip().partition(" ")
    act = _ACTS.get(word)
    if act is None:
        return _PLAIN(path, work)
    return Draft(engine=act(rest, path.parent, work.on_pages) or "rien")


_PLAIN = text.read_text


def _said(said: str) -> IngestedFile:
    block = Block(kind=BlockKind.PARAGRAPH, text=said)
    return IngestedFile(ParsedDocument(format=FileFormat.TEXT, title=said, blocks=(block,)))


def _spin(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    """Never comes back from C: the pattern backtracks for centuries."""
    import re

    return str(re.match(r"(a+)+$", "a" * 64 + "b"))


def _work(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    """Computes for a number of processor seconds, then ends well."""
    end = time.process_time() + float(rest)
    while time.process_time() < end:
        pass
    return "lu"


def _sleep(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    time.sleep(600)
    return ""


def _pages(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    on_pages(100)
    time.sleep(float(rest))
    return "lu"


def _allocate(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    return str(len(bytearray(8_000_000_000)))


def _allocate_in_steps(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    held = [b"x" * 50_000_000 for _ in range(160)]
    return str(len(held))


def _segfault(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    ctypes.string_at(0)
    return ""


def _kill(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def _fork(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    """Forks children that leave the session and the parent, then waits for ever."""
    _escape(rest, folder, on_pages)
    time.sleep(600)
    return ""


def _escape(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    """Leaves daemons behind: forked twice, in a session of their own, with no name to trace."""
    for index in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                (folder / f"escaped-{index}").write_text(str(os.getpid()), encoding="ascii")
                subprocess.run(
                    [sys.executable, "-I", "-c", "import time; time.sleep(600)"],
                    env={},
                    check=False,
                )
            os._exit(0)
    while len(list(folder.glob("escaped-*"))) < 3:
        time.sleep(0.01)
    return "parti"


def _multiply(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    for _ in range(60):
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
    time.sleep(600)
    return ""


def _escape_and_crash(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    _escape(rest, folder, on_pages)
    return _segfault(rest, folder, on_pages)


def _connect(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    try:
        socket.create_connection(("127.0.0.1", int(rest)), timeout=2).close()
    except OSError:
        return "coupé"
    return "joint"


def _tell(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    return (
        Path("/proc/self/environ").read_bytes().decode()
        + "|"
        + ",".join(
            str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()
        )
    )


def _write(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    (folder / "big").write_bytes(bytes(100_000_000))
    return ""


def _answer_much(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    return "é" * 35_000_000


def _raise(rest: str, folder: Path, on_pages: Callable[[int], None]) -> str:
    raise RuntimeError("texte du document")


_ACTS: dict[str, Callable[[str, Path, Callable[[int], None]], str]] = {
    "SPIN": _spin,
    "COMPUTE": _work,
    "SLEEP": _sleep,
    "PAGES": _pages,
    "ALLOCATE": _allocate,
    "SWELL": _allocate_in_steps,
    "SEGFAULT": _segfault,
    "KILL": _kill,
    "FORK": _fork,
    "ESCAPE": _escape,
    "MULTIPLY": _multiply,
    "CRASH": _escape_and_crash,
    "CONNECT": _connect,
    "TELL": _tell,
    "WRITE": _write,
    "MUCH": _answer_much,
    "RAISE": _raise,
}
