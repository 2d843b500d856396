"""What an unfinished reading computed is kept as long as a job may need it, and no longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assistant.domain.ids import new_id
from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import Vector
from assistant.domain.tenancy import Principal
from assistant.services.unused_vectors import UnusedVectors
from assistant.testing.contracts.repositories_world import ROLES, add_reader
from tests.house import House, LineReader, open_house
from tests.unit.assistant.services.test_turns import SlowEmbedder, state_as, submit_as

LONG = "\n".join(f"Ligne {n}" for n in range(60))


class Keeper(UnusedVectors):
    """Looks whenever it is told to."""

    def __init__(self, house: House) -> None:
        self.at_s = 0.0
        super().__init__(house.open_work, now=lambda: self.at_s)

    def look(self) -> None:
        self.at_s += 1e6
        super().look()


def unused(house: House, *, count: int = 1) -> list[str]:
    hashes = [new_id() for _ in range(count)]
    with house.open_work() as work:
        work.vectors.add(dict.fromkeys(hashes, [0.5] * 32), embedder=house.embedder.identity)
        work.commit()
    return hashes


def kept(house: House, hashes: list[str]) -> int:
    with house.open_work() as work:
        return len(work.vectors.find(hashes, embedder_id=house.embedder.identity.id))


class Interrupts(LineReader):
    """Remembers on whose behalf readings were to end."""

    def __init__(self) -> None:
        super().__init__()
        self.interrupted: list[str | None] = []

    def interrupt(self, caller: str | None = None) -> None:
        self.interrupted.append(caller)


class Regretting(SlowEmbedder):
    """Lets the jobs of one tenant be cancelled amid their embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.cancel: Callable[[], object] = lambda: None

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        if any("Autre" in text for text in texts):
            self.cancel()
        return super().embed_passages(texts)


def test_the_cancellations_of_one_tenant_cost_another_nothing(tmp_path: Path) -> None:
    embedder, reader = Regretting(), Interrupts()
    house = open_house(tmp_path, embedder=embedder, reader=reader)
    other, keeper = add_reader(house.open_work, "autre"), Keeper(house)
    principal = Principal(other.person_id, other.tenant_id, ROLES)
    big = house.submit({"long.txt": LONG})
    worker, jobs = house.new_worker(slice_s=0.02), list[Job]()
    embedder.cancel = lambda: house.jobs.cancel(jobs[-1].id, principal=principal, scope=other.scope)

    for turn in range(40):
        if not jobs or state_as(house, other, jobs[-1]) is JobState.CANCELLED:
            lines = "\n".join(f"Autre {turn} {n}" for n in range(9))
            jobs.append(submit_as(house, other, {f"{turn}.txt": lines}))
        assert worker.run_once()
        keeper.look()
        if house.states(big)["long.txt"] is ItemState.INDEXING:
            break
    house.settle()

    assert len(jobs) > 3
    begun = [
        item.id for job in jobs for item in house.jobs.items(job.id, scope=other.scope, limit=9)
    ]
    assert reader.interrupted == begun[: len(reader.interrupted)]
    assert len(reader.interrupted) > 2
    assert house.state_of(big).state is JobState.SUCCEEDED
    own = [text for text in embedder.embedded if "Ligne" in text]
    assert (len(own), len(set(own))) == (60, 60)
    assert reader.names.count("long.txt") == 1
    house.close()


def test_a_job_cancelled_amid_its_work_interrupts_its_own_readings(tmp_path: Path) -> None:
    embedder, reader = SlowEmbedder(), Interrupts()
    house = open_house(tmp_path, embedder=embedder, reader=reader)
    job = house.submit({"long.txt": LONG})

    def cancel() -> None:
        house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)

    embedder.hook = cancel
    house.work()

    (item,) = house.items(job).values()
    assert reader.interrupted == [item.id]
    house.close()


@pytest.mark.each_engine
def test_what_a_cancelled_reading_left_goes_once_the_jobs_of_its_time_have_ended(
    house: House,
) -> None:
    keeper = Keeper(house)
    house.ingest({"a.txt": "Texte A"})
    left = unused(house, count=5)
    job = house.submit({"b.txt": "Texte B"}, is_complete=False)
    keeper.look()
    assert kept(house, left) == 5

    house.settle()
    younger = unused(house)
    other = house.submit({"c.txt": "Texte C"}, is_complete=False)
    keeper.look()

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert house.state_of(other).state is JobState.QUEUED
    assert (kept(house, left), kept(house, younger)) == (0, 1)
    house.settle()
    keeper.look()
    keeper.look()
    assert kept(house, younger) == 0
    assert house.live_texts() == {f"{n}.txt": [f"Texte {n.upper()}"] for n in "abc"}


def test_nothing_is_swept_twice(house: House) -> None:
    keeper = Keeper(house)
    house.ingest({"a.txt": "Texte A"})
    keeper.look()
    with house.open_work() as work:
        last = work.vectors.last_number()

    calls = list[str]()
    keeper._page = lambda upto: calls.append(str(upto)) or ""  # pyright: ignore[reportPrivateUsage]
    keeper.look()
    house.ingest({"b.txt": "Texte B"}, is_complete=False)
    keeper.look()

    assert calls == [str(last + 1)]


def test_numbers_that_were_given_again_are_not_taken_for_old_ones(house: House) -> None:
    keeper = Keeper(house)
    job = house.submit({"a.txt": "Texte A"})
    gone = unused(house, count=9)
    keeper.look()
    with house.open_work() as work:
        work.vectors.forget_unused(gone)
        work.commit()
    house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)
    waiting = house.submit({"b.txt": "Texte B"})
    younger = unused(house)

    keeper.look()

    assert house.state_of(waiting).state is JobState.QUEUED
    assert kept(house, younger) == 1


def test_a_sweep_is_paid_back_by_a_pause(house: House) -> None:
    at_s = [0.0]

    def now() -> float:
        at_s[0] += 0.1
        return at_s[0]

    keeper = UnusedVectors(house.open_work, now=now)
    first = unused(house)
    keeper.look()
    assert kept(house, first) == 0
    second = unused(house)

    keeper.look()
    assert kept(house, second) == 1
    at_s[0] += 60
    keeper.look()
    assert kept(house, second) == 0


def test_a_file_deleted_amid_its_embedding_leaves_no_vector(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    house = open_house(tmp_path, embedder=embedder)
    house.submit({"long.txt": LONG})
    document = house.all_documents()["long.txt"]

    def delete() -> None:
        if house.all_documents():
            house.documents.delete(
                document.id, principal=house.principal, scope=house.scope, with_traces=True
            )

    embedder.hook = delete
    house.settle()

    with house.open_work() as work:
        assert work.vectors.last_number() == 0
    house.close()
