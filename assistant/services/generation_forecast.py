"""What building a generation will take, foreseen from what is kept and from a batch of its embedder."""

from __future__ import annotations

import time
from itertools import islice

from assistant.domain.generations import Composition, Forecast
from assistant.domain.retrieval import EmbedderIdentity
from assistant.ports.generations import EmbedderShelf, IndexPlaces, Missing
from assistant.ports.models import Embedder
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.generation_room import GenerationRoom

_BYTES_PER_POINT = 1350
"""Measured at 100,000 chunks of 60 words: what a point takes beside its dense vector."""
_BYTES_PER_DIMENSION = 5
"""A 32-bit float and its 8-bit likeness."""
_ENOUGH_POINTS = 5000
"""Below, what the index in use takes says little: its engine maps files before they are filled."""
_ROW_BYTES = 150
"""Of a vector in the database, beside its floats."""
_SAMPLE_VERSIONS = 32


class Forecaster:
    """Foresees the cost of generations. Blocking; safe from several threads."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        *,
        room: GenerationRoom,
        places: IndexPlaces,
        shelf: EmbedderShelf,
    ) -> None:
        self._open_work, self._room = open_work, room
        self._places, self._shelf = places, shelf

    def foresee(self, made: Composition, *, embedder_name: str) -> Forecast:
        """What a generation of this composition will take. The vectors of the trial batch are kept.

        Raises:
            ConfigurationError: The settings name no such embedder ("embedder_not_configured").
            EmbedderUnavailable: It does not answer.
        """
        embedder, identity = self._shelf.get(embedder_name), made.embedder
        with self._open_work() as work:
            missing = work.generations.missing(identity.id)
            chunks = work.generations.count_chunks()
        size = self._shelf.batch_size(embedder_name)
        rate = self._measured_rate(embedder, missing, batch_size=size)
        return Forecast(
            chunks=chunks,
            texts=missing.texts,
            index_bytes=chunks * self._point_bytes(identity),
            vector_bytes=missing.texts * (4 * identity.dimensions + _ROW_BYTES),
            free_bytes=self._places.free_bytes(),
            texts_per_s=rate,
        )

    def _point_bytes(self, identity: EmbedderIdentity) -> int:
        """Disk of a point, by the index in use once it is large enough to tell."""
        with self._open_work() as work:
            active = work.generations.active()
        points = self._room.active.points
        size = self._places.size_bytes(active.place) if active else None
        beside = _BYTES_PER_POINT
        if active is not None and size is not None and points >= _ENOUGH_POINTS:
            old = _BYTES_PER_DIMENSION * active.composition.embedder.dimensions
            beside = max(0, size // points - old)
        return beside + _BYTES_PER_DIMENSION * identity.dimensions

    def _measured_rate(
        self, embedder: Embedder, missing: Missing, *, batch_size: int
    ) -> float | None:
        """Texts of the corpus embedded in a second, in one batch; its vectors are kept."""
        with self._open_work() as work:
            found: dict[str, str] = {}
            for version_id in missing.versions[:_SAMPLE_VERSIONS]:
                found |= work.ledger.texts_of(version_id)
            known = work.vectors.find([*found], embedder_id=embedder.identity.id)
        sample = dict(
            islice(((key, text) for key, text in found.items() if key not in known), batch_size)
        )
        if not sample:
            return None
        embedder.embed_query(next(iter(sample.values()))[:200])
        begun = time.perf_counter()
        vectors = embedder.embed_passages([*sample.values()])
        took_s = time.perf_counter() - begun
        with self._open_work() as work:
            work.vectors.add(dict(zip(sample, vectors, strict=True)), embedder=embedder.identity)
            work.commit()
        return len(sample) / max(took_s, 1e-6)
