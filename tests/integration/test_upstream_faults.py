"""What a job needs is away or answers nonsense: it waits or fails for one reason, and all is there in the end."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from assistant.adapters.embeddings.openai import OpenAIEmbedder
from assistant.adapters.embeddings.retrying import Patience
from assistant.domain.cuts import ORDINARY
from assistant.domain.documents import DocumentState
from assistant.domain.errors import IndexUnavailable, StorageError
from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import IndexPoint, Vector
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from tests.house import House, open_house

OLD = {"a.txt": "Ancien a un\nAncien a deux", "b.txt": "Ancien b un\nAncien b deux"}
NEW = {f"{name}.txt": f"Texte {name} un\nTexte {name} deux" for name in "abcd"}
LINES = {name: text.splitlines() for name, text in NEW.items()}
DIMENSIONS = 32

Vectors = Callable[[list[list[float]]], list[list[float]]]


class Embeddings(ThreadingHTTPServer):
    """A service of embeddings that does as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Reply)
        self.distort: Vectors | None = None
        self.status = 200
        self.hangs = False
        self.go_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def heal(self) -> None:
        self.distort, self.status, self.hangs = None, 200, False


class _Reply(BaseHTTPRequestHandler):
    server: Embeddings  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.hangs:
            self.server.go_on.wait(20)
            return
        found = [list(v) for v in HashEmbedder(dimensions=DIMENSIONS).embed_passages(body["input"])]
        found = self.server.distort(found) if self.server.distort else found
        data = [{"index": at, "embedding": vector} for at, vector in enumerate(found)]
        reply = json.dumps({"data": data}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def embeddings() -> Generator[Embeddings]:
    server = Embeddings()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def house(tmp_path: Path, embeddings: Embeddings) -> Generator[House]:
    patience = Patience(attempts=2, first_pause_s=0, longest_pause_s=1)
    embedder = OpenAIEmbedder(
        url=embeddings.url,
        model="essai",
        api_key="",
        dimensions=DIMENSIONS,
        batch_size=8,
        timeout_s=0.3,
        passage_patience=patience,
        query_patience=patience,
    )
    house = open_house(tmp_path, embedder=embedder)
    house.ingest(OLD)
    house.clock.advance(10)
    yield house
    house.close()
    embedder.close()


def look_at_everything(house: House, job: Job) -> None:
    """No lost document, no duplicate, no ghost."""
    assert house.state_of(job).state is JobState.SUCCEEDED
    assert house.live_texts() == LINES
    assert set(house.all_documents()) == set(NEW)
    with house.open_work() as work:
        assert house.index.held_versions() == work.ledger.live_versions(ORDINARY)
    assert sorted(chunk.text for chunk in house.search("texte ancien")) == sorted(
        line for lines in LINES.values() for line in lines
    )


def reasons(house: House, job: Job) -> set[str]:
    return {item.reason.code for item in house.items(job).values() if item.reason}


def wrong_length(vectors: list[list[float]]) -> list[list[float]]:
    return [vector[:-1] for vector in vectors]


def not_a_number(vectors: list[list[float]]) -> list[list[float]]:
    return [[math.nan, *vector[1:]] for vector in vectors]


def one_too_few(vectors: list[list[float]]) -> list[list[float]]:
    return vectors[1:]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ({"hangs": True}, "embedder_unavailable"),
        ({"status": 500}, "embedder_unavailable"),
        ({"distort": not_a_number}, "embedder_malformed"),
        ({"distort": one_too_few}, "embedder_malformed"),
    ],
    ids=["hangs", "500", "NaN", "one too few"],
)
def test_an_embedder_in_passing_trouble(
    house: House, embeddings: Embeddings, trouble: dict[str, Any], code: str
) -> None:
    vars(embeddings).update(trouble)
    job = house.submit(NEW)
    house.settle()

    assert reasons(house, job) == {code}
    assert ItemState.RETRYING in house.states(job).values()
    assert house.jobs.get(job.id, scope=house.scope)[1].next_try_at is not None
    assert house.live_texts() == {name: text.splitlines() for name, text in OLD.items()}
    embeddings.heal()
    house.clock.advance(900)
    house.settle()

    look_at_everything(house, job)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ({"distort": wrong_length}, "embedder_wrong_dimensions"),
        ({"status": 401}, "embedder_unauthorized"),
    ],
    ids=["wrong dimensions", "key refused"],
)
def test_an_embedder_in_trouble_that_does_not_pass(
    house: House, embeddings: Embeddings, trouble: dict[str, Any], code: str
) -> None:
    vars(embeddings).update(trouble)
    job = house.submit(NEW)
    house.settle()

    assert house.state_of(job).state is JobState.FAILED
    assert reasons(house, job) == {code}
    assert house.live_texts() == {name: text.splitlines() for name, text in OLD.items()}
    embeddings.heal()
    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    house.settle()

    look_at_everything(house, job)


class Unreachable(InMemoryChunkIndex):
    """A server of an index that goes away after some calls."""

    calls_left = 10**6

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        self._call()
        super().upsert(points)

    def remove_version(self, version_id: Any) -> None:
        self._call()
        super().remove_version(version_id)

    def _call(self) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise IndexUnavailable


@pytest.mark.parametrize("calls", [0, 1, 3, 5])
def test_an_index_that_goes_away(tmp_path: Path, calls: int) -> None:
    """Before the first version of the job, between two, and between the new and the removal of the old."""
    house = open_house(tmp_path)
    index = Unreachable(embedder=house.embedder.identity)
    house.index = index
    house.applier = house.new_applier()
    house.ingest(OLD)
    house.clock.advance(10)
    job = house.submit(NEW)
    house.work()
    index.calls_left = calls

    with pytest.raises(IndexUnavailable) as error:
        house.apply()
    assert "index" in error.value.sentence.lower()
    for name, lines in house.live_texts().items():
        assert lines in (LINES[name], OLD.get(name, "").splitlines())
    index.calls_left = 10**6
    house.apply()

    look_at_everything(house, job)
    house.close()


def test_a_database_that_another_process_holds_for_long(tmp_path: Path) -> None:
    """No file is blamed; the job goes on once the lock is free."""
    acts: list[Callable[[], None]] = []

    class Acting(HashEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
            while acts:
                acts.pop()()
            return super().embed_passages(texts)

    house = open_house(tmp_path, embedder=Acting(dimensions=DIMENSIONS))
    house.ingest(OLD)
    house.clock.advance(10)

    def be_impatient(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout = 5")

    event.listen(house.database.engine, "checkout", be_impatient)
    other = sqlite3.connect(
        tmp_path / "assistant.sqlite3", isolation_level=None, check_same_thread=False
    )
    with closing(other):
        job = house.submit(NEW)
        acts.append(lambda: other.execute("BEGIN IMMEDIATE") and None)
        with pytest.raises(StorageError) as error:
            house.work()
        assert error.value.code == "database_locked"
        assert house.search("ancien"), "readers are served meanwhile"
        assert {each.state for each in house.all_documents().values()} <= {
            DocumentState.LIVE,
            DocumentState.PENDING,
        }
        other.execute("ROLLBACK")
    house.clock.advance(60)
    house.settle()

    look_at_everything(house, job)
    assert {item.setbacks for item in house.items(job).values()} == {0}
    house.close()
