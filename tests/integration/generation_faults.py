"""A generation at three moments of its life, and processes that are killed at a named point of the next."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from assistant.data_folder import DataFolder
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.retrieval import Vector
from assistant.indexes import ConfiguredPlaces
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.settings import Settings
from assistant.testing.embedder import HashEmbedder
from tests.house import open_house
from tests.integration.fault_points import Fuse, Fused, FusedUnitOfWork
from tests.unit.assistant.services.generation_world import GenerationWorld, MemoryShelf

Moment = Literal["planned", "embedded", "evaluated", "switched"]

TEXTS = {f"{name}.txt": f"Article {name} un\nArticle {name} deux" for name in "abcde"}
POINTS: tuple[tuple[Moment, str], ...] = (
    ("planned", "embedder.embed_passages"),
    ("planned", "commit of vectors.add"),
    ("planned", "commit of generations.update"),
    ("embedded", "index.upsert"),
    ("embedded", "commit of generations.update"),
    ("evaluated", "commit of generations.switch"),
    ("switched", "places.erase"),
    ("switched", "commit of generations.forget_vectors"),
    ("switched", "commit of generations.update"),
)
"""Vectors are computed; the index is filled; the switch; the one before is removed."""


@dataclass
class Counting(HashEmbedder):
    """Remembers what it was given."""

    fuse: Fuse
    dimensions: int = 24
    texts: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__(dimensions=self.dimensions)

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        with self.fuse.passing("embedder.embed_passages"):
            self.texts.extend(texts)
            return super().embed_passages(texts)


class FusedPlaces(ConfiguredPlaces):
    """Real folders; the index of every generation but the first passes the fuse."""

    def __init__(self, root: Path, fuse: Fuse) -> None:
        super().__init__(Settings(data_dir=root), DataFolder(root), chunker=lambda: "lines-1")
        self._fuse = fuse

    def open(self, generation: Generation) -> Any:
        index = super().open(generation)
        return index if generation.number == 1 else Fused(index, fuse=self._fuse, name="index")

    def erase(self, place: str) -> None:
        with self._fuse.passing("places.erase"):
            super().erase(place)


def open_world(root: Path, *, fuse: Fuse | None = None, url: str = "") -> GenerationWorld:
    """The parts of server and worker over a folder; without a fuse nothing kills them."""
    fuse = fuse or Fuse("", "before")

    def wrap(opened: UnitOfWorkFactory) -> UnitOfWorkFactory:
        return lambda: FusedUnitOfWork(opened(), fuse=fuse)  # pyright: ignore[reportReturnType]

    house = open_house(root, wrap=wrap, database_url=url)
    shelf = MemoryShelf(default=house.embedder, autre=Counting(fuse))
    places: Any = FusedPlaces(root, fuse)
    return GenerationWorld(house, places=places, shelf=shelf)


def close_world(world: GenerationWorld) -> None:
    """Let go of indexes and database."""
    world.room.flush()
    world.room.close()
    world.house.close()


def other_of(world: GenerationWorld) -> Counting:
    """The embedder of the second generation."""
    found = world.shelf.get("autre")
    assert isinstance(found, Counting)
    return found


def prepare(root: Path, moment: Moment, *, url: str = "") -> None:
    """A folder at the beginning of a moment."""
    world = open_world(root, url=url)
    world.house.ingest(TEXTS)
    made = world.service.plan("autre", principal=world.principal)
    world.service.build(made.id, principal=world.principal)
    if moment == "embedded":
        while world.builder.run_once(threading.Event()):
            continue
    elif moment != "planned":
        world.settle()
        world.service.evaluate(made.id, principal=world.principal)
        world.trials.run_once(threading.Event())
    if moment == "switched":
        world.service.switch(made.id, reason="Aucun jeu de questions", principal=world.principal)
        former = world.service.list_all(principal=world.principal)[-1]
        world.service.remove(former.id, principal=world.principal)
    close_world(world)


def go_on(world: GenerationWorld, moment: Moment) -> None:
    """Do what comes next at a moment, from wherever it stands."""
    world.settle()
    if moment == "evaluated":
        found = world.service.list_all(principal=world.principal)
        waiting = [each for each in found if each.state is GenerationState.EVALUATED]
        for each in waiting:
            reason = "Aucun jeu de questions"
            world.service.switch(each.id, reason=reason, principal=world.principal)


def live_until_killed(
    root: str, moment: Moment, point: str, when: str, occurrence: int, url: str
) -> None:
    """Body of a process: do what comes next until the fuse burns."""
    fuse = Fuse(point, when, left=occurrence)
    world = open_world(Path(root), fuse=fuse, url=url)
    world.house.clock.advance(60)
    go_on(world, moment)
