"""Processes that the measures talk to: a server of the product, and the mock model."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from eval.bench.rows import sentence

START_S = 60.0


@contextmanager
def served(data_dir: Path, variables: Mapping[str, str]) -> Generator[tuple[str, str]]:
    """Run `assistant serve` on a data folder; gives its address and its local token."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "ASSISTANT_DATA_DIR": str(data_dir),
        "ASSISTANT_SERVER_PORT": "0",
        **variables,
    }
    with _process([sys.executable, "-m", "assistant", "serve"], environment):
        address = data_dir / "run" / "server.json"
        wait_until(address.exists)
        record = json.loads(address.read_text("utf-8"))
        wait_until(lambda: _answers(f"{record['url']}/api/ready"))
        yield record["url"], record["token"]


@contextmanager
def mock_model(*, tokens_per_s: float) -> Generator[str]:
    """Run the mock model server; gives its address, to which `/v1` is appended."""
    port = _free_port()
    command = [sys.executable, "-m", "assistant.testing.mock_model", "--port", str(port)]
    with _process([*command, "--tokens-per-s", str(tokens_per_s)], {"PATH": "/usr/bin:/bin"}):
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/v1/models"))
        yield f"http://127.0.0.1:{port}/v1"


def wait_until(condition: Callable[[], bool]) -> float:
    """Wait for a condition; the seconds it took.

    Raises:
        TimeoutError: It did not hold within a minute.
    """
    begin = time.perf_counter()
    while not condition():
        if time.perf_counter() - begin > START_S:
            raise TimeoutError(sentence("service_not_started"))
        time.sleep(0.02)
    return time.perf_counter() - begin


@contextmanager
def _process(command: list[str], environment: Mapping[str, str]) -> Generator[None]:
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
