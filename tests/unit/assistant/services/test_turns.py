"""A worker shares itself between the jobs that wait, and nobody keeps it by having more files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import Vector
from assistant.domain.tenancy import Principal
from assistant.services.submission import Submission
from assistant.testing.contracts.repositories_world import ROLES, Reader, add_reader
from assistant.testing.embedder import HashEmbedder
from tests.house import Gate, House, announced, open_house

MANY = {f"{n:03}.txt": f"Texte {n}\nSuite {n}" for n in range(40)}


class SlowEmbedder(HashEmbedder):
    """Takes its time, and tells what it embeds."""

    def __init__(self, *, batch_s: float = 0.02) -> None:
        super().__init__(dimensions=32)
        self.batch_s = batch_s
        self.embedded: list[str] = []
        self.hook: Callable[[], None] = lambda: None

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.hook()
        time.sleep(self.batch_s)
        self.embedded.extend(texts)
        return super().embed_passages(texts)


def submit_as(house: House, reader: Reader, contents: dict[str, str]) -> Job:
    """Announce and send files as the administrator of another tenant."""
    principal = Principal(reader.person_id, reader.tenant_id, ROLES)
    files = tuple(announced(name, text) for name, text in contents.items())
    job, wanted = house.ingestion.submit(
        Submission(source="/petite", files=files), principal=principal, scope=reader.scope
    )
    for item in wanted:
        house.ingestion.receive(
            item.id,
            BytesIO(contents[item.name].encode()),
            principal=principal,
            scope=reader.scope,
        )
    return job


def state_as(house: House, reader: Reader, job: Job) -> JobState:
    return house.jobs.get(job.id, scope=reader.scope)[0].state


def test_one_file_behind_many_of_another_tenant_has_its_turn(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    small = add_reader(house.open_work, "petite")
    big = house.submit(MANY)
    job = submit_as(house, small, {"seul.txt": "Texte de la petite commune"})
    worker = house.new_worker(slice_s=0.1)

    assert worker.run_once()
    assert worker.run_once()
    house.apply()

    assert state_as(house, small, job) is JobState.SUCCEEDED
    done = list(house.states(big).values())
    assert 0 < done.count(ItemState.INDEXED) < len(MANY)
    house.settle()
    assert house.state_of(big).state is JobState.SUCCEEDED
    assert len(house.live_texts()) == len(MANY)
    house.close()


def test_a_turn_goes_on_while_nobody_waits(tmp_path: Path) -> None:
    house = open_house(tmp_path, embedder=SlowEmbedder())
    job = house.submit(MANY)

    assert house.new_worker(slice_s=0.01).run_once()
    house.apply()

    assert house.state_of(job).state is JobState.SUCCEEDED
    house.close()


def test_giving_way_costs_no_second_reading_and_no_second_vector(tmp_path: Path) -> None:
    embedder = SlowEmbedder(batch_s=0.05)
    house = open_house(tmp_path, embedder=embedder)
    small = add_reader(house.open_work, "petite")
    long = "\n".join(f"Ligne {n}" for n in range(60))
    big = house.submit({"long.txt": long, "a.txt": "Texte A", "b.txt": "Texte B"})
    job = submit_as(house, small, {"seul.txt": "Texte seul"})
    worker = house.new_worker(slice_s=0.1)

    assert worker.run_once()
    assert house.states(big)["long.txt"] is ItemState.PENDING
    while worker.run_once():
        continue
    house.apply()

    assert state_as(house, small, job) is JobState.SUCCEEDED
    assert house.state_of(big).state is JobState.SUCCEEDED
    assert sorted(house.reader.names) == ["a.txt", "b.txt", "long.txt", "seul.txt"]
    assert len(embedder.embedded) == len(set(embedder.embedded))
    assert len(house.live_texts()["long.txt"]) == 60
    house.close()


def test_a_file_that_is_being_read_when_the_turn_ends_is_not_read_twice(tmp_path: Path) -> None:
    """It takes longer than the slice: the next turn of its job finds the same reading."""
    embedder = SlowEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    small = add_reader(house.open_work, "petite")
    big = house.submit({"a.txt": "Texte A", "long.txt": "Texte long", "z.txt": "Texte Z"})
    job = submit_as(house, small, {"seul.txt": "Texte seul"})
    gate = Gate()
    house.reader.hook = lambda name: gate.wait() if name == "long.txt" else None
    worker = house.new_worker(slice_s=0)

    assert worker.run_once()
    assert house.states(big)["long.txt"] is ItemState.PENDING
    assert worker.run_once()
    house.apply()
    assert state_as(house, small, job) is JobState.SUCCEEDED
    gate.open()
    house.settle_with(worker)

    assert sorted(house.reader.names) == ["a.txt", "long.txt", "seul.txt", "z.txt"]
    assert house.state_of(big).state is JobState.SUCCEEDED
    house.close()


def test_each_turn_gets_something_done_however_short(tmp_path: Path) -> None:
    """A slice of no length, two jobs that always wait for each other: both end."""
    house = open_house(tmp_path, embedder=SlowEmbedder(batch_s=0.001))
    small = add_reader(house.open_work, "petite")
    long = "\n".join(f"Ligne {n}" for n in range(40))
    first = house.submit({"long.txt": long})
    second = submit_as(house, small, {"autre.txt": long.replace("Ligne", "Alinéa")})
    worker = house.new_worker(slice_s=0)

    turns = 0
    while worker.run_once():
        turns += 1
        assert turns < 60
    house.apply()

    assert turns > 10
    assert house.state_of(first).state is JobState.SUCCEEDED
    assert state_as(house, small, second) is JobState.SUCCEEDED
    house.close()


def test_cancelled_while_a_file_is_read_frees_the_worker_within_five_seconds(
    tmp_path: Path,
) -> None:
    house = open_house(tmp_path)
    job = house.submit({"long.txt": "Texte long"})
    gate = Gate()
    house.reader.hook = lambda name: gate.wait() if name == "long.txt" else None

    seconds = _seconds_to_free_the_worker(house, job, begun=gate.reached)

    gate.open()
    assert seconds < 5
    house.close()


def test_cancelled_while_the_embedder_waits_frees_the_worker_within_five_seconds(
    tmp_path: Path,
) -> None:
    embedder = SlowEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    job = house.submit({"long.txt": "Texte long"})
    gate = Gate()
    embedder.hook = gate.wait

    seconds = _seconds_to_free_the_worker(house, job, begun=gate.reached)

    gate.open()
    assert seconds < 5
    house.close()


def _seconds_to_free_the_worker(house: House, job: Job, *, begun: threading.Event) -> float:
    """How long after the cancellation the worker asks for another job; the job has ended by then."""
    worker = house.new_worker()
    thread = threading.Thread(target=worker.run_once)
    thread.start()
    assert begun.wait(20)
    asked = time.monotonic()
    house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)
    assert house.state_of(job).state is JobState.CANCELLED
    thread.join(20)
    assert not thread.is_alive()
    assert house.states(job)["long.txt"] is ItemState.CANCELLED
    return time.monotonic() - asked


def test_a_text_is_embedded_for_each_tenant_as_if_it_were_alone(tmp_path: Path) -> None:
    """How long a reading takes tells nobody whether another tenant holds the same text."""
    embedder = SlowEmbedder(batch_s=0)
    house = open_house(tmp_path, embedder=embedder)
    small = add_reader(house.open_work, "petite")
    common = "Le conseil accorde une aide"
    house.ingest({"a.txt": common})

    job = submit_as(house, small, {"b.txt": common})
    house.settle()
    assert state_as(house, small, job) is JobState.SUCCEEDED
    assert len(embedder.embedded) == 2

    submit_as(house, small, {"b.txt": common, "copie.txt": common})
    house.ingest({"a.txt": common, "copie.txt": common})
    assert len(embedder.embedded) == 2
    house.close()
