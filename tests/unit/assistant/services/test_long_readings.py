"""Long readings of one tenant leave a child to the files of others."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.domain.ids import TenantId
from assistant.domain.jobs import ItemState, JobState
from assistant.domain.tenancy import Principal
from assistant.readers import worker_children
from assistant.services.reading_places import ReadingPlaces
from assistant.services.worker import Worker
from assistant.settings import Settings
from assistant.testing.contracts.repositories_world import ROLES, Reader, add_reader
from ingest.errors import ParserDied
from ingest.model import IngestedFile
from tests.house import House, open_house
from tests.unit.assistant.services.test_turns import state_as, submit_as

CHILDREN = 2
"""Files that one tenant's turn reads at once, in a house."""


_LONGEST_S = 20.0
"""Of a scan that no test lets end."""


class PacedChildren:
    """Stands for the children of the pool: scans take until they may end."""

    def __init__(self, house: House, *, children: int = CHILDREN + 1) -> None:
        self._free = threading.Semaphore(children)
        self._lock = threading.Lock()
        self.may_end = threading.Event()
        self.reading: Counter[str] = Counter()
        self.most = 0
        self.callers: dict[str, str] = {}
        self.ended: set[str] = set()
        self._read = house.reader.read
        house.reader.hook = self.take
        house.reader.read = self.read  # type: ignore[method-assign]
        house.reader.interrupt = self.interrupt  # type: ignore[method-assign]

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        self.callers[name] = caller
        return self._read(path, name=name, chunk_tokens=chunk_tokens, caller=caller)

    def interrupt(self, caller: str | None = None) -> None:
        self.ended.update(self.callers.values() if caller is None else {caller})

    def take(self, name: str) -> None:
        with self._free:
            if not name.startswith("scan"):
                return
            caller = self.callers[name]
            with self._lock:
                self.reading[name] += 1
                self.most = max(self.most, self.reading.total())
            ends = time.monotonic() + _LONGEST_S
            while not self.may_end.wait(0.02) and time.monotonic() < ends:
                if caller in self.ended:
                    break
            with self._lock:
                self.reading[name] -= 1
            if caller in self.ended:
                raise ParserDied("parser_crashed")


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    house = open_house(tmp_path, database_url=database_url)
    yield house
    house.close()


@pytest.fixture
def paced(house: House) -> Iterator[PacedChildren]:
    paced = PacedChildren(house)
    yield paced
    paced.may_end.set()


@pytest.fixture
def small(house: House) -> Reader:
    return add_reader(house.open_work, "petite")


def wait_for(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def turns(worker: Worker, *, of: int) -> None:
    for _ in range(of):
        assert worker.run_once()


@pytest.mark.each_engine
def test_a_small_file_is_read_while_two_long_scans_of_another_tenant_are(
    house: House, paced: PacedChildren, small: Reader
) -> None:
    scans = house.submit({"scan1.txt": "Registre un", "scan2.txt": "Registre deux"})
    job = submit_as(house, small, {"seul.txt": "Texte de la petite commune"})
    worker = house.new_worker(slice_s=0.2)

    turns(worker, of=2)
    house.apply()

    assert state_as(house, small, job) is JobState.SUCCEEDED
    assert paced.reading == {"scan1.txt": 1, "scan2.txt": 1}
    paced.may_end.set()
    house.settle_with(worker)
    assert house.state_of(scans).state is JobState.SUCCEEDED
    assert sorted(house.reader.names) == ["scan1.txt", "scan2.txt", "seul.txt"]


def test_scans_put_aside_count_in_the_later_turns_of_their_tenant(
    house: House, paced: PacedChildren, small: Reader
) -> None:
    first = house.submit({f"scan{n}.txt": f"Registre {n}" for n in range(4)}, source="/a")
    second = house.submit({f"scan{n}.txt": f"Plan {n}" for n in range(4, 8)}, source="/b")
    worker = house.new_worker(slice_s=0.1)

    turns(worker, of=4)
    job = submit_as(house, small, {"seul.txt": "Texte de la petite commune"})
    turns(worker, of=2)
    house.apply()

    assert state_as(house, small, job) is JobState.SUCCEEDED
    assert paced.most == CHILDREN
    paced.may_end.set()
    house.settle_with(worker)
    assert {house.state_of(each).state for each in (first, second)} == {JobState.SUCCEEDED}
    assert all(item.setbacks == 0 for item in house.items(first).values())


def test_a_long_reading_is_waited_for_by_no_more_threads_turn_after_turn(
    house: House, paced: PacedChildren, small: Reader
) -> None:
    house.submit({"scan1.txt": "Registre un"})
    submit_as(house, small, {"scan2.txt": "Registre deux"})
    worker = house.new_worker(slice_s=0.05)

    turns(worker, of=2)
    time.sleep(0.5)
    before = threading.active_count()
    turns(worker, of=6)
    time.sleep(0.5)

    assert threading.active_count() <= before
    assert sorted(house.reader.names) == ["scan1.txt", "scan2.txt"]


def test_a_scan_that_fails_aside_fails_and_is_not_read_again(
    house: House, paced: PacedChildren, small: Reader
) -> None:
    scans = house.submit({"scan1.txt": "damaged"})
    submit_as(house, small, {"seul.txt": "Texte seul"})
    worker = house.new_worker(slice_s=0.1)
    turns(worker, of=2)

    paced.may_end.set()
    house.settle_with(worker)

    assert house.states(scans) == {"scan1.txt": ItemState.FAILED}
    assert house.reader.names.count("scan1.txt") == 1


def test_a_scan_aside_goes_on_when_another_job_is_cancelled(
    house: House, paced: PacedChildren, small: Reader
) -> None:
    scans = house.submit({"scan1.txt": "Registre un"})
    other = submit_as(house, small, {"scan2.txt": "Registre deux"})
    worker = house.new_worker(slice_s=0.1)
    turns(worker, of=1)

    def cancel_and_take(name: str) -> None:
        if name == "scan2.txt":
            by = Principal(small.person_id, small.tenant_id, ROLES)
            house.jobs.cancel(other.id, principal=by, scope=small.scope)
        paced.take(name)

    house.reader.hook = cancel_and_take
    turns(worker, of=1)
    wait_for(lambda: paced.callers["scan2.txt"] in paced.ended)
    paced.may_end.set()
    house.settle_with(worker)

    assert state_as(house, small, other) is JobState.CANCELLED
    assert house.state_of(scans).state is JobState.SUCCEEDED
    assert house.reader.names.count("scan1.txt") == 1


@pytest.mark.each_engine
@pytest.mark.parametrize("way", ["cancelled", "replaced"])
def test_a_scan_aside_that_nobody_wants_any_more_is_ended(
    house: House, paced: PacedChildren, small: Reader, way: str
) -> None:
    scans = house.submit({"scan1.txt": "Registre un", "scan2.txt": "Registre deux"})
    submit_as(house, small, {"seul.txt": "Texte de la petite commune"})
    worker = house.new_worker(slice_s=0.1)
    turns(worker, of=2)
    wait_for(lambda: paced.reading["scan1.txt"] and paced.reading["scan2.txt"])
    first, second = (paced.callers[f"scan{n}.txt"] for n in (1, 2))

    if way == "cancelled":
        house.jobs.cancel(scans.id, principal=house.principal, scope=house.scope)
    else:
        house.submit({"scan1.txt": "Registre un, corrigé"}, is_complete=False)
    house.reader.hook = lambda _: None
    stop = threading.Event()
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    wait_for(lambda: first in paced.ended and not paced.reading["scan1.txt"])
    was_other_ended = second in paced.ended
    paced.may_end.set()
    stop.set()
    thread.join()

    assert was_other_ended is (way == "cancelled")


def test_places_are_counted_by_tenant_and_given_back() -> None:
    places = ReadingPlaces(per_tenant=1)
    one, other = TenantId("region"), TenantId("commune")
    wanted = iter([True, True, False])

    with places.one_of(one, is_wanted=lambda: True) as first:
        with places.one_of(one, is_wanted=lambda: next(wanted)) as second:
            pass
        with places.one_of(other, is_wanted=lambda: False) as theirs:
            pass
    with places.one_of(one, is_wanted=lambda: False) as again:
        pass

    assert (first, second, theirs, again) == (True, False, True, True)


def test_a_worker_has_a_child_more_than_one_tenant_may_hold() -> None:
    assert worker_children(Settings()) == Settings().ingest.children + 1
