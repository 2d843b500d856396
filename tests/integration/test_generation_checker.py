from __future__ import annotations

import random
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.bootstrap import SystemClock
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.ids import TenantId, VersionId
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking, Vector
from assistant.domain.tenancy import Scope
from assistant.domain.tenants import Tenant
from assistant.ports.index import ChunkIndex
from assistant.services import generation_building, opened_generations
from assistant.services.generation_trial import GenerationKeeper
from assistant.testing.contracts.index import make_point
from assistant.testing.embedder import HashEmbedder
from tests.conftest import FULL_SCALE
from tests.house import open_house
from tests.integration.generation_checker import (
    faults_of_index,
    faults_of_search,
    points_of,
    rows_of,
)
from tests.unit.assistant.services.generation_world import (
    GenerationWorld,
    MemoryPlaces,
    MemoryShelf,
)

PILLARS = {f"pilier-{n:02}.txt": f"pilier{n} inchangé du recueil {n}" for n in range(20)}
ROUNDS = 6
COMMUNE = TenantId("commune")


class Tagged(list[float]):
    """A vector that knows its space."""

    space = ""


class Space(HashEmbedder):
    """A space of its own, of as many dimensions as the other: only its name tells them apart."""

    def __init__(self, name: str) -> None:
        super().__init__(dimensions=32)
        self._name = name

    @property
    def identity(self) -> EmbedderIdentity:
        return EmbedderIdentity(self._name, 32)

    def embed_query(self, text: str) -> Vector:
        vector = Tagged(super().embed_query(text))
        vector.space = self._name
        return vector


class Watched(EdgeChunkIndex):
    """A real index that counts the vectors of another space."""

    mixed = 0
    asked = 0

    def search_dense(self, vector: Vector, *, scope: Scope, limit: int) -> Ranking:
        Watched.asked += 1
        if not isinstance(vector, Tagged) or vector.space != self.embedder.id:
            Watched.mixed += 1
        return super().search_dense(vector, scope=scope, limit=limit)


class EdgePlaces(MemoryPlaces):
    """Real folders."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self.opened: dict[str, Watched] = {}

    def open(self, generation: Generation) -> ChunkIndex:
        index = Watched(
            self._root / generation.place,
            embedder=generation.composition.embedder,
            weighing=generation.composition.words,
            reserve_bytes=0,
        )
        self.opened[generation.place] = index
        return index


@dataclass
class Street:
    """A house with real indexes at work, searchers that never pause, and what they found wrong."""

    world: GenerationWorld
    stop: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list[str])
    failed: list[str] = field(default_factory=list[str])
    searches: int = 0
    looks: int = 0
    most_searched: int = 0
    """Indexes that were searched at one time."""
    withdrawn: list[str] = field(default_factory=list[str])

    def run(self, act: Any) -> threading.Thread:
        def guarded() -> None:
            while not self.stop.is_set():
                try:
                    act()
                except Exception as error:  # noqa: BLE001 - a failure is what is counted
                    self.failed.append(repr(error))

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread

    def search(self) -> None:
        """As one of two tenants, who both read everything."""
        name = random.choice(list(PILLARS))
        forbidden = list(self.withdrawn)
        own = self.world.house.scope
        scope = replace(own, tenant_id=random.choice([own.tenant_id, COMMUNE]))
        hits = self.world.retriever.retrieve(PILLARS[name], scope=scope, limit=60).hits
        self.faults += faults_of_search(
            (hit.chunk for hit in hits), expected=PILLARS[name], forbidden=forbidden
        )
        self.searches += 1
        time.sleep(0.01)

    def look(self) -> None:
        """Compare every index that is searched and the database directly, at one moment."""
        time.sleep(0.05)
        with self.world.room.steady():
            for opened in self.world.room.searched:
                rows = rows_of(self.world.house.database, opened.cut)
                index = cast("EdgeChunkIndex", opened.index)
                self.faults += faults_of_index(rows, points_of(index))
                self.most_searched = max(self.most_searched, len(self.world.room.searched))
        self.looks += 1


@contextmanager
def at_work(world: GenerationWorld) -> Generator[Street]:
    """Worker, applier, keeper and searchers, each in a thread of its own."""
    street = Street(world)
    worker = world.new_worker(builder=world.new_builder(slice_s=0.2), lease_s=3000)
    keeper = GenerationKeeper(world.room, world.trials, poll_s=0.05)
    world.house.applier.start()
    keeper.start()
    hand = threading.Thread(target=worker.run_forever, args=(street.stop,), daemon=True)
    hand.start()
    threads = [hand, street.run(street.search), street.run(street.search), street.run(street.look)]
    try:
        yield street
    finally:
        street.stop.set()
        for thread in threads:
            thread.join()
        keeper.stop()
        world.house.applier.stop()


@pytest.fixture
def world(tmp_path: Path) -> Generator[GenerationWorld]:
    Watched.mixed = Watched.asked = 0
    house = open_house(tmp_path, embedder=Space("un"), clock=SystemClock())
    shelf = MemoryShelf(default=house.embedder, autre=Space("deux"))
    with house.open_work() as work:
        work.tenancy.add_tenant(Tenant(COMMUNE, "Commune"))
        work.commit()
    yield GenerationWorld(house, places=EdgePlaces(tmp_path / "index"), shelf=shelf)
    house.close()


def wait_for(world: GenerationWorld, generation: Generation, state: GenerationState) -> None:
    deadline = time.monotonic() + 180
    while world.now(generation).state is not state:
        assert time.monotonic() < deadline, world.now(generation)
        time.sleep(0.05)


def edit(world: GenerationWorld, street: Street, *, number: int) -> None:
    """Replace one document, add one, delete one, and wait until it is so."""
    house = world.house
    changing = {"mobile.txt": f"mobile version {number}", f"ajout-{number}.txt": f"ajout {number}"}
    house.submit(changing, source="/mobile", is_complete=True)
    deadline = time.monotonic() + 180
    while house.live_texts().get("mobile.txt") != [changing["mobile.txt"]] or (
        f"ajout-{number}.txt" not in house.live_texts()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    if number:
        street.withdrawn += [f"mobile version {number - 1}", f"ajout {number - 1}"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tokens", [None, 64] if FULL_SCALE else [64])
def test_nothing_fails_mixes_lacks_or_haunts_while_generations_change(
    world: GenerationWorld, monkeypatch: pytest.MonkeyPatch, tokens: int | None
) -> None:
    for module, name in ((generation_building, "_LAGGING_S"), (opened_generations, "_RETRY_S")):
        monkeypatch.setattr(module, name, 0.2)  # documents come to the other cut after a while
    world.house.ingest(PILLARS, is_complete=True)
    world.house.applier.reconcile()
    with at_work(world) as street:
        made = world.service.plan("autre", principal=world.principal, chunk_tokens=tokens)
        world.service.build(made.id, principal=world.principal)
        edit(world, street, number=0)
        edit(world, street, number=1)
        wait_for(world, made, GenerationState.BUILT)
        world.service.evaluate(made.id, principal=world.principal)
        wait_for(world, made, GenerationState.EVALUATED)
        for number in range(2, ROUNDS):
            edit(world, street, number=number)
            if number == 2:
                switch(world, made, tenants=[COMMUNE] if tokens is None else None)
            elif number == 3 and tokens is None:
                switch(world, made)
            elif number == 4 and tokens is None:
                world.service.rollback(principal=world.principal, tenants=[COMMUNE])
            elif number % 2:
                wait_until_whole(world)
                world.service.rollback(principal=world.principal)
        wait_until_whole(world)
        searches = street.searches
    held = [
        (rows_of(world.house.database, each.cut), points_of(cast("EdgeChunkIndex", each.index)))
        for each in world.room.everyone()
    ]

    assert street.failed == []
    assert street.faults == []
    assert (Watched.mixed, len(held)) == (0, 2)
    assert min(searches, Watched.asked) > 30
    assert street.looks > 5
    assert street.most_searched == (2 if tokens is None else 1)
    assert all(faults_of_index(rows, points) == [] for rows, points in held)
    world.room.close()


def wait_until_whole(world: GenerationWorld) -> None:
    deadline = time.monotonic() + 180
    while any(world.room.is_behind(each.id) for each in world.room.everyone()[1:]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def switch(
    world: GenerationWorld, made: Generation, *, tenants: Sequence[TenantId] | None = None
) -> None:
    wait_until_whole(world)
    world.service.switch(
        made.id, reason="Aucun jeu de questions", principal=world.principal, tenants=tenants
    )


def faults(world: GenerationWorld) -> list[str]:
    index = cast("EdgeChunkIndex", world.room.active.index)
    return faults_of_index(rows_of(world.house.database), points_of(index))


def kinds(found: Sequence[str]) -> set[str]:
    return {fault.partition(":")[0] for fault in found}


def test_the_checker_sees_a_planted_gap(world: GenerationWorld) -> None:
    world.house.ingest(PILLARS)
    assert faults(world) == []
    victim = rows_of(world.house.database)[0]

    world.room.active.index.remove_version(VersionId(victim.version_id))

    assert kinds(faults(world)) == {"gap"}
    world.room.close()


def test_the_checker_sees_a_planted_ghost(world: GenerationWorld) -> None:
    world.house.ingest(PILLARS)

    world.room.active.index.upsert([planted(world)])

    assert kinds(faults(world)) == {"ghost"}
    world.room.close()


def test_the_checker_sees_a_planted_double(world: GenerationWorld) -> None:
    world.house.ingest({"a.txt": "Un texte"})
    assert faults(world) == []

    point = planted(world)
    (live,) = rows_of(world.house.database)
    world.room.active.index.upsert([replace(point, version_id=VersionId(live.version_id))])

    assert kinds(faults(world)) == {"double"}
    world.room.close()


def test_the_checker_sees_them_in_what_is_found(world: GenerationWorld) -> None:
    world.house.ingest({"a.txt": "Un texte", "b.txt": "Retiré depuis"})
    chunks = world.house.search("texte retiré")
    one = next(chunk for chunk in chunks if chunk.text == "Un texte")

    def found(*hits: Any) -> set[str]:
        return kinds(faults_of_search(hits, expected="Un texte", forbidden=["Retiré depuis"]))

    assert found(one) == set()
    assert found() == {"gap"}
    assert found(one, one) == {"double"}
    assert found(*chunks) == {"ghost"}
    world.room.close()


def planted(world: GenerationWorld) -> IndexPoint:
    """A point that nothing in the database tells of."""
    vector = world.shelf.get("").embed_passages(["fantôme"])[0]
    return replace(make_point(1, text="fantôme"), vector=vector)
