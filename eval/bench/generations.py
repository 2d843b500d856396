"""The switch of a generation of 100,000 made-up chunks while people search and documents change.

Vectors are there beforehand, for two embedders that cost nothing: what is measured is the product's
own road, from the filling of the new index to the way back.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import cast

from numpy.random import default_rng

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.bootstrap import build
from assistant.containers import Container
from assistant.domain.errors import ConfigurationError
from assistant.domain.generations import Generation, GenerationState
from assistant.domain.retrieval import EmbedderIdentity, Ranking, Vector
from assistant.domain.tenancy import Collection, Principal, Scope
from assistant.ports.models import Embedder
from assistant.server import pass_over_start
from assistant.services.fingerprints import Fingerprints
from assistant.services.generation_building import GenerationBuilder
from assistant.services.generation_cutting import GenerationCutter
from assistant.services.generation_room import GenerationRoom
from assistant.settings import Settings
from eval.bench.filled import (
    CHUNKS_OF_DOCUMENT,
    NOW,
    made_chunk,
    made_document,
    made_version,
    store,
)
from eval.bench.rows import BenchRow, chunks_words, sentence
from eval.bench.search import Synthesis, in_new_process
from eval.bench.switching_plot import save_plot

CHUNKS = 100_000
GAP_LIMIT_MS = 250.0
_DIMENSIONS = (384, 512)
_DOCUMENTS_OF_COMMIT = 50
_SEARCHERS = 2
_LIGHT_S, _HEAVY_S = 0.5, 0.01
"""Between two searches of one person, while the index is filled and around a switch."""
_SWITCHES = 6
_EDIT_S = 0.5
_IDLE_S = 5.0
_AROUND_S = 2.0
_BUILD_S = 3600.0
_SETTLE_S = 120.0


class _Named(list[float]):
    """A vector that knows its embedder."""

    embedder = ""


class MadeUpEmbedder:
    """An `Embedder` of directions drawn from the text."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.identity = EmbedderIdentity(name, dimensions)

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One direction per text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> Vector:
        """Its direction."""
        seed = int.from_bytes(sha256(f"{self.identity.id} {text}".encode()).digest()[:8], "big")
        vector = _Named(Random(seed).gauss() for _ in range(self.identity.dimensions))
        vector.embedder = self.identity.id
        return vector

    def close(self) -> None:
        """Nothing to release."""


class MadeUpShelf:
    """An `EmbedderShelf` of two."""

    def __init__(self) -> None:
        self.made = {
            name: MadeUpEmbedder(f"made-up-{dimensions}", dimensions)
            for name, dimensions in zip(("", "other"), _DIMENSIONS, strict=True)
        }

    def names(self) -> Sequence[str]:
        """Both."""
        return [*self.made]

    def get(self, name: str) -> Embedder:
        """One of them."""
        if name not in self.made:
            raise ConfigurationError("embedder_not_configured", name=name)
        return self.made[name]

    def find(self, identity: EmbedderIdentity) -> Embedder | None:
        """That of a space."""
        return next((each for each in self.made.values() if each.identity == identity), None)

    def batch_size(self, name: str) -> int:
        """Any."""
        del name
        return 64

    def close(self) -> None:
        """Nothing to release."""


@dataclass
class Crowd:
    """Those who search, and when they were answered."""

    answered: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Moment of each answer, and how long it took, in seconds."""
    failed: int = 0
    mixed: int = 0
    edits: int = 0
    pause_s: float = _LIGHT_S
    """Between two searches of one person."""
    stop: threading.Event = field(default_factory=threading.Event)

    def gap_ms(self, begin: float, end: float) -> float:
        """The longest time between two answers that overlaps a span."""
        moments = sorted(moment for moment, _ in self.answered)
        pairs = pairwise(moments)
        gaps = [after - before for before, after in pairs if after >= begin and before <= end]
        return 1000 * max(gaps, default=end - begin)

    def took_ms(self, begin: float, end: float) -> list[float]:
        """How long each search of a span took."""
        return [1000 * took for moment, took in self.answered if begin <= moment <= end]


def run(*, plot: Path | None = None) -> list[BenchRow]:
    """Fill a data folder, then measure in a process of its own; draws the switches where asked to."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        in_new_process(partial(fill, where, CHUNKS))
        return in_new_process(partial(measure, where, CHUNKS, plot=plot))


def fill(folder: Path, chunks: int) -> list[BenchRow]:
    """Live documents with their vectors of both embedders, in the index of the first."""
    synthesis, shelf = Synthesis(7), MadeUpShelf()
    other = shelf.get("other").identity
    draw = default_rng(11)
    also = {other: lambda: draw.standard_normal(other.dimensions).tolist()}
    settings = Settings(data_dir=folder)
    with closing(build(settings, role="web", shelf=shelf)) as container:
        collection = container.access.ensure_default()
        documents = [
            made_document(collection, number=n) for n in range(chunks // CHUNKS_OF_DOCUMENT)
        ]
        for start in range(0, len(documents), _DOCUMENTS_OF_COMMIT):
            batch = documents[start : start + _DOCUMENTS_OF_COMMIT]
            store(container, batch, synthesis=synthesis, also=also)
    return []


def measure(folder: Path, chunks: int, *, plot: Path | None = None) -> list[BenchRow]:
    """Build, evaluate, switch and go back, while people search and documents change."""
    shelf, crowd = MadeUpShelf(), Crowd()
    with (
        watched_indexes(crowd),
        closing(build(Settings(data_dir=folder), role="web", shelf=shelf)) as container,
    ):
        container.start()
        pass_over_start()
        with _at_work(container, shelf, crowd):
            return _rows(container, shelf, crowd, place=chunks_words(chunks), plot=plot)


def _rows(
    container: Container, shelf: MadeUpShelf, crowd: Crowd, *, place: str, plot: Path | None
) -> list[BenchRow]:
    owner = container.access.local_principal()
    made, fill_begun = _built(container, shelf, owner), time.monotonic()
    made = _waited(container, made, GenerationState.BUILT, owner)
    filled = time.monotonic()
    service = container.generations.service
    service.evaluate(made.id, principal=owner)
    made = _waited(container, made, GenerationState.EVALUATED, owner)
    crowd.pause_s, begun = _HEAVY_S, time.monotonic()
    time.sleep(_IDLE_S)
    idle_ms = crowd.gap_ms(begun, time.monotonic())
    spans = [_switched(lambda: _first_switch(container, made, owner))]
    spans += [_switched(lambda: service.rollback(principal=owner)) for _ in range(_SWITCHES - 1)]
    crowd.stop.set()
    if plot:
        save_plot(plot, answered=crowd.answered, spans=spans, limit_ms=GAP_LIMIT_MS)
    took_ms = crowd.took_ms(fill_begun, filled)
    told = sentence(
        "generation_fill_peer",
        searches=len(took_ms),
        median=f"{statistics.median(took_ms):.0f}",
        gap=f"{crowd.gap_ms(fill_begun, filled):.0f}",
    )
    gap_ms = max(crowd.gap_ms(begin, end + _AROUND_S) for begin, end in spans)
    searches = len(crowd.answered)
    wrong = _differences(container)
    return [
        BenchRow(sentence("generation_filled", place=place), filled - fill_begun, "s", peer=told),
        BenchRow(
            sentence("generation_gap", place=place),
            gap_ms,
            "ms",
            GAP_LIMIT_MS,
            peer=sentence("generation_gap_peer", idle=f"{idle_ms:.0f}"),
        ),
        BenchRow(sentence("generation_took"), max(end - begin for begin, end in spans), "s"),
        BenchRow(sentence("generation_failed", searches=searches), crowd.failed, "", 0),
        BenchRow(sentence("generation_mixed"), crowd.mixed, "", 0),
        BenchRow(sentence("generation_wrong", edits=crowd.edits), wrong, "", 0),
    ]


def _built(container: Container, shelf: MadeUpShelf, owner: Principal) -> Generation:
    """A generation whose vectors the worker found to be there."""
    made = container.generations.service.plan("other", principal=owner)
    container.generations.service.build(made.id, principal=owner)
    cutter = GenerationCutter(
        container.open_work,
        container.files,
        container.reader,
        fingerprints=Fingerprints(container.reader, embedder_id=shelf.get("").identity.id),
    )
    builder = GenerationBuilder(
        container.open_work, shelf, container.clock, owner="bench", lease_s=30, cutter=cutter
    )
    builder.run_once(threading.Event())
    return made


def _waited(
    container: Container, made: Generation, state: GenerationState, owner: Principal
) -> Generation:
    deadline = time.monotonic() + _BUILD_S
    while (found := container.generations.service.get(made.id, principal=owner)).state is not state:
        if time.monotonic() > deadline:
            raise TimeoutError(state)
        time.sleep(0.1)
    return found


def _first_switch(container: Container, made: Generation, owner: Principal) -> None:
    container.generations.service.switch(
        made.id, reason=sentence("generation_why"), principal=owner
    )


def _switched(act: Callable[[], object]) -> tuple[float, float]:
    """Begin and end of a switch, once searches have gone on for a while before it."""
    time.sleep(_AROUND_S)
    begun = time.monotonic()
    act()
    return begun, time.monotonic()


def _differences(container: Container) -> int:
    """Chunks that an index has too much or too little of, both together, once all is quiet."""
    room: GenerationRoom = container.generations.room
    deadline = time.monotonic() + _SETTLE_S
    while _is_busy(container) and time.monotonic() < deadline:
        time.sleep(0.1)
    wrong = 0
    for opened in room.everyone():
        with container.open_work() as work:
            live = Counter(work.ledger.live_versions(opened.cut))
        held = Counter(opened.index.held_versions())
        wrong += sum(((live - held) + (held - live)).values())
    return wrong


def _is_busy(container: Container) -> bool:
    with container.open_work() as work:
        waits = work.ledger.ready_versions(limit=1) or work.ledger.retired_versions(limit=1)
    followers = container.generations.room.everyone()[1:]
    return bool(waits) or any(each.is_behind for each in followers)


@contextmanager
def _at_work(container: Container, shelf: MadeUpShelf, crowd: Crowd) -> Generator[None]:
    scope = container.access.scope_of(container.access.local_principal())
    threads = [
        threading.Thread(target=_search, args=(container, crowd, scope, n), daemon=True)
        for n in range(_SEARCHERS)
    ]
    collection = container.access.ensure_default()
    threads.append(
        threading.Thread(target=_edit, args=(container, shelf, crowd, collection), daemon=True)
    )
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        crowd.stop.set()
        for thread in threads:
            thread.join()


def _search(container: Container, crowd: Crowd, scope: Scope, seed: int) -> None:
    synthesis = Synthesis(100 + seed)
    while not crowd.stop.is_set():
        text, begun = synthesis.text(6), time.monotonic()
        try:
            container.search.search(text, limit=8, scope=scope)
        except Exception:  # noqa: BLE001 - a failure is what is counted
            crowd.failed += 1
        else:
            now = time.monotonic()
            crowd.answered.append((now, now - begun))
        time.sleep(crowd.pause_s)


def _edit(container: Container, shelf: MadeUpShelf, crowd: Crowd, collection: Collection) -> None:
    """Add a document, then delete the one before it, twice a second."""
    synthesis, number = Synthesis(55), 10_000_000
    scope = container.access.scope_of(container.access.local_principal())
    former = None
    while not crowd.stop.wait(_EDIT_S):
        number += 1
        document = made_document(collection, number=number)
        version = made_version(document)
        chunks = [made_chunk(version, ordinal=n, synthesis=synthesis) for n in range(3)]
        with container.open_work() as work:
            work.documents.add(document)
            for embedder in shelf.made.values():
                vectors = {each.embedded_hash: embedder.embed_query(each.text) for each in chunks}
                work.vectors.add(vectors, embedder=embedder.identity)
            work.ledger.add_version(version, chunks)
            if former is not None:
                work.documents.delete(former.id, scope=scope, now=NOW)
            work.commit()
        former = document
        crowd.edits += 1


@contextmanager
def watched_indexes(crowd: Crowd) -> Generator[None]:
    """Count the searches by a vector of another embedder than the index's."""
    real = EdgeChunkIndex.search_dense

    def watched(index: EdgeChunkIndex, vector: Vector, *, scope: Scope, limit: int) -> Ranking:
        if cast("_Named", vector).embedder != index.embedder.id:
            crowd.mixed += 1
        return real(index, vector, scope=scope, limit=limit)

    setattr(EdgeChunkIndex, "search_dense", watched)  # noqa: B010 - a method is no field
    try:
        yield
    finally:
        setattr(EdgeChunkIndex, "search_dense", real)  # noqa: B010
