"""What removed generations leave goes page by page, and waits when the process ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from assistant.domain.cuts import Cut
from assistant.domain.generations import Generation
from assistant.services import generation_remains
from assistant.services.generation_room import GenerationRoom
from assistant.services.generation_trial import GenerationKeeper, TrialRunner
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld

LONGER = Cut(128)
FILES = {f"{name}.txt": f"Texte {name}\nSuite {name}\nFin {name}" for name in "abcd"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GenerationWorld]:
    monkeypatch.setattr(generation_remains, "_VERSIONS_AT_ONCE", 1)
    monkeypatch.setattr(generation_remains, "_VECTORS_AT_ONCE", 2)
    house = open_house(tmp_path)
    world = GenerationWorld(house)
    house.ingest(FILES)
    yield world
    house.close()


def removed(world: GenerationWorld) -> Generation:
    """A generation of another cut, whose index and passages are still there."""
    made = world.built("", chunk_tokens=128)
    world.service.remove(made.id, principal=world.principal)
    return made


def uncut(world: GenerationWorld) -> int:
    with world.house.open_work() as work:
        return work.cuts.count_uncut(LONGER)


def pages(count: int) -> Callable[[], bool]:
    """Ends a look after so many pages."""
    left = iter(range(count))
    return lambda: next(left, None) is None


def test_the_end_of_the_process_is_heard_between_two_pages(world: GenerationWorld) -> None:
    made = removed(world)

    world.room.look(is_stopped=pages(0))
    assert uncut(world) == 0
    world.room.look(is_stopped=pages(3))
    assert uncut(world) == 3
    assert not world.now(made).is_erased
    again = world.new_room()
    again.look()

    assert uncut(world) == 4
    assert world.now(made).is_erased
    with world.house.open_work() as work:
        texts = len(FILES) * 3
        assert work.generations.missing(world.shelf.get("").identity.id).texts == 0
        assert work.vectors.last_number() >= texts
    assert set(world.house.live_texts()) == set(FILES)


def test_the_next_look_goes_on_where_one_ended(world: GenerationWorld) -> None:
    made = removed(world)

    looks = 0
    while not world.now(made).is_erased:
        world.room.look(is_stopped=pages(1))
        looks += 1

    assert uncut(world) == 4
    # a page a version, one that finds nothing more; as many for twice as many texts
    assert looks < 24


def test_documents_are_counted_anew_over_several_looks(
    world: GenerationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_remains, "_DOCUMENTS_AT_ONCE", 1)
    made = world.evaluated("", chunk_tokens=128)
    world.service.switch(made.id, reason="Décision du comité", principal=world.principal)

    counts = list[int]()
    for _ in range(6):
        world.room.look(is_stopped=pages(1))
        counts.append(sum(each.chunk_count for each in world.house.all_documents().values()))

    assert counts[0] > counts[1] > counts[3] == counts[5] == 4 * 2


def test_the_keeper_tells_a_look_that_the_process_ends() -> None:
    begun = threading.Event()

    class Long:
        def look(self, *, is_stopped: Callable[[], bool]) -> None:
            begun.set()
            while not is_stopped():
                time.sleep(0.01)

    class Nothing:
        def run_once(self, stop: threading.Event) -> bool:
            return stop.is_set()

    keeper = GenerationKeeper(
        cast("GenerationRoom", Long()), cast("TrialRunner", Nothing()), poll_s=0.01
    )
    keeper.start()
    assert begun.wait(5)

    ended = threading.Thread(target=keeper.stop, daemon=True)
    ended.start()
    ended.join(5)
    assert not ended.is_alive()
