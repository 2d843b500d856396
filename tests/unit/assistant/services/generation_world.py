"""A house with generations: indexes in memory, hash embedders, the worker's and the server's parts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from assistant.answering.retriever import Retriever
from assistant.domain.cuts import ORDINARY, Cut
from assistant.domain.errors import ConfigurationError
from assistant.domain.generations import Composition, Generation
from assistant.domain.ids import QuestionSetId, TenantId, new_id
from assistant.domain.question_sets import ExpectedAnswer, QuestionSet, revision_of
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.weighing import WordWeighing
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder
from assistant.services.active_generation import ActiveIndex
from assistant.services.applier import IndexApplier
from assistant.services.fed_embedders import FedEmbedders
from assistant.services.fingerprints import Fingerprints
from assistant.services.generation_building import GenerationBuilder
from assistant.services.generation_cutting import GenerationCutter
from assistant.services.generation_retriever import GenerationRetriever
from assistant.services.generation_room import GenerationRoom
from assistant.services.generation_trial import TrialRunner
from assistant.services.generations import GenerationService
from assistant.services.opened_generations import Searched
from assistant.services.worker import Worker, WorkOfGenerations
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from tests.house import House


class MemoryPlaces:
    """Implements `IndexPlaces` in memory; an index outlives the room that opened it."""

    def __init__(self) -> None:
        self.indexes: dict[str, InMemoryChunkIndex] = {}
        self.erased: list[str] = []
        self.free: int | None = None

    def composition(
        self,
        embedder: EmbedderIdentity,
        *,
        words: WordWeighing | None = None,
        cut: Cut = ORDINARY,
    ) -> Composition:
        return Composition(embedder, "lines-1", words or WordWeighing(), 2, cut)

    def name(self, number: int, *, embedder: EmbedderIdentity) -> str:
        return f"g{number}-{embedder.id}"

    def open(self, generation: Generation) -> ChunkIndex:
        identity = generation.composition.embedder
        new = InMemoryChunkIndex(embedder=identity, weighing=generation.composition.words)
        return self.indexes.setdefault(generation.place, new)

    def erase(self, place: str) -> None:
        self.erased.append(place)
        self.indexes.pop(place, None)

    def size_bytes(self, place: str) -> int | None:
        return 1000 if place in self.indexes else 0

    def free_bytes(self) -> int | None:
        return self.free


class MemoryShelf:
    """Implements `EmbedderShelf` over given embedders; the first is the default."""

    def __init__(self, **embedders: Embedder) -> None:
        self.embedders = embedders

    def names(self) -> Sequence[str]:
        return ["" if name == "default" else name for name in self.embedders]

    def get(self, name: str) -> Embedder:
        found = self.embedders.get(name or "default")
        if found is None:
            raise ConfigurationError("embedder_not_configured", name=name)
        return found

    def find(self, identity: EmbedderIdentity) -> Embedder | None:
        known = self.embedders.values()
        return next((each for each in known if each.identity == identity), None)

    def batch_size(self, name: str) -> int:
        del name
        return 2

    def close(self) -> None:
        return


def no_wait(seconds: float) -> None:
    del seconds


@dataclass
class GenerationWorld:
    """The parts of one serving process and one worker, driven by hand."""

    house: House
    places: MemoryPlaces = field(default_factory=MemoryPlaces)
    shelf: MemoryShelf = field(
        default_factory=lambda: MemoryShelf(
            default=HashEmbedder(dimensions=32), autre=HashEmbedder(dimensions=48)
        )
    )

    def __post_init__(self) -> None:
        self.room = self.new_room()
        self.service = self.new_service()
        self.trials = self.new_trials()
        self.house.applier = self.new_applier(self.room)
        self.house.new_worker = self.new_worker  # pyright: ignore[reportAttributeAccessIssue]
        self.builder = self.new_builder()
        self.retriever = GenerationRetriever(self.room, self.retriever_of)

    @property
    def principal(self):  # noqa: ANN201 - the house knows
        return self.house.principal

    @property
    def fingerprints(self) -> Fingerprints:
        ids = [each.identity.id for each in self.shelf.embedders.values()]
        return Fingerprints(self.house.reader, embedder_id=ids[0], also=ids)

    def new_room(self) -> GenerationRoom:
        room = GenerationRoom(
            self.house.open_work,
            self.places,
            self.shelf,
            self.house.clock,
            sleep=no_wait,
            grace_s=0,
        )
        room.open()
        return room

    def keep_questions(self, *rows: ExpectedAnswer, tenant_id: TenantId | None = None) -> None:
        """Give a tenant a question set; that of the house unless another is told."""
        kept = QuestionSet(
            id=QuestionSetId(new_id()),
            tenant_id=tenant_id or self.principal.tenant_id,
            name="Questions",
            revision=revision_of(rows),
            question_count=len(rows),
            unanswerable_count=0,
            created_by=self.principal.person_id,
            created_at=self.house.clock.now(),
        )
        with self.house.open_work() as work:
            work.question_sets.add(kept, list(rows))
            work.commit()

    def new_trials(self, *, pause_s: float = 0) -> TrialRunner:
        return TrialRunner(
            self.house.open_work,
            self.room,
            self.house.clock,
            retriever_of=self.retriever_of,
            owner="web",
            sleep=no_wait,
            pause_s=pause_s,
        )

    def new_service(self) -> GenerationService:
        return GenerationService(
            self.house.open_work,
            self.house.clock,
            room=self.room,
            places=self.places,
            shelf=self.shelf,
            audit=self.house.audit,
        )

    def new_applier(self, room: GenerationRoom) -> IndexApplier:
        index = ActiveIndex(room)
        self.house.index = cast("InMemoryChunkIndex", index)
        return IndexApplier(
            self.house.open_work, index, self.house.files, self.house.clock, followers=room
        )

    def new_builder(
        self, *, slice_s: float = 60, now: Callable[[], float] = time.monotonic
    ) -> GenerationBuilder:
        return GenerationBuilder(
            self.house.open_work,
            self.shelf,
            self.house.clock,
            owner="worker",
            lease_s=30,
            cutter=GenerationCutter(
                self.house.open_work,
                self.house.files,
                self.house.reader,
                fingerprints=self.fingerprints,
            ),
            slice_s=slice_s,
            now=now,
        )

    def new_worker(
        self,
        *,
        builder: GenerationBuilder | None = None,
        lease_s: float = 30,
        slice_s: float = 10,
    ) -> Worker:
        house = self.house
        return Worker(
            house.open_work,
            house.files,
            house.reader,
            self.shelf.get(""),
            house.clock,
            owner="worker",
            lease_s=lease_s,
            item_attempts=3,
            batch_size=4,
            retry_delays_s=(0.0,),
            slice_s=slice_s,
            generations=WorkOfGenerations(
                FedEmbedders(house.open_work, self.shelf),
                self.fingerprints,
                builder,
            ),
        )

    def retriever_of(self, searched: Searched) -> Retriever:
        return Retriever(
            searched.index,
            searched.embedder,
            open_work=self.house.open_work,
            dense_weight=0.5,
            candidates=20,
        )

    def settle(self) -> None:
        """Let worker, applier and room do all that waits."""
        for _ in range(4):
            while self.builder.run_once(threading.Event()):
                continue
            self.room.look()
            self.house.apply()

    def look_again(self) -> None:
        """Have every follower asked anew what it holds."""
        for opened in self.room.everyone()[1:]:
            opened.look_again()

    def catch_up(self) -> None:
        """Let the followers have what came meanwhile at once, which worker and room do after a while."""
        self.builder = self.new_builder()
        while self.builder.run_once(threading.Event()):
            continue
        self.look_again()
        self.settle()

    def built(self, name: str = "autre", *, chunk_tokens: int | None = None) -> Generation:
        """A generation of an embedder, built and whole."""
        planned = self.service.plan(name, principal=self.principal, chunk_tokens=chunk_tokens)
        self.service.build(planned.id, principal=self.principal)
        self.settle()
        return self.now(planned)

    def evaluated(self, name: str = "autre", *, chunk_tokens: int | None = None) -> Generation:
        """A generation of an embedder, built and evaluated."""
        made = self.built(name, chunk_tokens=chunk_tokens)
        self.service.evaluate(made.id, principal=self.principal)
        self.trials.run_once(threading.Event())
        return self.now(made)

    def switched(self, name: str = "autre") -> Generation:
        """A generation of an embedder, searched now."""
        made = self.evaluated(name)
        return self.service.switch(
            made.id, reason="Aucun jeu de questions", principal=self.principal
        )

    def now(self, generation: Generation) -> Generation:
        """A generation as it stands now."""
        return self.service.get(generation.id, principal=self.principal)

    def held(self, generation: Generation) -> set[str]:
        """Chunks in the index of a generation."""
        points = self.places.indexes[generation.place]._points  # pyright: ignore[reportPrivateUsage]
        return {str(chunk_id) for chunk_id in points}

    def must_hold(self, generation: Generation) -> set[str]:
        """Chunks that the index of a generation must hold, of its cut."""
        made = generation.composition
        with self.house.open_work() as work:
            expected = work.reconciliation.expected_points(
                embedder_id=made.embedder.id, cut=made.cut, after=0, limit=9999
            )
        return {str(each.point.chunk_id) for each in expected}

    def live_chunks(self) -> set[str]:
        """Chunks that the database says are live."""
        scope = self.house.scope
        return {
            str(chunk.id)
            for document in self.house.all_documents().values()
            for chunk in self.house.documents.passages(document.id, scope=scope, limit=9999)
        }
