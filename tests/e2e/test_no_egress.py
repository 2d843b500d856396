"""No socket leaves the machine: watched in every Python process, and cut off in a closed network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eval.run import SAMPLE

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


def run(arguments: list[str], *, data_dir: Path, extra: dict[str, str], prefix: list[str]) -> str:
    environment = {"PATH": "/usr/bin:/bin:/sbin", "ASSISTANT_DATA_DIR": str(data_dir), **extra}
    result = subprocess.run(
        [*prefix, sys.executable, "-m", "assistant", *arguments],
        env=environment, capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def small_corpus(folder: Path) -> Path:
    folder.mkdir()
    for name in ("charte-intelligence-artificielle.md", "reglement-commune-numerique.docx"):
        shutil.copy(SAMPLE / "documents" / name, folder)
    return folder


def is_local(line: str) -> bool:
    return any(mark in line for mark in ("127.0.0.1", "'localhost'", "::1", "getaddrinfo None"))


def test_only_loopback_is_ever_contacted(tmp_path: Path) -> None:
    log = tmp_path / "sockets.log"
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(WATCH % str(log), "utf-8")
    extra = {"PYTHONPATH": str(hook)}

    run(["ingest", str(small_corpus(tmp_path / "docs")), "--json"], data_dir=tmp_path / "data",
        extra=extra, prefix=[])  # fmt: skip
    run(ASK, data_dir=tmp_path / "data", extra=extra, prefix=[])

    lines = log.read_text("utf-8").splitlines()
    assert lines, "the watch saw no socket at all: it does not work"
    assert [line for line in lines if not is_local(line)] == []


def can_close_the_network() -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True)
    return probe.returncode == 0


@pytest.mark.skipif(not can_close_the_network(), reason="no network namespace may be made here")
def test_it_works_in_a_closed_network(tmp_path: Path) -> None:
    prefix = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    docs = small_corpus(tmp_path / "docs")

    summary = json.loads(
        run(["ingest", str(docs), "--json"], data_dir=tmp_path / "data", extra={}, prefix=prefix)
    )
    answer = json.loads(run(ASK, data_dir=tmp_path / "data", extra={}, prefix=prefix))

    assert summary["indexed"] == 2
    assert "20 000" in answer["answer"].replace("\u00a0", " ").replace("\u202f", " ")
