"""The pool's hold on one parsing child: start it, give it a file, wait no longer than allowed, end it."""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import ingest
from ingest.child import STDERR_NAME
from ingest.errors import IngestError, ParserDied
from ingest.limits import MEGABYTE, Limits
from ingest.processes import WorkTime, descendants, kill_descendants, resident_bytes
from ingest.protocol import (
    MAX_LINE_BYTES,
    MAX_RESULT_BYTES,
    RESULT_NAME,
    ChildConfig,
    Request,
    load_reply,
    reply_error,
)

_log = logging.getLogger(__name__)
_HOME_PREFIX = "child-"
_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from ingest.child import main; main(sys.argv[2], int(sys.argv[3]))"
)
_ROOT = str(Path(ingest.__file__).resolve().parents[1])
_INSPECT_EVERY_S = 0.25
_MAX_PROCESSES = 32
_TERM_WAIT_S = 3.0
_MAX_FILES = 200
_MAX_RESIDENT_BYTES = 800 * MEGABYTE
_MEMORY_SIGNS = (
    b"memory allocation",
    b"bad_alloc",
    b"Cannot allocate",
    b"MemoryError",
    b"out of memory",
)


def remove_leftovers(scratch: Path) -> None:
    """Remove the folders of children that a power cut ended: they hold text of documents.

    For the process that owns the folder, before it starts a pool there.
    """
    for home in scratch.glob(f"{_HOME_PREFIX}*"):
        shutil.rmtree(home, ignore_errors=True)


class ChildHandle:
    """One child. Used by one thread at a time; `terminate` may be called from any."""

    def __init__(self, *, limits: Limits, scratch: Path, reading: str, programs: str) -> None:
        """Start the child, without waiting for it."""
        self._limits = limits
        self._programs = programs
        self._home = Path(tempfile.mkdtemp(prefix=_HOME_PREFIX, dir=scratch))
        self._files = 0
        self._is_spent = False
        self._part, self._is_part_begun = 0, False
        self._buffer = b""
        self._ending = threading.Lock()
        config = ChildConfig(home=str(self._home), limits=limits, reading=reading)
        try:
            self._process, self._lifeline = self._start(config)
        except BaseException:
            shutil.rmtree(self._home, ignore_errors=True)
            raise

    @property
    def is_spent(self) -> bool:
        """True when the child should be replaced before the next file."""
        return self._is_spent or self._files >= _MAX_FILES or self._process.poll() is not None

    @property
    def process_ids(self) -> set[int]:
        """Ids of the child's processes, all that they started included."""
        return {self._process.pid, *descendants(self._process.pid)}

    def run(self, request: Request) -> bytes:
        """Have the child do one thing, and return the bytes of its result.

        Raises:
            IngestError: The file cannot be read; `ParserDied` when the child did not survive it.
        """
        self._files += 1
        self._part, self._is_part_begun = 0, False
        try:
            return self._answer(request)
        except ParserDied as error:
            error.part, error.is_part_begun = self._part, self._is_part_begun
            raise

    def _answer(self, request: Request) -> bytes:
        taken, allowed_s = WorkTime(self._process.pid), request.wall_s(self._limits)
        self._send(request)
        while True:
            reply = self._next_reply(taken, allowed_s=allowed_s)
            if "pages" in reply:
                scans = int(reply.get("scans", 0))
                allowed_s = self._limits.wall_s(int(reply["pages"]), scans=scans)
            elif "part" in reply:
                self._part, self._is_part_begun = int(reply["part"]), True
            elif "died" in reply:
                raise self._death(int(reply["died"]), allowed_s=allowed_s)
            else:
                return self._result(reply)

    def terminate(self) -> None:
        """End the child and everything it started, from any thread; its user then sees it dead."""
        with self._ending:
            self._is_spent = True
            if self._process.poll() is not None:
                return
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_TERM_WAIT_S)
            except subprocess.TimeoutExpired:
                kill_descendants(self._process.pid)
                self._process.kill()
                self._process.wait()

    def kill(self) -> None:
        """Terminate the child and remove its folder. By its user only; safe to call twice."""
        self.terminate()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        lifeline, self._lifeline = self._lifeline, -1
        if lifeline >= 0:
            os.close(lifeline)
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self, config: ChildConfig) -> tuple[subprocess.Popen[bytes], int]:
        """The process, and our end of the pipe that ends it with us."""
        (self._home / "tmp").mkdir()
        lifeline, ours = os.pipe2(os.O_CLOEXEC)
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BOOT, _ROOT, config.dump(), str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._home,
                env=self._environment(),
                pass_fds=(lifeline,),
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(lifeline)
        return process, ours

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": self._programs,
            "LANG": "C.UTF-8",
            "HOME": str(self._home),
            "TMPDIR": str(self._home / "tmp"),
            "OMP_NUM_THREADS": "1",
            "OMP_THREAD_LIMIT": "1",
            "RAYON_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }

    def _send(self, request: Request) -> None:
        stream = self._process.stdin
        try:
            if stream is not None:
                stream.write(request.dump())
        except (OSError, ValueError) as error:
            self._is_spent = True
            raise ParserDied("parser_crashed") from error

    def _next_reply(self, taken: WorkTime, *, allowed_s: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            if not self._wait_for_data(_INSPECT_EVERY_S):
                self._inspect()
            if b"\n" not in self._buffer and taken.spent_s() >= allowed_s:
                raise self._ended(ParserDied("parser_timeout", seconds=round(allowed_s)))
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            return load_reply(line)
        except ValueError as error:
            raise self._ended(ParserDied("parser_crashed")) from error

    def _wait_for_data(self, timeout_s: float) -> bool:
        stream = self._process.stdout
        if stream is None or stream.closed:
            raise ParserDied("parser_crashed")
        poller = select.poll()
        poller.register(stream, select.POLLIN | select.POLLHUP)
        if not poller.poll(max(timeout_s, 0.001) * 1000):
            return False
        data = os.read(stream.fileno(), MAX_LINE_BYTES)
        self._buffer += data
        if not data or len(self._buffer) > MAX_LINE_BYTES:
            raise self._ended(ParserDied("parser_crashed"))
        return True

    def _inspect(self) -> None:
        """End a child whose processes multiply or together hold more memory than one may."""
        living = descendants(self._process.pid)
        if len(living) > _MAX_PROCESSES:
            raise self._ended(ParserDied("parser_crashed"))
        if len(living) > 1 and resident_bytes(living) > self._limits.memory_bytes:
            raise self._ended(self._memory_error())

    def _ended(self, error: ParserDied) -> ParserDied:
        self.kill()
        return error

    def _memory_error(self) -> ParserDied:
        return ParserDied("parser_memory", limit_mb=self._limits.memory_bytes // MEGABYTE)

    def _death(self, exit_code: int, *, allowed_s: float) -> ParserDied:
        with suppress(OSError):
            last_words = (self._home / STDERR_NAME).read_bytes()[-4000:]
            if any(sign in last_words for sign in _MEMORY_SIGNS):
                return self._ended(self._memory_error())
        if exit_code == -signal.SIGXCPU:
            return self._ended(ParserDied("parser_timeout", seconds=round(allowed_s)))
        if exit_code == -signal.SIGKILL:
            return self._ended(self._memory_error())
        _log.warning("parser child ended by itself", extra={"exit_code": exit_code})
        return self._ended(ParserDied("parser_crashed"))

    def _result(self, reply: dict[str, Any]) -> bytes:
        self._is_spent = self._is_spent or bool(reply.get("is_spent"))
        if resident_bytes(descendants(self._process.pid)) > _MAX_RESIDENT_BYTES:
            self._is_spent = True
        if "error" in reply:
            raise self._told(reply)
        path = self._home / RESULT_NAME
        try:
            if path.stat().st_size > MAX_RESULT_BYTES or path.is_symlink():
                raise ParserDied("result_too_large")
            data = path.read_bytes()
            path.unlink()
        except OSError as error:
            self._is_spent = True
            raise ParserDied("parser_crashed") from error
        return data

    def _told(self, reply: dict[str, Any]) -> IngestError:
        if reply.get("detail"):
            _log.warning("parser failed", extra={"detail": str(reply["detail"])})
        return reply_error(reply)
