"""The two processes behind one parsing child: a warden that can always kill, a worker that reads.

The warden adopts every process the worker leaves behind (it is their subreaper) and kills all of them
when the worker dies, when it is told to, or when the pool's process is gone.
"""

from __future__ import annotations

import errno
import importlib
import importlib.util
import os
import resource
import select
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, cast

from ingest.codec import encode
from ingest.errors import IngestError, ParserDied, ScratchFull
from ingest.limits import MEGABYTE, Limits
from ingest.model import IngestedFile
from ingest.parts import PartWatch
from ingest.processes import (
    become_subreaper,
    die_with_parent,
    drop_privilege_gain,
    kill_descendants,
    leave_network,
)
from ingest.protocol import (
    MAX_RESULT_BYTES,
    RESULT_NAME,
    ChildConfig,
    Request,
    Task,
    dump_boxes,
    error_line,
    reply_line,
)
from ingest.room import is_full, tells_full

_OPEN_FILES = 256
_CPU_SHARE = 2.0
"""Processor seconds per second of wall time: parsers may use two cores."""
STDERR_NAME = "stderr"


def main(config_text: str, lifeline: int) -> NoReturn:
    """Run a child until its pool goes away.

    Args:
        config_text: A `ChildConfig`, dumped.
        lifeline: Descriptor of a pipe whose other end only the pool holds.
    """
    config = ChildConfig.load(config_text)
    become_subreaper()
    wakeup_read, wakeup_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wakeup_write)
    signal.signal(signal.SIGCHLD, _note)
    signal.signal(signal.SIGTERM, _note)
    worker = os.fork()
    if worker == 0:
        signal.set_wakeup_fd(-1)
        for descriptor in (lifeline, wakeup_read, wakeup_write):
            os.close(descriptor)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        _work(config)
    os.close(sys.stdin.fileno())
    status = _watch(worker, lifeline=lifeline, wakeup=wakeup_read)
    kill_descendants(os.getpid())
    if status is not None:
        os.write(1, reply_line(died=os.waitstatus_to_exitcode(status)))
    else:
        shutil.rmtree(config.home, ignore_errors=True)
    os._exit(0)


def _note(number: int, frame: object) -> None:
    del number, frame


def _watch(worker: int, *, lifeline: int, wakeup: int) -> int | None:
    """The wait status of the worker once dead, None when all must end."""
    poller = select.poll()
    poller.register(lifeline, select.POLLIN | select.POLLHUP)
    poller.register(wakeup, select.POLLIN)
    while True:
        for descriptor, _ in poller.poll():
            if descriptor == lifeline or signal.SIGTERM in os.read(wakeup, 512):
                return None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if pid == worker:
                return status
            if pid == 0:
                break


def _work(config: ChildConfig) -> NoReturn:
    die_with_parent()
    os.setpgid(0, 0)
    become_subreaper()
    home = Path(config.home)
    requests, replies = _take_streams(home)
    leave_network()
    drop_privilege_gain()
    _set_limits(config.limits)
    worker = _Worker(config, home=home, replies=replies)
    with os.fdopen(requests, "rb") as stream:
        for line in stream:
            worker.serve(Request.load(line))
    os._exit(0)


def _take_streams(home: Path) -> tuple[int, int]:
    """Keep the two pipes apart; what parsers print goes to a file, what they read is empty."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    errors = os.open(home / STDERR_NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(errors, 2)
    return requests, replies


def _set_limits(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_RESULT_BYTES, MAX_RESULT_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds * _CPU_SHARE) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


class _Worker:
    def __init__(self, config: ChildConfig, *, home: Path, replies: int) -> None:
        self._config = config
        self._home = home
        self._replies = replies

    def serve(self, request: Request) -> None:
        try:
            _allow_cpu(request.wall_s(self._config.limits))
            data = self._done(request)
            (self._home / RESULT_NAME).write_bytes(data)
            line = reply_line(is_spent=_has_children())
        except IngestError as error:
            line = error_line(self._cause(error), is_spent=_has_children())
        except MemoryError:
            limit_mb = self._config.limits.memory_bytes // MEGABYTE
            line = error_line(ParserDied("parser_memory", limit_mb=limit_mb), is_spent=True)
        except Exception as error:  # noqa: BLE001 - whatever a parser raises must become a reply
            cause = self._cause(_unexpected(error))
            line = error_line(cause, detail=_place(error), is_spent=True)
        self._empty_temporary()
        os.write(self._replies, line)

    def _read(self, request: Request) -> bytes:
        limits = self._config.limits
        if request.chunk_tokens is not None:
            limits = replace(limits, chunk_tokens=request.chunk_tokens)
        read = cast("Callable[..., IngestedFile]", _load(self._config.reading))
        ingested = read(
            request.path,
            name=request.name,
            limits=limits,
            on_pages=self._tell_pages,
            watch=PartWatch(left_out=request.left_out, on_part=self._tell_part),
        )
        return encode(ingested)

    def _done(self, request: Request) -> bytes:
        match request.task:
            case Task.READ:
                return self._read(request)
            case Task.ROWS:
                from ingest.rows import read_rows

                rows = read_rows(request.path, name=request.name, limits=self._config.limits)
                return rows.dump()
            case Task.DRAW:
                from ingest.rendering import render_page

                return render_page(request.path, page=request.page)
            case Task.PRINT:
                from ingest.decks import print_deck
                from ingest.tools import find_office

                limits = self._config.limits
                return print_deck(request.path, limits=limits, office=find_office())
            case Task.FIND:
                from ingest.decks import find_boxes

                return dump_boxes(find_boxes(request.path, page=request.page, text=request.text))

    def _cause(self, error: IngestError) -> IngestError:
        """A full disk in place of what it looks like, asked before the temporary files go."""
        (self._home / RESULT_NAME).unlink(missing_ok=True)
        return ScratchFull() if is_full(self._home / "tmp") else error

    def _tell_pages(self, pages: int, /, *, scans: int = 0) -> None:
        _allow_cpu(self._config.limits.wall_s(pages, scans=scans))
        os.write(self._replies, reply_line(pages=pages, scans=scans))

    def _tell_part(self, number: int) -> None:
        os.write(self._replies, reply_line(part=number))

    def _empty_temporary(self) -> None:
        for entry in (self._home / "tmp").iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _unexpected(error: Exception) -> IngestError:
    if tells_full(error):
        return ScratchFull()
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return ParserDied("result_too_large")
    return ParserDied("parser_crashed")


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).name}:{last.lineno}" if last is not None else "?"
    return f"{type(error).__name__} at {where}"


def _has_children() -> bool:
    """True when something the parser started still runs; all orphans are adopted by this process."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _load(spec: str) -> Any:
    where, _, name = spec.rpartition(":")
    if not where.endswith(".py"):
        return getattr(importlib.import_module(where), name)
    found = importlib.util.spec_from_file_location(Path(where).stem, where)
    if found is None or found.loader is None:
        raise ImportError(where)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return getattr(module, name)
