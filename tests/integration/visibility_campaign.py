"""Acts, searches without pause and kills at once, over one server; then everything is read directly."""

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
from typing import Protocol, TypeVar

from assistant.client import AssistantClient, ClientError
from assistant.schemas.search import SearchResult
from tests.integration.estate import Estate, estate_of, unsettled
from tests.integration.served import Served
from tests.integration.visibility_checker import Expectations, passages_of, shown_by
from tests.integration.visibility_operator import OTHER_EMBEDDER, Operator

T = TypeVar("T")
ASKED_AT_ONCE = 4
_LIMIT = 40
_QUIET_S = 600.0
_EMBEDDER = {"provider": "openai", "name": "essai", "dimensions": 32}


def variables_of(folder: Path, *, model_url: str, database_url: str = "") -> dict[str, str]:
    """Settings of a server with two embedders and small passages, over a folder that is open to it."""
    other = {**_EMBEDDER, "id": OTHER_EMBEDDER, "name": OTHER_EMBEDDER, "url": model_url}
    return {
        "ASSISTANT_DATABASE_URL": database_url,
        "ASSISTANT_EMBEDDERS": json.dumps([other]),
        "ASSISTANT_EMBEDDINGS_PROVIDER": "openai",
        "ASSISTANT_EMBEDDINGS_URL": model_url,
        "ASSISTANT_EMBEDDINGS_NAME": "essai",
        "ASSISTANT_EMBEDDINGS_DIMENSIONS": "32",
        "ASSISTANT_INGEST_CHILDREN": "1",
        "ASSISTANT_INGEST_CHUNK_TOKENS": "64",
        # a file that is begun again after each kill is not to blame
        "ASSISTANT_JOBS_ITEM_ATTEMPTS": "100",
        "ASSISTANT_JOBS_LEASE_S": "3",
        # what is asked for by its word comes before what merely resembles it
        "ASSISTANT_RETRIEVAL_DENSE_WEIGHT": "0.1",
        "ASSISTANT_SOURCES_FOLDERS": json.dumps([{"path": str(folder / "source")}]),
    }


@dataclass
class Tally:
    """What was done and seen."""

    answers: int = 0
    probes: int = 0
    """Documents asked for, in all answers."""
    readings: int = 0
    """Times that database, index and files were read directly."""
    faults: list[str] = field(default_factory=list[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    """Searches that the service answered with an error, by code."""


class Serving(Protocol):
    """What answers calls of the API."""

    def call(self, act: Callable[[AssistantClient], T]) -> T:
        """What a call returns."""
        ...


class Prober:
    """Searches without pause, and compares each answer with what was allowed while it was made."""

    def __init__(self, served: Serving, expected: Expectations, *, seed: int) -> None:
        self.tally = Tally()
        self._served, self._expected = served, expected
        self._chance = random.Random(seed)

    def run_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            documents = self._expected.documents
            self.ask(self._chance.sample(documents, k=min(ASKED_AT_ONCE, len(documents))))

    def ask(self, documents: list[str]) -> None:
        """One search for the markers of some documents."""
        asked_at = 0.0

        def search(client: AssistantClient) -> list[SearchResult]:
            nonlocal asked_at
            asked_at = time.monotonic()
            return client.search(" ".join(documents), limit=_LIMIT).results

        try:
            results = self._served.call(search)
        except ClientError as error:
            self.tally.refused[error.code] += 1
            return
        ended = time.monotonic()
        self.tally.answers += 1
        self.tally.probes += len(documents)
        self.tally.faults += self._expected.faults(
            shown_by(passages_of(results)),
            asked=documents,
            begun=asked_at,
            ended=ended,
        )

    def ask_all(self) -> None:
        """Search for every document once."""
        documents = self._expected.documents
        for start in range(0, len(documents), ASKED_AT_ONCE):
            self.ask(documents[start : start + ASKED_AT_ONCE])


class Campaign:
    """An operator, a prober and a killer over one server."""

    def __init__(self, served: Served, *, seed: int, slots: int, database_url: str = "") -> None:
        self.served, self._url = served, database_url
        self.expected = Expectations()
        self.operator = Operator(
            served, self.expected, folder=served.folder, seed=seed, slots=slots
        )
        self.prober = Prober(served, self.expected, seed=seed + 1)
        self._chance = random.Random(seed + 2)

    @property
    def tally(self) -> Tally:
        return self.prober.tally

    def run(self, *, acts: int, kills: int, quiets: int) -> None:
        """Do so many acts, with that many kills spread over them at random, and look at quiet moments."""
        fatal = sorted(self._chance.sample(range(acts), k=kills))
        calm = {acts * each // quiets for each in range(1, quiets)}
        with self._probing():
            while (done := self.operator.acts.total()) < acts:
                self.operator.act()
                if fatal and done >= fatal[0]:
                    fatal.pop(0)
                    self._kill_soon()
                if calm and done >= min(calm):
                    calm.discard(min(calm))
                    self.look_closely()
                    self.served.start()
        self.look_closely()
        self.served.end()

    def look_closely(self) -> None:
        """Wait until all is settled, search for everything, then kill the server and read directly."""
        self._settle()
        self.prober.ask_all()
        self.served.kill()
        estate = self._read(is_quiet=True)
        now = time.monotonic()
        found = self.expected.faults(
            estate.shown(), asked=self.expected.documents, begun=now, ended=now
        )
        self.tally.faults += found
        self.operator.learn(estate.shown())

    def report(self) -> str:
        """The counts, for a note."""
        acts = ", ".join(f"{name} {many}" for name, many in sorted(self.operator.acts.items()))
        return (
            f"{self.operator.acts.total()} acts ({acts}; untimely {dict(self.operator.untimely)});"
            f" {self.served.kills} kills;"
            f" {self.tally.answers} answers to {self.tally.probes} probes,"
            f" {self.served.unanswered} calls found no service, refused {dict(self.tally.refused)};"
            f" {self.tally.readings} direct readings; {len(self.tally.faults)} violations;"
            f" {len(self.operator.surprises)} surprises"
        )

    @contextmanager
    def _probing(self) -> Generator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=self.prober.run_until, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _kill_soon(self) -> None:
        """Kill the server, or now and then a worker, at an instant that nothing chooses."""
        time.sleep(self._chance.uniform(0, 0.3))
        if self._chance.random() < 0.3:
            self.served.kill_worker(self._chance.randrange(8))
            return
        self.served.kill()
        if self._chance.random() < 0.5:
            self._read(is_quiet=False)
        self.served.start()

    def _read(self, *, is_quiet: bool) -> Estate:
        estate = estate_of(self.served.data, database_url=self._url)
        self.tally.readings += 1
        self.tally.faults += estate.faults(is_quiet=is_quiet)
        return estate

    def _settle(self) -> None:
        deadline = time.monotonic() + _QUIET_S
        while left := self._left():
            assert time.monotonic() < deadline, f"still under way: {left}"
            time.sleep(0.05)

    def _left(self) -> list[str]:
        self.operator.look()
        if not self.operator.is_idle:
            return ["operator"]
        found = self.served.call(AssistantClient.list_generations).generations
        for each in found:
            if each.state == "planned":
                self.served.call(lambda client, each=each: client.build_generation(each.id))
        if any(each.is_behind for each in found):
            return ["generations"]
        if self.served.call(AssistantClient.verification).is_running:
            return ["verification"]
        return unsettled(self.served.data, database_url=self._url)
