"""No socket leaves the machine: watched in every Python process, and cut off in a closed network."""

from __future__ import annotations

import ast
import ipaddress
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.testing.reranker import running_rerank_server
from eval.datasets import SAMPLE

WATCH = """
import os, sys
def _watch(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        target = arguments[1] if event != "socket.getaddrinfo" else arguments[0]
        with open(%r, "a", encoding="utf-8") as log:
            log.write(f"{os.getpid()} {event} {target!r}\\n")
sys.addaudithook(_watch)
"""
ASK = ["ask", "Quel est le plafond de l'aide Commune numérique ?", "--json"]
COMMANDS = """
import json, os, sys
from assistant.cli import main
for words, variables in json.loads(sys.argv[1]):
    os.environ.update(variables)
    if code := main(words):
        sys.exit(code)
"""
"""Commands one after the other, the program loaded once; the worker is a process of its own."""
Command = tuple[list[str], dict[str, str]]
"""Words, and settings from there on."""


def run(
    *commands: Command, data_dir: Path, extra: dict[str, str], prefix: list[str]
) -> list[dict[str, Any]]:
    environment = {"PATH": "/usr/bin:/bin:/sbin", "ASSISTANT_DATA_DIR": str(data_dir), **extra}
    result = subprocess.run(
        [*prefix, sys.executable, "-c", COMMANDS, json.dumps(commands)],
        env=environment, capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def small_corpus(folder: Path) -> Path:
    folder.mkdir()
    for name in ("charte-intelligence-artificielle.md", "reglement-commune-numerique.docx"):
        shutil.copy(SAMPLE / "documents" / name, folder)
    return folder


def is_local(line: str) -> bool:
    """True for a line of the watch whose target is this machine: loopback, any local name, a path."""
    target: Any = ast.literal_eval(line.split(" ", 2)[2])
    host: Any = target if isinstance(target, str | bytes | None) else target[0]
    if isinstance(host, bytes):
        host = host.decode()
    if host is None or host == "localhost" or (isinstance(target, str | bytes) and "/" in host):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (("127.0.0.1", 8501), True),
        (("127.8.0.1", 8501), True),
        (("::1", 8501, 0, 0), True),
        ("localhost", True),
        (b"localhost", True),
        (None, True),
        ("/run/nscd/socket", True),
        (("2001:db8::1", 443, 0, 0), False),
        (("10.127.0.0", 1), False),
        (("127.0.0.1.example.org", 443), False),
        ("localhost.example.org", False),
        ("example.org", False),
        ("2001:db8::1", False),
        (("0.0.0.0", 1), False),  # noqa: S104 - a target, not a listener
    ],
)
def test_the_watch_tells_local_from_remote(target: object, expected: bool) -> None:
    assert is_local(f"123 socket.connect {target!r}") is expected


def test_only_loopback_is_ever_contacted(tmp_path: Path) -> None:
    log = tmp_path / "sockets.log"
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(WATCH % str(log), "utf-8")
    extra = {"PYTHONPATH": str(hook)}

    ingest = ["ingest", str(small_corpus(tmp_path / "docs")), "--json"]
    with running_rerank_server() as (url, server):
        commands: list[Command] = [
            (ingest, {}), (ASK, {}), (ASK, {"ASSISTANT_RERANKER_URL": url}),
        ]  # fmt: skip
        printed = run(*commands, data_dir=tmp_path / "data", extra=extra, prefix=[])
    assert len(printed) == len(commands)
    assert server.requests, "the reranker was not asked: its socket was not watched"

    lines = log.read_text("utf-8").splitlines()
    assert lines, "the watch saw no socket at all: it does not work"
    assert [line for line in lines if not is_local(line)] == []


CLOSED = """
import fcntl, os, socket, struct, sys
from ingest.processes import leave_network
if not leave_network():
    sys.exit("the network cannot be left")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as lo:
    fcntl.ioctl(lo, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Runs a command in a network that holds nothing but loopback; 0x8914 sets the flags UP, RUNNING."""

REACH = """
import socket
for address in ("192.0.2.1", "127.0.0.1"):
    with socket.socket() as line:
        line.settimeout(2)
        try:
            line.connect((address, 9))
        except OSError as error:
            print(type(error).__name__)
"""


def closed(*command: str) -> list[str]:
    return [sys.executable, "-c", CLOSED, *command]


@pytest.mark.closed_network
@pytest.mark.usefixtures("closed_network")
def test_a_closed_network_holds_loopback_only() -> None:
    found = subprocess.run(
        closed(sys.executable, "-c", REACH), capture_output=True, text=True, timeout=60
    )

    assert found.stdout.split() == ["OSError", "ConnectionRefusedError"], found.stderr


@pytest.mark.closed_network
@pytest.mark.usefixtures("closed_network")
def test_it_works_in_a_closed_network(tmp_path: Path) -> None:
    ingest = ["ingest", str(small_corpus(tmp_path / "docs")), "--json"]

    summary, answer = run(
        (ingest, {}), (ASK, {}), data_dir=tmp_path / "data", extra={}, prefix=closed()
    )

    assert summary["indexed"] == 2
    assert "20 000" in answer["answer"].replace("\u00a0", " ").replace("\u202f", " ")
