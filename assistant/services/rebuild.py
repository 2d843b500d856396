"""Building an index anew from the database; only vectors that are missing are computed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from assistant.domain.ids import VersionId
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.applier import UPSERT_POINTS
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


def rebuild(
    open_work: UnitOfWorkFactory,
    *,
    target_index: ChunkIndex,
    embedder: Embedder,
    progress: Callable[[RebuildProgress], None],
    batch_size: int = 16,
) -> RebuildProgress:
    """Fill an empty index with every live version, then make it the one in use.

    Interrupted, it is run again from its start and pays no vector twice.

    Raises:
        EmbedderUnavailable: Missing vectors cannot be computed; the index in use stays.
        IndexUnavailable: The target cannot be written.
    """
    filler = VectorFiller(open_work, embedder, batch_size=batch_size)
    with open_work() as work:
        versions = list(work.ledger.live_versions())
    points = 0
    for done, version_id in enumerate(versions):
        progress(RebuildProgress(len(versions), done, points, filler.embedded))
        points += _put(open_work, version_id=version_id, target_index=target_index, filler=filler)
    target_index.flush()
    with open_work() as work:
        work.ledger.set_active_index(embedder.identity.id)
        work.commit()
    end = RebuildProgress(len(versions), len(versions), points, filler.embedded)
    progress(end)
    return end


def _put(
    open_work: UnitOfWorkFactory,
    *,
    version_id: VersionId,
    target_index: ChunkIndex,
    filler: VectorFiller,
) -> int:
    with open_work() as work:
        texts = work.ledger.texts_of(version_id)
    filler.vectors_of(texts, between=time.sleep)
    with open_work() as work:
        points = work.ledger.points_of(version_id, embedder_id=target_index.embedder.id)
    for start in range(0, len(points), UPSERT_POINTS):
        target_index.upsert(points[start : start + UPSERT_POINTS])
    return len(points)
