"""The contracts for scripts, by the command itself, with and without a running server.

A command is a process of its own where that is what is proven; the others run in this one, where the
program is loaded once.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from assistant.cli import main

pytestmark = pytest.mark.timeout(400)

START_S = 60
STOP_S = 5
GRACE_FOR_LOAD_S = 5
"""Tests share the machine; the product's own share is checked by `make bench`."""

TEXTS = {
    "aide.md": "# Aide aux communes\n\nLe taux de l'aide aux communes est fixé à 50 %.\n",
    "transport.txt": "Transport scolaire\n\nLa carte annuelle de transport coûte 90 euros.\n",
}


def environment(data: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "ASSISTANT_DATA_DIR": str(data)}


def command(data: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *map(str, words)],
        env=environment(data),
        cwd=data.parent,
        capture_output=True,
        text=True,
        timeout=150,
    )


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(
    data: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    restored_logs: None,
) -> Generator[Run]:
    """Runs a command in this process, on the same data folder."""
    del restored_logs
    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(data))

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        code = main([*map(str, words)])
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(words, code, printed.out, printed.err)

    yield run
    signal.signal(signal.SIGTERM, handler)


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def running(data: Path) -> Generator[tuple[psutil.Process, str]]:
    """A server on a free port, and what it printed first."""
    with subprocess.Popen(
        [sys.executable, "-m", "assistant", "serve", "--port", "0"],
        env=environment(data),
        cwd=data.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            head = "".join(process.stdout.readline() for _ in range(3))
            yield psutil.Process(process.pid), head
        finally:
            process.terminate()
            process.wait(timeout=START_S)


def wait_for_worker(server: psutil.Process) -> list[psutil.Process]:
    deadline = time.monotonic() + START_S
    while not (children := server.children(recursive=True)):
        assert time.monotonic() < deadline, "no worker"
        time.sleep(0.1)
    return children


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("actes")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "vide.pdf").touch()
    return folder


@pytest.fixture(scope="module")
def first_run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An empty data folder, filled by the command alone."""
    data = tmp_path_factory.mktemp("state") / "data"
    done = command(data, "ingest", folder, "--json")
    return {"data": data, "done": done}


@pytest.fixture(scope="module")
def data(first_run: dict[str, Any]) -> Path:
    return first_run["data"]


def test_ingest_ends_with_its_contract(first_run: dict[str, Any]) -> None:
    done = first_run["done"]

    (summary,) = lines(done)
    assert done.returncode == 3, done.stderr
    assert done.stderr == ""
    assert (summary["files"], summary["indexed"], summary["unchanged"]) == (3, 2, 0)
    (failure,) = summary["failed"]
    assert (failure["file"], failure["code"]) == ("vide.pdf", "file_empty")
    assert failure["reason"].startswith("Le fichier est vide.")
    assert summary["chunks"] == 2
    assert summary["seconds"] > 0


def test_a_second_run_changes_nothing_and_says_so(here: Run, folder: Path) -> None:
    done = here("ingest", folder / "aide.md", folder / "transport.txt")

    assert done.returncode == 0, done.stderr
    assert "2 fichiers : 2 inchangés" in done.stdout
    assert "Rien n'a changé" in done.stdout


def test_search_keeps_ids_and_order_also_of_failed_queries(here: Run, data: Path) -> None:
    queries = data.parent / "q.jsonl"
    queries.write_text(
        '{"id": "z", "text": "taux de l\'aide aux communes"}\n'
        '{"id": "vide", "text": ""}\n'
        '{"id": "a", "text": "carte de transport"}\n',
        "utf-8",
    )

    done = here("search", "-k", "1", "--json", "--queries", queries)

    first, failed, last = lines(done)
    assert done.returncode == 3, done.stderr
    assert (first["id"], failed["id"], last["id"]) == ("z", "vide", "a")
    assert failed["error"]["code"] == "question_empty"
    (result,) = first["results"]
    assert first["query"] == "taux de l'aide aux communes"
    assert result["rank"] == 1
    assert result["file"] == "aide.md"
    assert result["title"] == "Aide aux communes"
    assert result["pages"] == []
    assert "50 %" in result["text"]
    assert {"document_id", "locator", "breadcrumb"} <= result.keys()
    assert last["results"][0]["file"] == "transport.txt"


def test_ask_gives_its_contract(here: Run) -> None:
    done = here("ask", "Combien coûte la carte de transport ?", "--json")

    (answer,) = lines(done)
    assert done.returncode == 0, done.stderr
    assert answer["status"] == "search_only"
    assert answer["model"] is None
    assert answer["unsupported"] == []
    assert "90 euros" in answer["answer"]
    citation = answer["citations"][0]
    assert f"[{citation['marker']}]" in answer["answer"]
    assert citation["file"] == "transport.txt"
    assert citation["page"] is None
    assert {"document_id", "locator", "text"} <= citation.keys()


def end(server: psutil.Process, *, data: Path) -> None:
    """Ask a server to stop: soon it and its children are gone, and the folder is free."""
    children = server.children(recursive=True)
    begun = time.monotonic()
    server.send_signal(signal.SIGTERM)
    code = server.wait(timeout=START_S)

    assert code == 0
    assert time.monotonic() - begun < STOP_S + GRACE_FOR_LOAD_S
    assert children
    assert not [child for child in children if child.is_running()]
    assert not (data / "run" / "server.json").exists()
    assert command(data, "link").returncode == 5


def test_a_server_is_the_way_of_the_other_commands_until_it_is_asked_to_stop(
    data: Path, folder: Path
) -> None:
    with running(data) as (server, head):
        url = head.split()[3]
        wait_for_worker(server)

        second = command(data, "serve", "--port", "0")
        link = command(data, "link")
        asked = command(data, "ask", "Quel est le taux de l'aide aux communes ?")
        (folder / "transport.txt").unlink()
        removed = command(data, "ingest", folder, "--json")
        search = command(data, "search", "carte annuelle de transport", "--json")
        unknown = command(data, "documents", "show", "inconnu")
        ready = httpx.get(f"{url}/api/ready", trust_env=False).json()
        page = httpx.get(url, trust_env=False)
        end(server, data=data)

    assert head.count(f"{url}/api/auth/link/") == 1
    assert second.returncode == 4
    assert second.stderr.count("\n") == 1
    assert f"Le service tourne déjà sur ce dossier de données, à l'adresse {url}" in second.stderr
    assert link.stdout.startswith(f"{url}/api/auth/link/")
    assert asked.returncode == 0, asked.stderr
    assert "50 %" in asked.stdout
    assert "Sources\n[1] Aide aux communes" in asked.stdout
    assert lines(removed)[0]["removed"] == 1
    assert "transport.txt" not in search.stdout
    assert (unknown.returncode, unknown.stdout) == (6, "")
    assert ready["worker"]
    assert page.status_code == 200
    assert "server" not in page.headers


def test_a_killed_server_leaves_no_child_and_a_usable_folder(data: Path) -> None:
    with running(data) as (server, _):
        children = wait_for_worker(server)
        server.kill()
        _, alive = psutil.wait_procs(children, timeout=STOP_S + GRACE_FOR_LOAD_S)

    assert alive == []
    done = command(data, "documents", "list", "--json")
    assert done.returncode == 0, done.stderr
    assert lines(done)[0]["counts"]["live"] == 1


def test_doctor_and_settings_print_data(here: Run, data: Path) -> None:
    checks = lines(command(data, "doctor", "--json"))[0]["checks"]
    settings = lines(here("settings", "--json"))[0]["settings"]

    states = {check["name"]: check["state"] for check in checks}
    needed = ("python", "settings", "data_dir", "embedder", "index")
    assert {states[name] for name in needed} == {"ok"}
    assert states["model"] == "limited"
    assert {"disk", "isolation", "tesseract", "libreoffice", "chromium"} <= states.keys()
    assert {
        "key": "data_dir",
        "value": str(data),
        "origin": "variable ASSISTANT_DATA_DIR",
    } in settings
