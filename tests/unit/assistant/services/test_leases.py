from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.domain.errors import IndexUnavailable, StorageError
from assistant.domain.jobs import ItemState, JobItem, JobState
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.heartbeat import Heartbeat
from assistant.services.transactions import retried
from tests.house import House, LineReader, open_house


def until_true(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_heartbeat_renews_until_its_block_ends() -> None:
    beats: list[int] = []

    def renew() -> bool:
        beats.append(1)
        return True

    with Heartbeat(renew, lease_s=0.02) as heartbeat:
        until_true(lambda: len(beats) > 3)
        assert not heartbeat.is_lost
    after = len(beats)
    time.sleep(0.05)

    assert len(beats) == after


def test_heartbeat_tells_a_lost_lease() -> None:
    with Heartbeat(lambda: False, lease_s=0.02) as heartbeat:
        until_true(lambda: heartbeat.is_lost)


def test_heartbeat_outlives_a_busy_database() -> None:
    answers = iter([StorageError("database_locked"), True, False])

    def renew() -> bool:
        answer = next(answers)
        if isinstance(answer, StorageError):
            raise answer
        return answer

    with Heartbeat(renew, lease_s=0.02) as heartbeat:
        until_true(lambda: heartbeat.is_lost)
    assert list(answers) == []


def test_transaction_is_done_again_while_locked() -> None:
    tries: list[int] = []

    def act() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise StorageError("database_locked")
        return "done"

    assert retried(act) == "done"


@pytest.mark.parametrize(("code", "tries"), [("disk_full", 1), ("database_locked", 8)])
def test_transaction_gives_up_with_its_own_error(code: str, tries: int) -> None:
    done: list[int] = []

    def act() -> None:
        done.append(1)
        raise StorageError(code)

    with pytest.raises(StorageError):
        retried(act)
    assert len(done) == tries


def test_uploads_work_and_index_at_once_leave_a_whole_job(tmp_path: Path) -> None:
    """Real threads over one database: nothing is left open, nothing is counted twice."""
    house = open_house(tmp_path)
    contents = {f"{n:02}.txt": f"Texte {n}\nSuite {n}" for n in range(12)}
    job, wanted = house.announce(contents)
    stop = threading.Event()
    worker = house.new_worker()

    def work() -> None:
        while not stop.is_set():
            worker.run_once()
            house.clock.advance(1)
            time.sleep(0.01)

    def upload(items: Sequence[JobItem]) -> None:
        for item in items:
            house.send(item, contents[item.name])

    house.applier.start()
    with ThreadPoolExecutor(3) as pool:
        working = pool.submit(work)
        for sent in [pool.submit(upload, half) for half in (wanted[::2], wanted[1::2])]:
            sent.result()
        until_true(lambda: house.state_of(job).state is JobState.SUCCEEDED)
        stop.set()
        working.result()
    house.applier.stop()

    assert set(house.states(job).values()) == {ItemState.INDEXED}
    assert house.index.count_all() == 24
    house.close()


def test_applier_thread_goes_on_after_the_index_failed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True, True])
    real = house.index.upsert

    def upsert(points: object) -> None:
        if next(failures, False):
            raise IndexUnavailable
        real(points)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(house.index, "upsert", upsert)
    applier = house.new_applier(error_pause_s=0.01)
    job = house.submit({"a.txt": "Texte A"})
    house.work()
    applier.start()

    until_true(lambda: house.state_of(job).state is JobState.SUCCEEDED)
    applier.stop()


def test_a_job_goes_on_at_once_and_unblamed_when_the_database_is_back(tmp_path: Path) -> None:
    is_away = threading.Event()

    def wrap(opened: UnitOfWorkFactory) -> UnitOfWorkFactory:
        def open_work() -> UnitOfWork:
            if is_away.is_set():
                raise StorageError("database_unreachable")
            return opened()

        return open_work

    reader = LineReader()

    def go_away(name: str) -> None:
        if name == "a.txt":  # the other one may be read late, when the database is back
            is_away.set()

    reader.hook = go_away
    house = open_house(tmp_path, wrap=wrap, reader=reader)
    job = house.submit({"a.txt": "Texte A", "b.txt": "Texte B"})
    worker = house.new_worker()
    for _ in range(4):  # more than a file may be begun
        with pytest.raises(StorageError):
            worker.run_once()
        with pytest.raises(StorageError):
            worker.run_once()
        is_away.clear()
    assert max(item.attempt for item in house.items(job).values()) == 1

    reader.hook = lambda name: None
    house.settle_with(worker)

    assert house.state_of(job).state is JobState.SUCCEEDED
    assert {item.attempt for item in house.items(job).values()} == {1}
    house.close()


def test_worker_waits_for_a_database_that_fails(tmp_path: Path) -> None:
    failures = iter([True, True, True])

    def wrap(opened: UnitOfWorkFactory) -> UnitOfWorkFactory:
        def open_work() -> UnitOfWork:
            if threading.current_thread().name == "failing" and next(failures, False):
                raise StorageError("disk_full")
            return opened()

        return open_work

    house = open_house(tmp_path, wrap=wrap)
    job = house.submit({"a.txt": "Texte A"})
    stop = threading.Event()
    worker = house.new_worker(error_pause_s=0.01)
    thread = threading.Thread(target=worker.run_forever, args=(stop,), name="failing")
    thread.start()

    until_true(lambda: house.states(job)["a.txt"] is ItemState.INDEXING)
    stop.set()
    thread.join()
    assert next(failures, None) is None
    house.close()
