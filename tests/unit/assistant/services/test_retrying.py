"""Failures in passing are tried again by themselves; those for good fail at once; people see which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from assistant.domain.backoff import BackOff
from assistant.domain.documents import DocumentState
from assistant.domain.errors import Conflict, EmbedderUnavailable, StorageError
from assistant.domain.jobs import ItemState, Job, JobState
from assistant.domain.retrieval import Vector
from assistant.testing.embedder import HashEmbedder
from ingest.errors import ReaderBusy
from tests.house import House, open_house

BACK_OFF = BackOff(tries=3, first_s=10, longest_s=60)


class MoodyEmbedder(HashEmbedder):
    """Is away while told so, or for one text."""

    def __init__(self) -> None:
        super().__init__(dimensions=32)
        self.is_down = False
        self.poison = ""
        self.transient = True
        self.calls = 0

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.calls += 1
        is_poisoned = bool(self.poison) and any(self.poison in text for text in texts)
        if self.is_down or is_poisoned:
            raise EmbedderUnavailable(transient=self.transient)
        return super().embed_passages(texts)


@pytest.fixture
def embedder() -> MoodyEmbedder:
    return MoodyEmbedder()


@pytest.fixture
def house(tmp_path: Path, embedder: MoodyEmbedder) -> Iterator[House]:
    house = open_house(tmp_path, embedder=embedder)
    yield house
    house.close()


def settle(house: House) -> None:
    """All that can be done at this time."""
    worker = house.new_worker(back_off=BACK_OFF)
    while worker.run_once():
        continue
    house.apply()


def settle_all(house: House, *, hours: float = 1) -> None:
    """All that will ever be done, the clock going on."""
    for _ in range(int(hours * 60)):
        settle(house)
        house.clock.advance(60)
    settle(house)


def ended(house: House, job: Job) -> JobState:
    return house.state_of(job).state


def test_embedder_that_comes_back_costs_nothing_but_time(
    house: House, embedder: MoodyEmbedder
) -> None:
    job = house.submit({f"{n}.txt": f"Texte {n}" for n in range(5)})
    embedder.is_down = True
    settle(house)

    items = house.items(job)
    states = [items[name].state for name in sorted(items)]
    assert states == [ItemState.RETRYING] * 2 + [ItemState.PENDING] * 3
    waiting = items["0.txt"]
    assert waiting.reason is not None
    assert waiting.reason.code == "embedder_unavailable"
    assert (waiting.attempt, waiting.setbacks) == (0, 1)
    progress = house.jobs.get(job.id, scope=house.scope)[1]
    times = [item.not_before for item in items.values() if item.not_before is not None]
    assert progress.next_try_at == min(times)
    assert progress.waiting_reason == waiting.reason
    assert {document.state for document in house.all_documents().values()} == {
        DocumentState.PENDING
    }

    embedder.is_down = False
    house.clock.advance(20)
    settle(house)
    assert ended(house, job) is JobState.SUCCEEDED
    assert len(house.live_texts()) == 5
    done = house.items(job)["0.txt"]
    assert (done.state, done.reason, done.not_before) == (ItemState.INDEXED, None, None)


def test_while_it_is_down_nothing_is_tried_before_its_time(
    house: House, embedder: MoodyEmbedder
) -> None:
    house.submit({f"{n}.txt": f"Texte {n}" for n in range(5)})
    embedder.is_down = True
    settle(house)
    calls = embedder.calls

    settle(house)
    house.clock.advance(5)
    settle(house)

    assert embedder.calls == calls


def test_waits_grow_and_the_same_files_are_tried_each_time(
    house: House, embedder: MoodyEmbedder
) -> None:
    """Not one more file at each try: the others would fail as well."""
    job = house.submit({f"{n}.txt": f"Texte {n}" for n in range(9)})
    embedder.is_down = True
    waits: list[float] = []
    for _ in range(BACK_OFF.tries):
        settle(house)
        counts = house.jobs.get(job.id, scope=house.scope)[1].counts
        assert counts == {ItemState.RETRYING: 2, ItemState.PENDING: 7}
        times = [item.not_before for item in house.items(job).values() if item.not_before]
        waits.append((max(times) - house.clock.now()).total_seconds())
        house.clock.set(max(times))

    assert 7.5 <= waits[0] <= 12.5
    assert all(after > before for before, after in pairwise(waits))
    settle(house)
    assert ended(house, job) is JobState.FAILED


def test_embedder_that_stays_down_ends_the_job_with_one_reason(
    house: House, embedder: MoodyEmbedder
) -> None:
    job = house.submit({f"{n}.txt": f"Texte {n}" for n in range(5)})
    embedder.is_down = True

    settle_all(house)

    assert ended(house, job) is JobState.FAILED
    items = house.items(job).values()
    assert {item.reason.code for item in items if item.reason} == {"embedder_unavailable"}
    assert {item.state for item in items} == {ItemState.FAILED}
    assert {item.not_before for item in items} == {None}
    assert max(item.setbacks for item in items) == BACK_OFF.tries
    assert {each.state for each in house.all_documents().values()} == {DocumentState.FAILED}

    embedder.is_down = False
    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    assert {item.setbacks for item in house.items(job).values()} == {0}
    settle(house)
    assert ended(house, job) is JobState.SUCCEEDED


def test_one_file_that_always_fails_in_passing_holds_up_no_other(
    house: House, embedder: MoodyEmbedder
) -> None:
    embedder.poison = "maudit"
    job = house.submit({"a.txt": "Texte A", "m.txt": "Texte maudit", "z.txt": "Texte Z"})
    settle(house)
    house.clock.advance(20)
    settle(house)
    assert house.states(job) == {
        "a.txt": ItemState.INDEXED,
        "m.txt": ItemState.RETRYING,
        "z.txt": ItemState.INDEXED,
    }

    settle_all(house)

    assert ended(house, job) is JobState.PARTLY_FAILED
    assert house.states(job)["m.txt"] is ItemState.FAILED


def test_lasting_failure_of_the_embedder_fails_at_once(
    house: House, embedder: MoodyEmbedder
) -> None:
    embedder.is_down, embedder.transient = True, False
    job = house.submit({"a.txt": "Texte A"})

    settle(house)

    assert ended(house, job) is JobState.FAILED
    assert house.items(job)["a.txt"].setbacks == 0


def test_a_disk_that_does_not_answer_is_tried_again(house: House) -> None:
    job = house.submit({"b.txt": "Texte B", "c.txt": "Texte C"})
    errors = {"c.txt": StorageError("storage_error")}

    def fail_once(name: str) -> None:
        if error := errors.pop(name, None):
            raise error

    house.reader.hook = fail_once
    settle(house)
    assert house.states(job)["c.txt"] is ItemState.RETRYING

    house.clock.advance(30)
    settle(house)
    assert ended(house, job) is JobState.SUCCEEDED


def test_a_busy_reader_is_waited_for_and_blames_no_file(house: House) -> None:
    job = house.submit({"a.txt": "Texte A", "b.txt": "Texte B"})
    refusals = iter(range(3))

    def refuse(name: str) -> None:
        if name == "a.txt" and next(refusals, None) is not None:
            raise ReaderBusy("reader_busy")

    house.reader.hook = refuse
    settle(house)

    assert ended(house, job) is JobState.SUCCEEDED
    item = house.items(job)["a.txt"]
    assert (item.setbacks, item.reason, item.attempt) == (0, None, 1)
    assert house.reader.names.count("a.txt") == 4


def test_cancelling_a_job_that_waits_ends_it_at_once(house: House, embedder: MoodyEmbedder) -> None:
    job = house.submit({"a.txt": "Texte A"})
    embedder.is_down = True
    settle(house)

    house.jobs.cancel(job.id, principal=house.principal, scope=house.scope)

    item = house.items(job)["a.txt"]
    assert ended(house, job) is JobState.CANCELLED
    assert (item.state, item.reason, item.not_before) == (ItemState.CANCELLED, None, None)


def test_a_job_that_waits_is_no_job_to_retry(house: House, embedder: MoodyEmbedder) -> None:
    job = house.submit({"a.txt": "Texte A"})
    embedder.is_down = True
    settle(house)

    with pytest.raises(Conflict) as raised:
        house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    assert raised.value.code == "job_running"


def test_a_person_retries_only_what_failed_or_was_cancelled(house: House) -> None:
    job = house.submit({"a.txt": "Texte A", "b.txt": "damaged", "c.txt": "Texte C"})
    settle(house)
    read = len(house.reader.names)

    house.jobs.retry(job.id, principal=house.principal, scope=house.scope)
    settle(house)

    assert house.reader.names[read:] == ["b.txt"]
    assert house.states(job)["b.txt"] is ItemState.FAILED


def test_a_file_that_arrives_is_not_held_up_by_those_that_wait(
    house: House, embedder: MoodyEmbedder
) -> None:
    embedder.poison = "maudit"
    contents = {"m.txt": "Texte maudit", "z.txt": "Texte Z"}
    job, wanted = house.announce(contents)
    house.send(wanted[0], contents["m.txt"])
    settle(house)
    assert house.states(job)["m.txt"] is ItemState.RETRYING

    house.send(wanted[1], contents["z.txt"])
    settle(house)

    assert house.states(job)["z.txt"] is ItemState.INDEXED


def test_an_item_that_gave_way_to_a_newer_job_is_not_begun(house: House) -> None:
    """It was seen as pending, then a newer job of its source named the same file."""
    older = house.submit({"a.txt": "Ancien", "b.txt": "Texte B"}, is_complete=False)
    worker = house.new_worker()
    seen: list[object] = []

    def submit_newer(name: str) -> None:
        if not seen:
            seen.append(house.submit({"b.txt": "Nouveau B"}, is_complete=False))

    house.reader.hook = submit_newer
    while worker.run_once():
        continue
    house.apply()

    assert house.live_texts() == {"a.txt": ["Ancien"], "b.txt": ["Nouveau B"]}
    assert house.state_of(older).state in {JobState.SUCCEEDED, JobState.CANCELLED}


def test_a_clock_put_back_an_hour_delays_no_try_for_good(
    house: House, embedder: MoodyEmbedder
) -> None:
    job = house.submit({"a.txt": "Texte A"})
    embedder.is_down = True
    settle(house)
    embedder.is_down = False

    house.clock.advance(-timedelta(hours=1).total_seconds())
    settle(house)

    assert ended(house, job) is JobState.SUCCEEDED
