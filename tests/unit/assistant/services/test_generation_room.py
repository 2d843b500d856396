from __future__ import annotations

import time
from pathlib import Path

import pytest

from assistant.domain.errors import (
    ConfigurationError,
    Conflict,
    EmbedderUnavailable,
    IndexUnavailable,
)
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import VersionId
from assistant.domain.retrieval import Vector
from assistant.testing.embedder import HashEmbedder
from tests.house import House, open_house
from tests.unit.assistant.services.generation_world import (
    GenerationWorld,
)

TWO = {"a.txt": "Aide ancienne\nPlafond de dix euros", "b.txt": "Autre texte"}


@pytest.fixture
def world(tmp_path: Path):  # noqa: ANN201
    house = open_house(tmp_path)
    yield GenerationWorld(house)
    house.close()


def states(world: GenerationWorld) -> dict[int, GenerationState]:
    found = world.service.list_all(principal=world.principal)
    return {each.number: each.state for each in found}


def test_the_first_start_makes_the_first_generation_of_what_is_there(house: House) -> None:
    house.ingest(TWO)
    house.applier.reconcile()
    world = GenerationWorld(house)

    assert states(world) == {1: GenerationState.ACTIVE}
    assert world.room.active.searched.embedder.identity == house.embedder.identity


def test_an_index_of_an_embedder_that_is_not_configured_is_refused(house: House) -> None:
    with house.open_work() as work:
        work.ledger.set_active_index("somebody-else")
        work.commit()

    with pytest.raises(ConfigurationError) as caught:
        GenerationWorld(house)
    assert caught.value.code == "index_other_embedder"


def test_what_came_before_and_after_is_in_both(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.built()
    world.house.ingest({"b.txt": "Autre texte changé", "c.txt": "Nouveau"}, is_complete=True)
    world.house.apply()

    assert made.state is GenerationState.BUILT
    first = world.service.list_all(principal=world.principal)[-1]
    assert world.held(made) == world.held(first) == world.live_chunks()
    assert len(world.live_chunks()) == 2


def test_vectors_are_computed_once_for_equal_texts_and_never_again(world: GenerationWorld) -> None:
    world.house.ingest({"a.txt": "Aide", "b.txt": "Aide", "c.txt": "Autre"})
    made = world.built()
    world.service.remove(made.id, principal=world.principal)

    again = world.service.plan("autre", principal=world.principal)

    assert made.forecast is not None
    assert again.forecast is not None
    assert made.forecast.chunks == 3
    assert (made.forecast.texts, again.forecast.texts) == (2, 0)


def test_the_switch_takes_the_other_embedder_with_it(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.switched()

    assert states(world) == {1: GenerationState.PREVIOUS, 2: GenerationState.ACTIVE}
    with world.room.borrow() as searched:
        assert searched.number == made.number
        assert searched.index.embedder == searched.embedder.identity
        assert searched.embedder.identity.dimensions == 48
    hits = world.retriever.retrieve("plafond", scope=world.house.scope, limit=3).hits
    assert "Plafond" in hits[0].chunk.text


def test_a_search_under_way_ends_on_the_former_generation(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    with world.room.borrow() as searched:
        world.switched()
        vector = searched.embedder.embed_query("plafond")
        found = searched.index.search_dense(vector, scope=world.house.scope, limit=3)

    assert searched.number == 1
    assert len(found) == 3


def test_the_previous_one_is_fed_and_taken_back(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    world.switched()
    world.house.ingest({"c.txt": "Venu après"}, is_complete=False)
    world.house.ingest({"b.txt": "Autre texte"}, is_complete=True)
    world.house.apply()

    back = world.service.rollback(principal=world.principal)

    assert states(world) == {1: GenerationState.ACTIVE, 2: GenerationState.PREVIOUS}
    assert world.held(back) == world.live_chunks()
    assert world.room.active.searched.number == 1


def test_a_third_generation_removes_the_first_with_its_index(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    closed: list[bool] = []
    first = world.places.indexes["g1-hash-32"]
    first.close = lambda *, discard=False: closed.append(discard)  # type: ignore[method-assign]
    world.switched()
    world.switched("")
    world.room.look()

    found = states(world)
    assert found[1] is GenerationState.REMOVED
    assert found[2] is GenerationState.PREVIOUS
    assert found[3] is GenerationState.ACTIVE
    assert world.places.erased == ["g1-hash-32"]
    assert closed == [True]
    with world.house.open_work() as work:
        assert work.generations.missing("hash-32").versions == ()


def test_removing_the_previous_one_forgets_its_vectors(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    world.switched()
    first = world.service.list_all(principal=world.principal)[-1]

    world.service.remove(first.id, principal=world.principal)
    world.room.look()

    assert world.now(first).is_erased
    with world.house.open_work() as work:
        assert work.generations.missing("hash-32").texts == 3
        assert work.generations.missing("hash-48").texts == 0


def test_a_document_whose_vectors_are_missing_holds_the_switch_back(
    world: GenerationWorld,
) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    asleep = Sleepy(dimensions=48)
    world.shelf.embedders["autre"] = asleep
    world.house.ingest({"c.txt": "Venu pendant la panne"}, is_complete=False)

    assert "c.txt" in world.house.live_texts()
    with pytest.raises(Conflict) as caught:
        switch(world, made)
    assert caught.value.code == "generation_behind"
    assert world.room.active.searched.number == 1

    asleep.is_awake = True
    world.builder = world.new_builder()
    world.settle()
    world.look_again()
    world.house.apply()
    switch(world, made)
    assert world.held(made) == world.live_chunks()


def test_another_process_is_told_by_the_database(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    other = world.new_room()
    assert other.active.searched.number == 1

    world.switched()
    other.look()

    assert other.active.searched.number == 2


def test_a_start_goes_on_with_every_generation(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.switched()

    again = world.new_room()

    assert again.active.searched.number == made.number
    assert [each.searched.number for each in again.everyone()] == [2, 1]


def test_a_lost_index_of_a_follower_is_filled_again(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.built()
    del world.places.indexes[made.place]

    world.house.applier = world.new_applier(world.new_room())
    world.house.apply()

    assert world.held(made) == world.live_chunks()


def test_ghosts_in_a_follower_are_removed_before_the_switch(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    index = world.places.indexes[made.place]
    removed = world.house.all_documents()["b.txt"]
    real = index.remove_version
    index.remove_version = lambda version_id: None  # type: ignore[method-assign]
    world.house.documents.delete(removed.id, principal=world.principal, scope=world.house.scope)
    world.house.apply()
    index.remove_version = real  # type: ignore[method-assign]
    assert world.held(made) != world.live_chunks()

    switch(world, made)

    assert world.held(made) == world.live_chunks()


def test_a_follower_that_fails_holds_up_nothing(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    index = world.places.indexes[made.place]
    real = index.remove_version

    def fail(version_id: object) -> None:
        raise IndexUnavailable

    index.remove_version = fail  # type: ignore[method-assign]
    world.house.ingest({"a.txt": "Aide nouvelle", "b.txt": TWO["b.txt"]})
    assert world.house.live_texts()["a.txt"] == ["Aide nouvelle"]
    assert world.room.is_behind(made.id)

    index.remove_version = real  # type: ignore[method-assign]
    switch(world, made)
    assert world.held(made) == world.live_chunks()


def test_what_an_index_lost_behind_our_back_is_put_back_before_the_switch(
    world: GenerationWorld,
) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    index = world.places.indexes[made.place]
    index.remove_version(next(iter(index.held_versions())))

    switch(world, made)

    assert world.held(made) == world.live_chunks()


class Sleepy(HashEmbedder):
    """Embeds no passage until it is woken."""

    is_awake = False

    def embed_passages(self, texts: object) -> list[Vector]:
        if not self.is_awake:
            raise EmbedderUnavailable
        return super().embed_passages(texts)  # pyright: ignore[reportArgumentType]


def switch(world: GenerationWorld, made: Generation) -> None:
    world.service.switch(made.id, reason="Aucun jeu de questions", principal=world.principal)


def test_what_is_searched_is_not_told_to_be_behind(world: GenerationWorld) -> None:
    world.house.ingest(TWO)
    made = world.built()
    (first,) = [each for each in world.service.list_all(principal=world.principal) if each != made]

    assert not world.service.is_behind(first)
    assert not world.service.is_behind(made)
    world.look_again()
    assert world.service.is_behind(made)


def test_others_write_while_a_large_index_is_read_before_the_switch(
    world: GenerationWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.house.ingest(TWO)
    made = world.evaluated()
    opened = next(each for each in world.room.everyone() if each.id == made.id)
    really, waited_s = opened.index.held_versions, list[float]()

    def held_versions() -> dict[VersionId, int]:
        begun = time.monotonic()
        world.house.submit({"c.txt": "Autre texte"})
        waited_s.append(time.monotonic() - begun)
        return really()

    monkeypatch.setattr(opened.index, "held_versions", held_versions)
    switch(world, made)

    assert waited_s
    assert max(waited_s) < 2
    assert world.room.active.id == made.id
