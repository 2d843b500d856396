"""The product's own commands in processes that are killed and started again, over one data folder.

Each process is forked from one that has imported the product, since imports take most of a start.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import psutil

from assistant.client import AssistantClient, ClientError

T = TypeVar("T")
_PRELOADED = [
    "tests.integration.served",
    "assistant.server",
    "assistant.supervisor",
    "assistant.bootstrap",
    "assistant.api.app",
    "assistant.api.entrance",
    "assistant.cli.app",
    "assistant.cli.serving",
    "qdrant_edge",
    "streamlit",
]
_START_S = 300.0
_LEFT_S = 30.0
_PASSING = frozenset({0, 503})
"""Statuses of calls that found no service, or one that had to be asked again."""


def processes() -> ForkServerContext:
    """Where the processes come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def run_command(words: Sequence[str], folder: str, variables: Mapping[str, str]) -> None:
    """Body of a process: `assistant` with these words, its output in a file of the folder."""
    os.chdir(folder)
    os.environ.update(variables)  # noqa: TID251 - as a shell would set them
    log = os.open(f"{words[0]}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    from assistant.cli.running import run

    sys.exit(run(list(words)))


def _processes_in(folder: Path) -> list[str]:
    """What runs with this working directory, as all that a served instance starts does."""
    found: list[str] = []
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            if each.cwd() == str(folder) and each.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{each.pid} {' '.join(each.cmdline()[:4])}")
    return found


@dataclass(frozen=True)
class Life:
    """One process of the server."""

    process: Any
    client: AssistantClient


class Served:
    """A server, and the separate workers of its database."""

    def __init__(
        self, folder: Path, variables: Mapping[str, str], *, separate_workers: int = 0
    ) -> None:
        self.folder, self.data = folder, folder / "data"
        self.kills = 0
        self.unanswered = 0
        """Calls that found no service."""
        self._variables = {
            "ASSISTANT_DATA_DIR": str(self.data),
            "ASSISTANT_SERVER_PORT": "0",
            **variables,
        }
        self._context = processes()
        self._life: Life | None = None
        self._is_up = threading.Event()
        self._workers: list[Any] = [None] * separate_workers

    def start(self) -> None:
        """Start what is not running, and wait until the server answers."""
        process = self._begin("serve")
        client = self._answering(process)
        self._life = Life(process, client)
        self._workers = [each or self._begin("worker") for each in self._workers]
        self._is_up.set()

    def kill(self) -> None:
        """Kill the server; `start` makes the next one."""
        life = self._life
        assert life is not None
        self._is_up.clear()
        self._life = None
        life.process.kill()
        life.process.join()
        life.client.close()
        self.kills += 1

    def kill_worker(self, at: int) -> None:
        """Kill a worker: a separate one, which is then started anew, or the server's own."""
        self.kills += 1
        if self._workers:
            place = at % len(self._workers)
            self._workers[place].kill()
            self._workers[place].join()
            self._workers[place] = self._begin("worker")
            return
        for each in self._children():
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def call(self, act: Callable[[AssistantClient], T]) -> T:
        """What a call of the API returns, made again in the next life when it found no service.

        Raises:
            ClientError: The service refused it.
        """
        while True:
            assert self._is_up.wait(_START_S)
            life = self._life
            try:
                if life is not None:
                    return act(life.client)
            except (ClientError, RuntimeError) as error:  # RuntimeError: its connections are closed
                if isinstance(error, ClientError) and error.problem.status not in _PASSING:
                    raise
                self.unanswered += 1
            time.sleep(0.01)

    def end(self) -> None:
        """Ask everything to stop, and wait for it."""
        started = [each for each in self._workers if each is not None]
        if self._life is not None:
            started.append(self._life.process)
            self._life.client.close()
        for process in started:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        for process in started:
            process.join(30)
            process.kill()
            process.join()

    def left_over(self) -> list[str]:
        """Processes of any of its lives that still run some seconds after the end of all."""
        deadline = time.monotonic() + _LEFT_S
        while (found := _processes_in(self.folder)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    @property
    def processes(self) -> frozenset[int]:
        """Ids of all that run now: the server, its worker and the separate ones."""
        started = [self._life.process if self._life else None, *self._workers]
        own = {each.pid for each in started if each is not None and each.is_alive()}
        return frozenset(own | {each.pid for each in self._children()})

    def _begin(self, command: str) -> Any:
        process = self._context.Process(
            target=run_command, args=([command], str(self.folder), self._variables)
        )
        # a test of a page may have left its script as the main module, which children import
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            process.start()
        finally:
            sys.modules["__main__"] = main
        return process

    def _answering(self, process: Any) -> AssistantClient:
        announced = self.data / "run" / "server.json"
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and process.is_alive():
            with suppress(OSError, ValueError, ClientError):
                address = json.loads(announced.read_text("utf-8"))
                if address["pid"] == process.pid:
                    client = AssistantClient(address["url"], token=address["token"])
                    client.health()
                    return client
            time.sleep(0.01)
        log = (self.folder / "serve.log").read_text("utf-8", "replace")
        raise AssertionError(f"the server does not start: {log[-3000:]}")

    def _children(self) -> list[psutil.Process]:
        life = self._life
        if life is None:
            return []
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(life.process.pid).children()
        return []
