"""Generations whose index or model is not there."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from assistant.domain.errors import IndexUnavailable
from assistant.domain.generations import Generation, GenerationState
from assistant.ports.index import ChunkIndex
from assistant.ports.repositories import UnitOfWork
from assistant.services.generation_opening import Opener
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld, MemoryPlaces, no_wait


class Damaged(MemoryPlaces):
    """Counts the indexes that it was to open and could not."""

    is_damaged = False
    tries = 0

    def open(self, generation: Generation) -> ChunkIndex:
        if self.is_damaged and generation.number > 1:
            self.tries += 1
            raise IndexUnavailable
        return super().open(generation)


@pytest.fixture
def places() -> Damaged:
    return Damaged()


@pytest.fixture
def world(tmp_path: Path, places: Damaged) -> Generator[GenerationWorld]:
    house = open_house(tmp_path)
    found = GenerationWorld(house, places=places)
    found.house.ingest({"a.txt": "Aide"})
    yield found
    house.close()


class Locks:
    """Opens transactions and counts how many took the write lock."""

    def __init__(self, world: GenerationWorld) -> None:
        self._world, self.taken = world, 0

    def __call__(self) -> UnitOfWork:
        work = self._world.house.open_work()
        really = work.lock

        def lock() -> None:
            self.taken += 1
            really()

        work.lock = lock  # type: ignore[method-assign]
        return work


def test_a_damaged_index_is_left_alone_for_a_while(
    world: GenerationWorld, places: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.services.generation_opening._FIRST_WAIT_S", 3600)
    world.built()
    places.is_damaged = True
    room = world.new_room()

    for _ in range(5):
        room.look()

    assert places.tries == 1


def test_it_is_tried_again_at_ever_longer_intervals_and_opened(
    world: GenerationWorld, places: Damaged
) -> None:
    made = world.built()
    places.is_damaged = True
    time_s, tried_at = 0.0, list[float]()
    locks = Locks(world)
    opener = Opener(locks, places, world.shelf, sleep=no_wait, now=lambda: time_s)
    while time_s < 150:
        before = places.tries
        assert opener.try_open(made) is None
        tried_at += [time_s] * (places.tries - before)
        time_s += 0.5

    assert tried_at == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0, 121.0]
    assert locks.taken == 0, "nothing is to be told of one that is whole"
    places.is_damaged = False
    time_s += 30
    assert opener.try_open(made) is not None


def test_one_under_construction_tells_why_once(world: GenerationWorld, places: Damaged) -> None:
    planned = world.service.plan("autre", principal=world.principal)
    made = world.service.build(planned.id, principal=world.principal)
    places.is_damaged = True
    time_s = 0.0
    locks = Locks(world)
    opener = Opener(locks, places, world.shelf, sleep=no_wait, now=lambda: time_s)

    for _ in range(3):
        opener.try_open(made)
        time_s += 60

    told = world.now(planned)
    assert told.state is GenerationState.BUILDING
    assert told.reason is not None
    assert told.reason.code == "index_unavailable"
    assert (places.tries, locks.taken) == (3, 1)
