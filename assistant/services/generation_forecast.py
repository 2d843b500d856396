"""What building a generation will take, foreseen from what is kept and from a batch of its embedder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice

from assistant.domain.cuts import Cut
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
_FILLED = 0.8
"""Share of the length aimed at that passages have: sections end before it. Measured on administrative
documents, 0.88 at 128 tokens to 0.78 at 256 and 0.81 at 384."""


@dataclass(frozen=True, slots=True)
class _Estimate:
    present: Cut
    """Of what is searched now."""
    chunks: int
    growth: float
    """Passages for each one of now."""


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
            to_cut = work.cuts.count_uncut(made.cut)
            missing = work.generations.missing(identity.id, made.cut)
            chunks = work.generations.count_chunks(made.cut)
        size = self._shelf.batch_size(embedder_name)
        rate = self._measured_rate(embedder, missing, made.cut, batch_size=size)
        texts = missing.texts
        if to_cut:
            estimate = self._estimate(made.cut)
            texts += max(0, estimate.chunks - chunks)
            chunks = max(chunks, estimate.chunks)
            rate = rate or self._tried_rate(embedder, estimate, batch_size=size)
        return Forecast(
            chunks=chunks,
            texts=texts,
            index_bytes=chunks * self._point_bytes(identity),
            vector_bytes=texts * (4 * identity.dimensions + _ROW_BYTES),
            free_bytes=self._places.free_bytes(),
            texts_per_s=rate,
            to_cut=to_cut,
        )

    def _estimate(self, cut: Cut) -> _Estimate:
        """How many passages a cut makes of what is searched now, by the tokens of each document."""
        with self._open_work() as work:
            present = work.cuts.active()
            lengths = work.cuts.lengths(present)
        chunks = sum(each for each, _ in lengths)
        if cut.tokens is None or not chunks:
            return _Estimate(present, chunks, 1.0)
        filled = _FILLED * cut.tokens
        new = sum(max(1, round(each / filled)) for _, each in lengths)
        return _Estimate(present, new, new / chunks)

    def _tried_rate(
        self, embedder: Embedder, estimate: _Estimate, *, batch_size: int
    ) -> float | None:
        """As measured on passages of the present cut: shorter ones take less time in proportion."""
        with self._open_work() as work:
            texts: list[str] = []
            for version_id in list(work.ledger.live_versions(estimate.present))[:_SAMPLE_VERSIONS]:
                texts += work.ledger.texts_of(version_id, estimate.present).values()
        if not texts:
            return None
        return _rate_of(embedder, texts[:batch_size]) * estimate.growth

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
        self, embedder: Embedder, missing: Missing, cut: Cut, *, batch_size: int
    ) -> float | None:
        """Texts of the corpus embedded in a second, in one batch; its vectors are kept."""
        with self._open_work() as work:
            found: dict[str, str] = {}
            for version_id in missing.versions[:_SAMPLE_VERSIONS]:
                found |= work.ledger.texts_of(version_id, cut)
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


def _rate_of(embedder: Embedder, texts: list[str]) -> float:
    """Texts embedded in a second, once the embedder is warm; their vectors are not kept."""
    embedder.embed_query(texts[0][:200])
    begun = time.perf_counter()
    embedder.embed_passages(texts)
    return len(texts) / max(time.perf_counter() - begun, 1e-6)
