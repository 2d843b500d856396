"""What a whole generation lacks is found beyond what was whole, and nothing is overlooked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.generations import Generation, GenerationState
from assistant.ports.cuts import VersionMark
from assistant.ports.repositories import UnitOfWork
from assistant.services.generation_lag import GenerationLag, Lag
from tests.house import House, open_house
from tests.unit.assistant.services.generation_world import GenerationWorld

NOTHING = Lag((), is_uncut=False)
_HOUR_S = 3600.0


class Clock:
    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GenerationWorld]:
    house = open_house(tmp_path)
    house.ingest({"a.txt": "Texte A"})
    yield GenerationWorld(house)
    house.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lag(world: GenerationWorld, clock: Clock) -> GenerationLag:
    return GenerationLag(world.house.open_work, now=clock)


def active(world: GenerationWorld) -> Generation:
    with world.house.open_work() as work:
        found = work.generations.active()
    assert found is not None
    return found


def lose_vectors(house: House, name: str) -> None:
    version_id = house.all_documents()[name].live_version_id
    assert version_id is not None
    with house.open_work() as work:
        hashes = list(work.ledger.texts_of(version_id, cut=ORDINARY))
    with house.database.engine.begin() as connection:
        for each in hashes:
            connection.exec_driver_sql("DELETE FROM vectors WHERE hash = ?", (each,))


def test_what_came_since_is_found(world: GenerationWorld, lag: GenerationLag) -> None:
    assert lag.look(active(world)) == NOTHING
    world.house.ingest({"b.txt": "Texte B"}, is_complete=False)
    lose_vectors(world.house, "b.txt")

    assert len(lag.look(active(world)).versions) == 1
    assert len(lag.look(active(world)).versions) == 1


def test_every_version_is_looked_at_once_an_hour(
    world: GenerationWorld, lag: GenerationLag, clock: Clock
) -> None:
    assert lag.look(active(world)) == NOTHING
    lose_vectors(world.house, "a.txt")

    clock.at_s = _HOUR_S - 1
    assert lag.look(active(world)) == NOTHING
    clock.at_s = _HOUR_S
    assert len(lag.look(active(world)).versions) == 1


def test_every_version_is_looked_at_after_a_switch(
    world: GenerationWorld, lag: GenerationLag
) -> None:
    with world.house.open_work() as work:
        kept = work.generations.list_kept()
    lag.note(kept)
    assert lag.look(active(world)) == NOTHING
    lose_vectors(world.house, "a.txt")

    lag.note(kept)
    assert lag.look(active(world)) == NOTHING
    lag.note([replace(kept[0], state=GenerationState.PREVIOUS)])
    assert len(lag.look(active(world)).versions) == 1


def test_a_version_that_becomes_live_after_a_younger_one_is_not_overlooked(
    world: GenerationWorld, lag: GenerationLag
) -> None:
    """It lacked something while it was READY, or lost it meanwhile."""
    house = world.house
    house.submit({"b.txt": "Texte B"}, is_complete=False)
    house.work()
    house.submit({"c.txt": "Texte C"}, is_complete=False)
    house.work()
    with house.open_work() as work:
        older, younger = work.ledger.ready_versions(limit=9)
        work.ledger.make_live(younger.id, now=house.clock.now())
        work.commit()
        texts = work.ledger.texts_of(older.id, cut=ORDINARY)
    assert lag.look(active(world)) == NOTHING

    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM vectors WHERE hash = ?", tuple(texts))
    assert lag.look(active(world)).versions == (older.id,)
    with house.open_work() as work:
        work.ledger.make_live(older.id, now=house.clock.now())
        work.commit()
    assert lag.look(active(world)).versions == (older.id,)


def test_a_number_that_is_given_again_hides_nothing(
    world: GenerationWorld, lag: GenerationLag
) -> None:
    house = world.house
    house.ingest({"b.txt": "Texte B"}, is_complete=False)
    before = _newest(house)
    assert lag.look(active(world)) == NOTHING
    document = house.all_documents()["b.txt"]
    house.documents.delete(document.id, principal=house.principal, scope=house.scope)
    house.apply()
    house.ingest({"c.txt": "Texte C"}, is_complete=False)
    lose_vectors(house, "c.txt")

    assert _newest(house).number == before.number
    assert len(lag.look(active(world)).versions) == 1


def test_an_idle_look_asks_beyond_what_was_whole(
    world: GenerationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked = Clock(), list[VersionMark | None]()
    house = world.house
    opened = house.open_work

    def watched() -> UnitOfWork:
        work = opened()
        real = work.generations.missing

        def missing(
            embedder_id: str, cut: Cut = ORDINARY, *, since: VersionMark | None = None
        ) -> object:
            asked.append(since)
            return real(embedder_id, cut, since=since)

        monkeypatch.setattr(work.generations, "missing", missing)
        return work

    lag = GenerationLag(watched, now=clock)
    for at_s in (0, 30, 60, _HOUR_S, _HOUR_S + 30):
        clock.at_s = at_s
        assert lag.look(active(world)) == NOTHING

    newest = _newest(house)
    assert asked == [None, newest, newest, None, newest]


def _newest(house: House) -> VersionMark:
    with house.open_work() as work:
        found = work.cuts.settled_version()
    assert found is not None
    return found
