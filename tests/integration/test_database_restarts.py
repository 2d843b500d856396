"""PostgreSQL is stopped and started again under everything: all is told, all goes on, nothing is lost."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from assistant.client import AssistantClient
from assistant.domain.catalogue import sentence
from assistant.schemas.generations import GenerationIn
from tests.databases import PostgresqlServer, postgresql_server
from tests.integration.estate import estate_of, unsettled
from tests.integration.paced_embeddings import PASSAGE, PacedEmbeddings, paced_embeddings
from tests.integration.served import Served
from tests.integration.visibility_campaign import variables_of
from tests.integration.visibility_checker import document_marker, revision_marker, text_of
from tests.integration.visibility_operator import OTHER_EMBEDDER

AWAY = "database_unreachable"
PASSING = {AWAY, "database_locked"}
"""What a call may be told that the outage cuts short."""
PACE_S = 0.1
LONGEST_S = 20.0
"""Of an answer, whatever it is."""
MOST_S = 600.0
PARTS = 4
ENDED = {"succeeded", "partly_failed", "failed", "cancelled"}


@pytest.fixture
def server() -> Generator[PostgresqlServer]:
    """One of its own: no other test loses its database."""
    with postgresql_server() as server:
        server.keep_commits()
        yield server


@pytest.fixture
def embeddings() -> Generator[PacedEmbeddings]:
    with paced_embeddings() as embeddings:
        yield embeddings


@dataclass(frozen=True)
class Answer:
    """What one call came back with."""

    path: str
    begun: float
    ended: float
    status: int
    kind: str
    problem: dict[str, str]

    @property
    def is_told(self) -> bool:
        """It says in one clear sentence that the database is away."""
        found = (self.status, self.kind, self.problem.get("code"), self.problem.get("detail"))
        return found == (503, "application/problem+json", AWAY, sentence(AWAY))

    @property
    def is_passing(self) -> bool:
        return self.status < 400 or (self.status == 503 and self.problem.get("code") in PASSING)


@dataclass
class Callers:
    """People who search and look without pause, and send files, each again until it is taken."""

    served: Served
    answers: list[Answer] = field(default_factory=list[Answer])
    sent: dict[str, bytes] = field(default_factory=dict[str, bytes])
    _stop: threading.Event = field(default_factory=threading.Event)
    _to_send: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @contextmanager
    def calling(self) -> Generator[None]:
        threads = [threading.Thread(target=act) for act in (self._look, self._search, self._send)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def send_soon(self) -> None:
        """Have two more files sent: a generation is built when nothing else is to be read."""
        self._to_send.release(2)

    def within(self, begun: float, ended: float) -> list[Answer]:
        """Answers to calls that were made after the one and answered before the other."""
        return [each for each in self.answers if each.begun > begun and each.ended < ended]

    def _look(self) -> None:
        with self._http() as http:
            while not self._stop.is_set():
                self._call(http, "GET", "/api/v1/documents")
                self._call(http, "GET", "/api/v1/jobs")

    def _search(self) -> None:
        with self._http() as http:
            while not self._stop.is_set():
                self._call(http, "POST", "/api/v1/search", json={"query": "mesure utile"})

    def _send(self) -> None:
        with self._http() as http:
            number = 100
            while not self._stop.is_set():
                if not self._to_send.acquire(timeout=0.1):
                    continue
                number += 1
                name, content = f"envoi-{number}.md", content_of(number)
                while not self._is_taken(http, name, content):
                    continue
                self.sent[name] = content

    def _is_taken(self, http: httpx.Client, name: str, content: bytes) -> bool:
        self._stop.wait(0.2)
        files = [("files", (name, content))]
        return self._call(http, "POST", "/api/v1/documents", files=files) == 201

    def _call(self, http: httpx.Client, method: str, path: str, **options: object) -> int:
        begun = time.monotonic()
        response = http.request(method, path, **options)  # pyright: ignore[reportArgumentType]
        is_wrong = response.status_code >= 400
        answer = Answer(
            path,
            begun,
            time.monotonic(),
            response.status_code,
            response.headers.get("Content-Type", ""),
            response.json() if is_wrong else {},
        )
        self.answers.append(answer)
        self._stop.wait(0.05)
        return answer.status

    def _http(self) -> httpx.Client:
        address = json.loads((self.served.data / "run" / "server.json").read_text("utf-8"))
        headers = {"Authorization": f"Bearer {address['token']}"}
        return httpx.Client(base_url=address["url"], headers=headers, timeout=60, trust_env=False)


def content_of(number: int) -> bytes:
    return text_of(document_marker(number), revision_marker(number), parts=PARTS).encode()


def until(condition: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + MOST_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def registered_workers(url: str) -> int:
    """How many have begun to work."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute("SELECT FROM procrastinate_workers").rowcount


def outage(server: PostgresqlServer, callers: Callers) -> float:
    """Stop the database until many were told so; how long it then took until someone was served."""
    server.crash()
    stopped = time.monotonic()
    until(lambda: len(callers.within(stopped, time.monotonic())) >= 12, what="answers meanwhile")
    restarting = time.monotonic()
    told = callers.within(stopped, restarting)
    server.start()
    started = time.monotonic()
    until(
        lambda: any(each.status < 400 for each in callers.within(started, time.monotonic())),
        what="an answer afterwards",
    )
    assert [each for each in told if not each.is_told] == []
    assert {each.path for each in told} >= {"/api/v1/search", "/api/v1/documents"}
    return time.monotonic() - started


@dataclass
class Scene:
    """A server with a worker of its own and one apart, at work on this database."""

    served: Served
    server: PostgresqlServer
    embeddings: PacedEmbeddings
    url: str
    chance: random.Random
    waits: list[float] = field(default_factory=list[float])

    def index(self, callers: Callers, *, outages: int) -> dict[str, bytes]:
        """A job of many files that loses the database while its passages are embedded."""
        contents = {f"acte-{n}.md": content_of(n) for n in range(12)}
        paths = [self.served.folder / name for name in contents]
        for path in paths:
            path.write_bytes(contents[path.name])
        job = self.served.call(lambda client: client.upload_documents(paths)).job.id
        for _ in range(outages):
            self._lose_amid("essai", callers)
        until(lambda: self._job(job) in ENDED, what="the job")
        assert self._job(job) == "succeeded"
        return contents

    def build(self, callers: Callers, *, outages: int) -> None:
        """A generation that loses it while its passages are embedded."""
        asked = GenerationIn(embedder=OTHER_EMBEDDER)
        made = self.served.call(lambda client: client.plan_generation(asked)).id
        self.served.call(lambda client: client.build_generation(made))
        for _ in range(outages):
            self._lose_amid(OTHER_EMBEDDER, callers)
        until(lambda: self._generation(made) == "built", what="the generation")

    def _lose_amid(self, model: str, callers: Callers) -> None:
        before = self.embeddings.passages[model]
        until(lambda: self.embeddings.passages[model] > before, what=f"work of {model}")
        time.sleep(self.chance.uniform(0, 2 * PACE_S))
        callers.send_soon()
        self.waits.append(outage(self.server, callers))

    def _job(self, job_id: str) -> str:
        return self.served.call(lambda client: client.get_job(job_id)).state

    def _generation(self, generation_id: str) -> str:
        found = self.served.call(AssistantClient.list_generations).generations
        return next(each.state for each in found if each.id == generation_id)


@pytest.mark.timeout(1800)
def test_the_database_is_stopped_amid_everything(
    tmp_path: Path, server: PostgresqlServer, embeddings: PacedEmbeddings, full_scale: bool
) -> None:
    outages = 8 if full_scale else 1
    embeddings.pace_s = PACE_S
    with server.new_database() as url:
        variables = variables_of(tmp_path, model_url=embeddings.url, database_url=url)
        variables |= {
            "ASSISTANT_EMBEDDERS": json.dumps(
                [json.loads(variables["ASSISTANT_EMBEDDERS"])[0] | {"passage_prefix": PASSAGE}]
            ),
            "ASSISTANT_EMBEDDINGS_BATCH_SIZE": "4",
            "ASSISTANT_EMBEDDINGS_PASSAGE_PREFIX": PASSAGE,
        }
        served = Served(tmp_path, variables, separate_workers=1)
        served.start()
        try:
            scene = Scene(served, server, embeddings, url, random.Random(6))
            callers = Callers(served)
            until(
                lambda: registered_workers(url) == 2,
                what="the workers: one that starts is started again",
            )
            processes = served.processes
            with callers.calling():
                contents = scene.index(callers, outages=outages)
                scene.build(callers, outages=outages)
            until(lambda: not unsettled(served.data, database_url=url), what="all that is open")
            assert served.processes == processes, "nobody was started again"
            logs = "".join(log.read_text("utf-8") for log in tmp_path.glob("*.log"))
            served.kill()
            estate = estate_of(served.data, database_url=url)
        finally:
            served.end()

    report(callers, scene)
    assert [each for each in callers.answers if not each.is_passing] == []
    assert max(each.ended - each.begun for each in callers.answers) < LONGEST_S
    assert estate.faults(is_quiet=True) == []
    names = Counter(each.name for each in estate.documents)
    assert names == Counter([*contents, *callers.sent])
    assert len(estate.live) == len(names)
    assert {each.state for each in estate.generations} == {"active", "built"}
    assert "Traceback" not in logs


def report(callers: Callers, scene: Scene) -> None:
    statuses = Counter((each.status, each.problem.get("code", "")) for each in callers.answers)
    longest = max(each.ended - each.begun for each in callers.answers)
    print(
        f"{len(callers.answers)} answers {dict(statuses)}, longest {longest:.1f} s;"
        f" {len(callers.sent)} files sent; served again after"
        f" {', '.join(f'{wait:.2f}' for wait in scene.waits)} s"
    )
