"""A lost index that is filled again at a start, while a tenant is erased or all of them are switched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

from assistant.domain.cuts import ORDINARY
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import VersionId
from assistant.domain.retrieval import IndexPoint
from assistant.domain.tenants import TenantState
from assistant.services.active_generation import ActiveIndex
from assistant.services.applier import IndexApplier
from assistant.services.generation_room import GenerationRoom
from assistant.services.tenant_erasure import ErasureReport, TenantEraser
from tests.house import open_house
from tests.unit.assistant.services.generation_world import GenerationWorld
from tests.unit.assistant.services.organisations import Region

OURS = {f"{n}.txt": f"Texte {n}\nSuite {n}" for n in range(4)}


class WatchedIndex(ActiveIndex):
    """Lets somebody else act between the reading of points and their writing, as another thread."""

    def __init__(self, room: GenerationRoom) -> None:
        super().__init__(room)
        self.act: Callable[[VersionId], threading.Thread | None] = lambda _: None
        self.acting: list[threading.Thread] = []

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        thread = self.act(points[0].version_id)
        if thread is not None:
            thread.start()
            thread.join(2)  # it ends by then when nothing holds it off
            self.acting.append(thread)
        super().upsert(points)


@pytest.fixture
def world(tmp_path: Path) -> Generator[GenerationWorld]:
    house = open_house(tmp_path)
    yield GenerationWorld(house)
    house.close()


def lose(world: GenerationWorld, made: Generation) -> tuple[WatchedIndex, IndexApplier]:
    """A start that finds an index emptied."""
    del world.places.indexes[made.place]
    world.room = world.new_room()
    index = WatchedIndex(world.room)
    house = world.house
    return index, IndexApplier(
        house.open_work, index, house.files, house.clock, followers=world.room
    )


def active(world: GenerationWorld) -> Generation:
    found = world.service.list_all(principal=world.principal)
    return next(each for each in found if each.state is GenerationState.ACTIVE)


def live(world: GenerationWorld) -> set[VersionId]:
    with world.house.open_work() as work:
        return set(work.ledger.live_versions(ORDINARY))


def test_what_is_erased_meanwhile_does_not_come_back(world: GenerationWorld) -> None:
    world.house.ingest(OURS)
    region = Region(world.house)
    ours = live(world)
    region.ingest("fanfare.txt", "Budget de la fanfare\nQuatre mille euros")
    theirs = live(world) - ours
    for state in (TenantState.SUSPENDED, TenantState.CLOSED, TenantState.ARCHIVED):
        region.organisation.tenants.move(region.commune.id, state, principal=region.owner)
    index, applier = lose(world, active(world))
    house = world.house
    eraser = TenantEraser(
        house.open_work, house.files, index, house.clock, parts=house.parts, audit=house.audit
    )
    reports: list[ErasureReport] = []

    def erase() -> None:
        reports.append(eraser.erase(region.commune.id, principal=region.owner))

    index.act = lambda version_id: (
        threading.Thread(target=erase) if version_id in theirs and not index.acting else None
    )
    applier.reconcile()
    for thread in index.acting:
        thread.join()

    (report,) = reports
    assert report.is_complete
    assert world.held(active(world)) == world.live_chunks()


def test_what_is_deleted_meanwhile_is_not_added_again(world: GenerationWorld) -> None:
    house = world.house
    house.ingest(OURS)
    index, applier = lose(world, active(world))

    def delete_the_others(version_id: VersionId) -> None:
        for document in house.all_documents().values():
            if document.live_version_id != version_id:
                house.documents.delete(document.id, principal=house.principal, scope=house.scope)
        index.act = lambda _: None

    index.act = delete_the_others
    applier.reconcile()

    assert len(index.held_versions()) == 1
    assert world.held(active(world)) == world.live_chunks()


@pytest.mark.parametrize("tokens", [None, 128])
def test_each_point_goes_to_the_index_of_its_model_and_cut(
    world: GenerationWorld, tokens: int | None
) -> None:
    world.house.ingest(OURS)
    former, made = active(world), world.evaluated("autre", chunk_tokens=tokens)
    index, applier = lose(world, former)
    world.service = world.new_service()
    while world.room.step():
        continue

    def switch() -> None:
        world.service.switch(made.id, reason="Décision du comité", principal=world.principal)

    index.act = lambda _: threading.Thread(target=switch) if not index.acting else None
    applier.reconcile()
    for thread in index.acting:
        thread.join()
    world.house.applier = applier
    world.settle()
    while world.room.step():
        continue

    assert active(world).id == made.id
    assert world.held(made) == world.live_chunks()
    assert world.held(former) == world.must_hold(former)
