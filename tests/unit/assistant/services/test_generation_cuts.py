"""Generations of another cut: built beside, switched to, gone back from, and cleaned up."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.errors import InvalidInput
from assistant.domain.generations import Generation, GenerationState
from tests.house import Gate, open_house
from tests.unit.assistant.services.generation_world import GenerationWorld

TWO = {
    "a.txt": "Aide ancienne\nPlafond de dix euros\nDossier à remettre\nDélai de deux mois",
    "b.txt": "Autre texte",
}
LONGER = Cut(128)
"""Two lines to a passage, for the reader of these tests."""
WHY = "Décision du comité du 3 décembre"


@pytest.fixture
def world(tmp_path: Path):  # noqa: ANN201
    house = open_house(tmp_path)
    yield GenerationWorld(house)
    house.close()


def built(world: GenerationWorld, tokens: int | None = 128, name: str = "") -> Generation:
    """A generation of another length of passages, built and whole."""
    planned = world.service.plan(name, principal=world.principal, chunk_tokens=tokens)
    world.service.build(planned.id, principal=world.principal)
    world.settle()
    return world.now(planned)


def switched(world: GenerationWorld, made: Generation) -> None:
    world.service.evaluate(made.id, principal=world.principal)
    world.trials.run_once(threading.Event())
    world.service.switch(made.id, reason=WHY, principal=world.principal)
    world.settle()


def texts(world: GenerationWorld, cut: Cut) -> set[str]:
    """Passages of the live versions under a cut, as the database has them."""
    with world.house.open_work() as work:
        return {
            text
            for version_id in work.ledger.live_versions(cut)
            for text in work.ledger.texts_of(version_id, cut).values()
        }


def points(world: GenerationWorld, cut: Cut) -> set[str]:
    """Ids of the chunks that an index of a cut must hold."""
    with world.house.open_work() as work:
        return {
            str(expected.point.chunk_id)
            for expected in work.reconciliation.expected_points(
                embedder_id="any", cut=cut, after=0, limit=999
            )
        }


def test_documents_are_cut_beside_what_is_searched(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    first = world.service.list_all(principal=world.principal)[0]
    shown = world.live_chunks()

    made = built(world)

    assert (made.state, made.composition.cut) == (GenerationState.BUILT, LONGER)
    assert (made.progress.cut_done, made.progress.kept_as_cut) == (2, 0)
    assert made.forecast is not None
    assert made.forecast.to_cut == 2
    assert len(world.held(made)) == 3
    assert world.held(made) == points(world, LONGER)
    assert world.held(first) == points(world, ORDINARY) == shown == world.live_chunks()


def test_a_switch_shows_the_passages_of_its_cut(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    switched(world, built(world))

    assert world.house.live_texts()["a.txt"] == [
        "Aide ancienne\nPlafond de dix euros",
        "Dossier à remettre\nDélai de deux mois",
    ]
    assert world.house.all_documents()["a.txt"].chunk_count == 2
    found = world.retriever.retrieve("plafond euros", scope=world.house.scope, limit=5)
    assert found.hits[0].chunk.text == "Aide ancienne\nPlafond de dix euros"
    around = world.house.documents.section(found.hits[0].chunk.id, scope=world.house.scope)
    assert len(around) == 2


def test_new_documents_come_in_every_cut(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    first = world.service.list_all(principal=world.principal)[0]
    made = built(world)

    world.house.ingest({**TWO, "c.txt": "Un\nDeux\nTrois"})
    world.catch_up()
    assert world.held(made) == points(world, LONGER)
    assert len(world.held(made)) == 5

    switched(world, made)
    world.house.ingest({"a.txt": "Remplacé\nAutrement", "c.txt": "Un\nDeux\nTrois"})
    world.catch_up()
    assert world.held(made) == points(world, LONGER) == world.live_chunks()
    assert world.held(first) == points(world, ORDINARY)
    assert len(world.held(first)) == 5
    assert not world.room.is_behind(first.id)


def test_going_back_shows_the_former_passages(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    before = world.house.live_texts()
    switched(world, built(world))

    world.service.rollback(principal=world.principal)
    world.settle()

    assert world.house.live_texts() == before
    assert world.house.all_documents()["a.txt"].chunk_count == 4


def test_what_cannot_be_read_anew_keeps_its_passages(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    lost = world.house.all_documents()["a.txt"]
    world.house.files.remove(lost.sha256)

    made = built(world)

    assert made.state is GenerationState.BUILT
    assert (made.progress.cut_done, made.progress.kept_as_cut) == (2, 1)
    assert len(world.held(made)) == 5
    switched(world, made)
    assert len(world.house.live_texts()["a.txt"]) == 4


def test_a_removed_cut_leaves_nothing(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = built(world)
    assert texts(world, LONGER)
    world.service.remove(made.id, principal=world.principal)
    world.settle()

    assert texts(world, LONGER) == set()
    assert points(world, LONGER) == set()
    with world.house.open_work() as work:
        kept = work.vectors.find(_hashes(world), embedder_id="hash-32")
    assert len(kept) == 5
    with world.house.database.engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM vectors").scalar_one()
    assert count == 5


def test_the_former_cut_goes_with_its_generation(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    first = world.service.list_all(principal=world.principal)[0]
    switched(world, built(world))
    world.service.remove(first.id, principal=world.principal)
    world.settle()

    assert points(world, ORDINARY) == set()
    assert world.live_chunks() == points(world, LONGER)
    assert len(world.live_chunks()) == 3


def test_building_goes_on_where_it_was(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    planned = world.service.plan("", principal=world.principal, chunk_tokens=128)
    world.service.build(planned.id, principal=world.principal)
    stop = threading.Event()
    for _ in range(40):
        world.builder = world.new_builder(slice_s=0.0001)
        world.builder.run_once(stop)
    world.builder = world.new_builder()
    world.settle()

    assert world.now(planned).state is GenerationState.BUILT
    assert world.now(planned).progress.cut_done == 2


def test_a_length_out_of_bounds_plans_nothing(world: GenerationWorld) -> None:
    for tokens in (63, 481, -1):
        with pytest.raises(InvalidInput) as caught:
            world.service.plan("", principal=world.principal, chunk_tokens=tokens)
        assert caught.value.code == "generation_tokens_range"


def test_the_length_stays_unless_chosen(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    switched(world, built(world))

    compaction = world.service.plan("autre", principal=world.principal)

    assert compaction.composition.cut == LONGER
    assert compaction.forecast is not None
    assert compaction.forecast.to_cut == 0


def _hashes(world: GenerationWorld) -> list[str]:
    with world.house.open_work() as work:
        return [
            digest
            for version_id in work.ledger.live_versions(ORDINARY)
            for digest in work.ledger.texts_of(version_id, ORDINARY)
        ]


def test_a_long_document_is_cut_beside_the_work_of_others(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    gate = Gate()
    world.house.reader.hook = lambda name: gate.wait() if name == "a.txt" else None
    planned = world.service.plan("", principal=world.principal, chunk_tokens=128)
    world.service.build(planned.id, principal=world.principal)
    before = world.house.reader.names.count("a.txt")

    builder, stop = world.new_builder(slice_s=0.1), threading.Event()
    for _ in range(3):
        begun = time.monotonic()
        assert builder.run_once(stop)
        assert time.monotonic() - begun < 10
    assert gate.reached.is_set()
    gate.open()
    while builder.run_once(stop):
        continue
    world.settle()

    assert world.now(planned).state is GenerationState.BUILT
    assert world.house.reader.names.count("a.txt") == before + 1
