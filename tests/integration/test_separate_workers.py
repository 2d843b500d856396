"""Real `assistant worker` processes on PostgreSQL: several at once, one killed, its job taken over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from assistant.domain.jobs import ItemState, JobState
from assistant.embedders import build_embedder
from assistant.settings import DatabaseSettings, EmbeddingsSettings, Settings
from assistant.testing.embedder import HashEmbedder
from tests.house import House, open_house

ROOT = Path(__file__).parents[2]
FILES = {f"{n}.txt": "\n".join(f"Article {n}.{line} du texte" for line in range(6)) for n in "abcd"}
LEASE_S = 3
MOST_S = 180.0


class Embeddings(ThreadingHTTPServer):
    """A slow service of embeddings, which remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Reply)
        self.texts: list[str] = []
        self.is_open = threading.Event()
        """No reply before it is set."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Reply(BaseHTTPRequestHandler):
    server: Embeddings  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.texts.extend(body["input"])
        self.server.is_open.wait(MOST_S)
        found = HashEmbedder(dimensions=32).embed_passages(body["input"])
        data = [{"index": at, "embedding": list(vector)} for at, vector in enumerate(found)]
        reply = json.dumps({"data": data}).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)
        except OSError:
            return  # whoever asked was killed

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def embeddings() -> Generator[Embeddings]:
    server = Embeddings()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.is_open.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(tmp_path: Path, postgresql_url: str, embeddings: Embeddings) -> Settings:
    chosen = EmbeddingsSettings(
        provider="openai", url=embeddings.url, name="essai", dimensions=32, batch_size=4
    )
    database = DatabaseSettings(url=SecretStr(postgresql_url))
    return Settings(data_dir=tmp_path, database=database, embeddings=chosen)


@pytest.fixture
def house(settings: Settings) -> Generator[House]:
    """The serving process: it takes files and fills the index, and reads nothing."""
    embedder = build_embedder(settings, role="web")
    url = settings.database.url.get_secret_value()
    house = open_house(settings.data_dir, database_url=url, embedder=embedder)
    yield house
    house.close()


@contextmanager
def separate_worker(settings: Settings) -> Generator[subprocess.Popen[str]]:
    """`assistant worker` with these settings, ready; ended with its children."""
    chosen = settings.embeddings
    variables = {
        "ASSISTANT_DATA_DIR": str(settings.data_dir),
        "ASSISTANT_DATABASE_URL": settings.database.url.get_secret_value(),
        "ASSISTANT_EMBEDDINGS_PROVIDER": chosen.provider,
        "ASSISTANT_EMBEDDINGS_URL": chosen.url,
        "ASSISTANT_EMBEDDINGS_NAME": chosen.name,
        "ASSISTANT_EMBEDDINGS_DIMENSIONS": str(chosen.dimensions),
        "ASSISTANT_EMBEDDINGS_BATCH_SIZE": str(chosen.batch_size),
        "ASSISTANT_JOBS_LEASE_S": str(LEASE_S),
        "ASSISTANT_INGEST_CHILDREN": "1",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", "worker"],
        cwd=ROOT,
        env=dict(os.environ) | variables,  # noqa: TID251 - a process gets what this one has
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "prêt" in process.stdout.readline()
        yield process
    finally:
        children = _family(process.pid)
        process.kill()
        process.communicate()
        psutil.wait_procs(children, timeout=MOST_S)


def _family(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MOST_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_all_read(house: House, job_states: Callable[[], dict[str, ItemState]]) -> bool:
    house.apply()
    return set(job_states().values()) == {ItemState.INDEXED}


def test_job_of_a_killed_worker_is_taken_over_when_its_lease_ends(
    house: House, settings: Settings, embeddings: Embeddings
) -> None:
    with separate_worker(settings) as first:
        job = house.submit(FILES)
        until(lambda: bool(embeddings.texts))
        assert ItemState.EMBEDDING in house.states(job).values()
        with separate_worker(settings) as second:
            first.send_signal(signal.SIGKILL)
            first.wait()
            embeddings.is_open.set()
            killed = time.monotonic()
            until(lambda: is_all_read(house, lambda: house.states(job)))
            print(f"taken over and read {time.monotonic() - killed:.1f} s after the kill")
            second.send_signal(signal.SIGTERM)
            assert second.wait(MOST_S) == 0

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert house.state_of(job).attempt >= 2
    assert {name: "\n".join(found) for name, found in house.live_texts().items()} == FILES
    assert house.index.count_all() == len(FILES)
    assert {item.setbacks for item in house.items(job).values()} == {0}


def test_two_workers_share_two_jobs_and_stop_when_asked(
    house: House, settings: Settings, embeddings: Embeddings
) -> None:
    with separate_worker(settings) as first, separate_worker(settings) as second:
        jobs = [
            house.submit(
                {name: f"{source} {text}" for name, text in FILES.items()}, source=f"/{source}"
            )
            for source in ("un", "deux")
        ]
        until(lambda: {house.state_of(job).state for job in jobs} == {JobState.RUNNING})
        embeddings.is_open.set()
        until(lambda: all(is_all_read(house, lambda job=job: house.states(job)) for job in jobs))
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(MOST_S) for process in (first, second)] == [0, 0]

    assert {house.state_of(job).state for job in jobs} == {JobState.SUCCEEDED}
    assert house.index.count_all() == 2 * len(FILES)


def test_a_worker_apart_refuses_a_database_that_is_a_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant", "worker"]
    variables = {"ASSISTANT_DATA_DIR": str(tmp_path)}
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(os.environ) | variables,  # noqa: TID251 - as above
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode != 0
    assert "PostgreSQL" in ended.stderr
    assert "Traceback" not in ended.stderr
