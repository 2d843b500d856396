"""The builder of generations has its slices however many jobs wait."""

from __future__ import annotations

import time
from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest

from assistant.domain.errors import StorageError
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.jobs import ItemState, JobState
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld

TWO = {"a.txt": "Aide ancienne\nPlafond de dix euros", "b.txt": "Autre texte"}
MANY = {f"{n:03}.txt": f"Texte {n}\nSuite {n}" for n in range(50)}
TURNS = 20
WHY = "Décision du comité"


@pytest.fixture
def world(tmp_path: Path) -> Generator[GenerationWorld]:
    house = open_house(tmp_path)
    house.reader.hook = lambda _: time.sleep(0.03)
    yield GenerationWorld(house)
    house.close()


def test_a_long_job_does_not_hold_a_construction_up(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    planned = begun(world)
    job = world.house.submit(MANY, is_complete=False)
    worker = world.new_worker(builder=world.new_builder(slice_s=0.05), slice_s=0.05)

    for _ in range(TURNS):
        assert worker.run_once()
        if world.now(planned).progress.is_embedded:
            break

    assert world.now(planned).progress.is_embedded
    assert ItemState.PENDING in world.house.states(job).values()


def test_jobs_without_end_do_not_hold_a_construction_up(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    planned = begun(world)
    numbers = count()

    def one_more() -> None:
        name = f"{next(numbers)}.txt"
        world.house.submit({name: f"Texte {name}"}, source=f"/{name}")

    one_more()
    one_more()
    worker = world.new_worker(builder=world.new_builder(slice_s=0.05), slice_s=0.05)
    for _ in range(TURNS):
        one_more()
        assert worker.run_once()
        if world.now(planned).progress.is_embedded:
            break

    assert world.now(planned).progress.is_embedded


def test_the_way_back_stays_open_during_a_long_job(world: GenerationWorld) -> None:
    """While two lengths of passages stand, what becomes live is cut for the former one meanwhile."""
    world.house.ingest(TWO)
    longer = world.evaluated("", chunk_tokens=128)
    world.service.switch(longer.id, reason=WHY, principal=world.principal)
    world.settle()
    world.house.submit({"c.txt": "Un\nDeux\nTrois"}, is_complete=False)
    world.house.settle()
    job = world.house.submit(MANY, is_complete=False)
    worker = world.new_worker(builder=world.new_builder(slice_s=0.05), slice_s=0.05)

    waits = {"c.txt"}
    for _ in range(TURNS):
        assert worker.run_once()
        with world.house.open_work() as work:
            first = work.generations.list_kept()[0]
            waits = {each.name for each in work.cuts.uncut(first.composition.cut, limit=999)}
        if "c.txt" not in waits:
            break

    assert "c.txt" not in waits
    assert ItemState.PENDING in world.house.states(job).values()


def test_jobs_go_on_while_building_fails(
    world: GenerationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = world.house.submit(TWO, is_complete=False)
    builder = world.new_builder()

    def fail(_: object) -> bool:
        raise StorageError

    monkeypatch.setattr(builder, "is_due", lambda: True)
    monkeypatch.setattr(builder, "run_once", fail)
    worker = world.new_worker(builder=builder, slice_s=0)
    for _ in range(TURNS):
        try:
            worker.run_once()
        except StorageError:
            continue
    world.house.apply()

    assert world.house.state_of(job).state is JobState.SUCCEEDED


def begun(world: GenerationWorld) -> Generation:
    """A generation of another embedder under construction."""
    planned = world.service.plan("autre", principal=world.principal)
    world.service.build(planned.id, principal=world.principal)
    assert world.now(planned).state is GenerationState.BUILDING
    return planned
