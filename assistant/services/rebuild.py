"""Building an index anew from the database; only vectors that are missing are computed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from assistant.domain.cuts import Cut
from assistant.domain.generations import Composition, Generation, GenerationState
from assistant.domain.ids import GenerationId, VersionId, new_id
from assistant.domain.retrieval import EmbedderIdentity
from assistant.ports.generations import IndexPlaces
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.machinery import MACHINE
from assistant.services.opened_generations import UPSERT_POINTS
from assistant.services.vectors import VectorFiller


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """How far a rebuild is."""

    versions: int
    """Documents to put into the index."""
    done: int
    points: int
    """Chunks put into the index so far."""
    embedded: int
    """Vectors that had to be computed so far."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """The generation that a rebuilt index is to be."""

    generation: Generation
    former: str | None
    """The place of the one in use until then; None before the first."""


def adoption(
    open_work: UnitOfWorkFactory,
    places: IndexPlaces,
    *,
    embedder: EmbedderIdentity,
    now: datetime,
) -> Adoption:
    """What an index built anew now is to be; nothing is kept yet."""
    with open_work() as work:
        active = work.generations.active()
        number = work.generations.next_number()
        former = work.ledger.active_index()
    made = Generation(
        id=GenerationId(new_id()),
        number=number,
        embedder_name="",
        composition=_like(active, places.composition(embedder)),
        place=places.name(number, embedder=embedder),
        state=GenerationState.ACTIVE,
        created_by=MACHINE,
        created_at=now,
        built_at=now,
        switched_at=now,
    )
    if active is not None:
        return Adoption(made, active.place)
    first = None if former is None else places.name(1, embedder=EmbedderIdentity(former, 1))
    return Adoption(made, first)


def _like(active: Generation | None, made: Composition) -> Composition:
    """With words weighed and documents cut as in the index in use."""
    if active is None:
        return made
    return replace(made, words=active.composition.words, cut=active.composition.cut)


def adopt(work: UnitOfWork, generation: Generation) -> None:
    """Make a rebuilt index the only generation there is, of all tenants, in this transaction."""
    work.generations.give_back(None)
    for other in work.generations.list_kept():
        for state in _LAST_STATES.get(other.state, ()):
            work.generations.update(replace(other, state=state))
    work.generations.add(generation)


_REMOVED = (GenerationState.REMOVED,)
_LAST_STATES = {
    GenerationState.PLANNED: (GenerationState.CANCELLED,),
    GenerationState.BUILDING: (GenerationState.CANCELLED,),
    GenerationState.BUILT: _REMOVED,
    GenerationState.EVALUATED: _REMOVED,
    GenerationState.PREVIOUS: _REMOVED,
    GenerationState.FAILED: _REMOVED,
    GenerationState.ACTIVE: (GenerationState.PREVIOUS, *_REMOVED),
}


def rebuild(
    open_work: UnitOfWorkFactory,
    *,
    target_index: ChunkIndex,
    embedder: Embedder,
    progress: Callable[[RebuildProgress], None],
    batch_size: int = 16,
    at_end: Callable[[UnitOfWork], None] = lambda _: None,
) -> RebuildProgress:
    """Fill an empty index with every live version, then make it the one in use.

    Interrupted, it is run again from its start and pays no vector twice.

    Args:
        open_work: The store.
        target_index: The index to fill.
        embedder: Makes the vectors that are missing.
        progress: Told how far it is.
        batch_size: Texts embedded at a time.
        at_end: What else belongs to the transaction that puts it to use.

    Raises:
        EmbedderUnavailable: Missing vectors cannot be computed; the index in use stays.
        IndexUnavailable: The target cannot be written.
    """
    filler = VectorFiller(open_work, embedder, batch_size=batch_size)
    with open_work() as work:
        cut = work.cuts.active()
        versions = list(work.ledger.live_versions(cut))
    points = 0
    for done, version_id in enumerate(versions):
        progress(RebuildProgress(len(versions), done, points, filler.embedded))
        points += _put(
            open_work, version_id=version_id, cut=cut, target_index=target_index, filler=filler
        )
    target_index.flush()
    with open_work() as work:
        work.ledger.set_active_index(embedder.identity.id)
        at_end(work)
        work.commit()
    end = RebuildProgress(len(versions), len(versions), points, filler.embedded)
    progress(end)
    return end


def _put(
    open_work: UnitOfWorkFactory,
    *,
    version_id: VersionId,
    cut: Cut,
    target_index: ChunkIndex,
    filler: VectorFiller,
) -> int:
    with open_work() as work:
        texts = work.ledger.texts_of(version_id, cut)
    filler.vectors_of(texts, between=time.sleep)
    with open_work() as work:
        points = work.ledger.points_of(version_id, embedder_id=target_index.embedder.id, cut=cut)
    for start in range(0, len(points), UPSERT_POINTS):
        target_index.upsert(points[start : start + UPSERT_POINTS])
    return len(points)
