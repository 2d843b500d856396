"""Keeps one worker process alive beside the serving process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any, cast

import structlog
from pydantic import BaseModel, SecretStr

from assistant.settings import Settings
from assistant.worker import EXIT_REFUSED

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 60.0
"""A worker that lived this long is restarted at once."""
_GRACE_S = 3.0


class WorkerSupervisor:
    """Starts the worker, starts it again when it dies, and ends it with its own children.

    A worker that refuses these settings or this data folder is not started again.

    Settings go through a pipe, never through the environment or a file: other processes cannot
    read the keys in them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        command: tuple[str, ...] = (sys.executable, "-m", "assistant.worker"),
        first_pause_s: float = _FIRST_PAUSE_S,
        grace_s: float = _GRACE_S,
    ) -> None:
        self._payload = json.dumps(revealed(settings))
        self._command = command
        self._first_pause_s = first_pause_s
        self._grace_s = grace_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._is_refused = False
        self._lock = threading.Lock()

    @property
    def is_alive(self) -> bool:
        """True while a worker process runs."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def is_refused(self) -> bool:
        """True once the worker said that it cannot start; it needs another start of all."""
        return self._is_refused

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the worker from a thread that lives as long as it; returns at once."""
        if self._thread is None:
            self._stop.clear()
            self._is_refused = False
            self._thread = threading.Thread(target=self._run, name="worker-supervisor", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Ask the worker to stop, then kill it with its children; idempotent."""
        self._stop.set()
        with self._lock:
            process = self._process
        if process is not None:
            _end(process, grace_s=self._grace_s)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        pause_s = self._first_pause_s
        while not self._stop.is_set():
            begun = time.monotonic()
            code = self._live_once()
            if self._stop.is_set():
                return
            if code == EXIT_REFUSED:
                self._is_refused = True
                return
            if time.monotonic() - begun > _STEADY_S:
                pause_s = self._first_pause_s
            _log.warning("worker_died", code=code, restart_in_s=pause_s)
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _live_once(self) -> int | None:
        with self._lock:
            if self._stop.is_set():
                return None
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, text=True, start_new_session=True
            )
            self._process = process
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.write(self._payload + "\n")
                process.stdin.flush()
        code = process.wait()
        _kill_group(process.pid)
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        return code


def revealed(group: BaseModel) -> dict[str, Any]:
    """Settings as plain data, secrets in clear: for a pipe to a child, never for a file or a log."""
    return {name: _plain(getattr(group, name)) for name in type(group).model_fields}


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return revealed(value)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, tuple):
        return [_plain(each) for each in cast("tuple[object, ...]", value)]
    return str(value)


def _end(process: subprocess.Popen[str], *, grace_s: float) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=grace_s)
    except subprocess.TimeoutExpired:
        _kill_group(process.pid)
    process.wait()


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
