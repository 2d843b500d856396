"""The chunk index in the process: one Qdrant Edge shard on disk.

Every call of the engine holds the interpreter lock, so calls are short, nothing is ever
optimised here, and a flush waits for an idle moment (the write-ahead log keeps what was added).
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from math import sqrt
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from assistant.adapters.qdrant.bm25 import PRODUCT, query_weights
from assistant.adapters.qdrant.edge_errors import engine_errors
from assistant.adapters.qdrant.edge_shards import create_shard, edge_point, shard_config
from assistant.adapters.qdrant.filters import (
    PointFilter,
    build_filter,
    build_version_filter,
    to_edge,
)
from assistant.adapters.qdrant.identity import (
    read_identity,
    read_layout,
    refuse_other,
)
from assistant.adapters.qdrant.owners import Owners
from assistant.adapters.qdrant.rankings import best_candidates, ordered
from assistant.adapters.qdrant.schema import (
    DENSE,
    DOCUMENT_LEXICAL,
    LAYOUT,
    LEXICAL,
    MAX_FOUND,
    MAX_POINTS,
    VERSION,
    checked_ids,
    checked_limit,
    checked_vector,
    checked_vectors,
    held_point,
)
from assistant.domain.errors import StorageError
from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.reconciliation import HeldPoint
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint, Ranking, ScoredChunk, Vector
from assistant.domain.tenancy import Scope
from assistant.domain.weighing import WordWeighing

if TYPE_CHECKING:
    import qdrant_edge

    _QueryVector = list[float] | qdrant_edge.SparseVector

_RESERVE_BYTES = 256 * 1024 * 1024
"""Disk space that must be free to write: the engine maps files of 32 MB before they are filled,
and a full disk under a mapped file kills the process."""

_OPENING_BYTES = 96 * 1024 * 1024
"""Free disk space to open a shard: the engine takes 67 MB for its log, and dies without them."""

_HELD_PAGE = 2_000
"""Points whose versions are read in one call: about 15 ms."""
_HELD_REST_S = 0.02

_ASIDE = "shard.old"

_QUANTISED_SHARE = 3
"""Candidates of the quantised pass for each chunk wanted."""

_QUANTISED_ERROR = 0.05
"""Bound on the cosine error of the quantised pass, times the square root of the dimensions.
Greatest seen on Gaussian, heavy-tailed, narrow and sparse vectors of 32 to 1,024 dimensions: 0.038."""


class EdgeChunkIndex:
    """A `ChunkIndex` over one Edge shard, which belongs to one process at a time.

    A dense search passes over 8-bit vectors, then scores the best exactly; when the bound on the
    8-bit error cannot prove that nothing was missed, it passes over the exact vectors.
    """

    def __init__(
        self,
        path: Path,
        *,
        embedder: EmbedderIdentity,
        weighing: WordWeighing = PRODUCT,
        reserve_bytes: int = _RESERVE_BYTES,
    ) -> None:
        """Open the index in a folder, or create it there.

        Args:
            path: Folder of this index alone.
            embedder: The embedder whose vectors it holds.
            weighing: How its words are weighed.
            reserve_bytes: Free disk space below which writing is refused; a shard that is there is
                opened with 96 MB, if that is less.

        Raises:
            ConfigurationError: Built with another embedder ("index_other_embedder"), or open in
                another process ("index_in_use").
            IndexUnavailable: Damaged ("index_damaged").
            StorageError: Disk full ("index_disk_full").
        """
        self._path = path
        self._embedder, self._weighing = embedder, weighing
        self._reserve_bytes = reserve_bytes
        self._is_dirty = False
        self._is_closed = False
        self._writing = Lock()
        self._owners = Owners(self._versions_of)
        self._shard = self._open()

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder whose vectors it holds."""
        return self._embedder

    def upsert(self, points: Sequence[IndexPoint]) -> None:
        """Add or replace points by chunk id; kept by the write-ahead log at once.

        Raises:
            ValueError: More than 200 points, a vector of the wrong length or not finite, or a
                chunk id that is not a UUID.
            StorageError: Disk full ("index_disk_full").
        """
        import qdrant_edge

        vectors = checked_vectors(points, embedder=self._embedder)
        batch = [
            edge_point(point, vector, weighing=self._weighing)
            for point, vector in zip(points, vectors, strict=True)
        ]
        if batch:
            self._update(qdrant_edge.UpdateOperation.upsert_points(batch))
            self._owners.forget(point.chunk_id for point in points)

    def search_dense(self, vector: Vector, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope nearest to a vector, by exact cosine."""
        values = checked_vector(vector, embedder=self._embedder)
        checked_limit(limit)
        if scope.is_empty:
            return ()
        ranking = self._quantised_best(values, scope=scope, limit=limit)
        if ranking is not None:
            return ranking
        return self._exact_best(values, DENSE, scope=scope, limit=limit)

    def search_lexical(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The chunks within the scope that share terms with a text, by BM25.

        The rarity of a term is that within the scope: what others index changes no ranking.
        """
        return self._worded_best(text, LEXICAL, scope=scope, limit=limit)

    def search_documents(self, text: str, *, scope: Scope, limit: int) -> Ranking:
        """The documents within the scope that share terms with a text, by BM25 over their whole text."""
        return self._worded_best(text, DOCUMENT_LEXICAL, scope=scope, limit=limit)

    def remove_version(self, version_id: VersionId) -> None:
        """Remove all points of a version, 200 a call of the engine."""
        import qdrant_edge

        condition = to_edge(build_version_filter(version_id))
        request = qdrant_edge.ScrollRequest(
            limit=MAX_POINTS, filter=condition, with_payload=False, with_vector=False
        )
        while True:
            with engine_errors():
                records, _ = self._shard.scroll(request)
            if not records:
                return
            ids = [record.id for record in records]
            self._update(qdrant_edge.UpdateOperation.delete_points(ids), is_adding=False)

    def count(self, *, scope: Scope) -> int:
        """Number of points within the scope."""
        return 0 if scope.is_empty else self._count(build_filter(scope))

    def count_all(self) -> int:
        """Number of points of all tenants."""
        return self._count(None)

    def held_versions(self) -> dict[VersionId, int]:
        """Number of points of each version that has some.

        Read page by page, with a rest for those who search: the engine would count them in one call,
        during which no search goes on.
        """
        import qdrant_edge

        held: Counter[VersionId] = Counter()
        following: Any = None
        wanted = qdrant_edge.PayloadSelector.Include([VERSION])
        while True:
            request = qdrant_edge.ScrollRequest(
                offset=following, limit=_HELD_PAGE, with_payload=wanted, with_vector=False
            )
            with engine_errors():
                records, following = self._shard.scroll(request)
            held.update(VersionId(str((record.payload or {})[VERSION])) for record in records)
            if following is None:
                return dict(held)
            time.sleep(_HELD_REST_S)

    def iter_points(self, *, page: int) -> Iterator[Sequence[HeldPoint]]:
        """All points in order of chunk id, `page` at a time."""
        import qdrant_edge

        following: Any = None
        while True:
            request = qdrant_edge.ScrollRequest(
                offset=following, limit=page, with_payload=True, with_vector=False
            )
            with engine_errors():
                records, following = self._shard.scroll(request)
            yield [held_point(record.id, record.payload) for record in records]
            if following is None:
                return

    def find_points(self, chunk_ids: Sequence[ChunkId]) -> dict[ChunkId, HeldPoint]:
        """Those of the points, at most 1,000, that it holds."""
        ids = [UUID(each) for each in checked_ids(chunk_ids, most=MAX_FOUND)]
        with engine_errors():
            records = self._shard.retrieve(list(ids), True, False)
        found = (held_point(record.id, record.payload) for record in records)
        return {point.chunk_id: point for point in found}

    def remove_points(self, chunk_ids: Sequence[ChunkId]) -> None:
        """Remove points, at most 200 a call."""
        import qdrant_edge

        ids = [UUID(each) for each in checked_ids(chunk_ids, most=MAX_POINTS)]
        if ids:
            operation = qdrant_edge.UpdateOperation.delete_points(list(ids))
            self._update(operation, is_adding=False)
            self._owners.forget(chunk_ids)

    def flush(self) -> None:
        """Write to disk what is held in memory; nothing to do when nothing changed."""
        with self._writing:
            if not self._is_dirty:
                return
            with engine_errors():
                self._shard.flush()
            self._is_dirty = False

    def close(self, *, discard: bool = False) -> None:
        """Flush, unless it is to be erased, and release the shard; idempotent."""
        if self._is_closed:
            return
        if not discard:
            with suppress(StorageError):  # its log keeps what a full disk does not take
                self.flush()
        with self._writing, engine_errors():
            self._is_closed = True
            self._shard.close()

    def _open(self) -> qdrant_edge.EdgeShard:
        import qdrant_edge

        shard_path, identity_path = self._path / "shard", self._path / "embedder.json"
        shutil.rmtree(self._path / _ASIDE, ignore_errors=True)
        if not shard_path.exists():
            self._refuse_full_disk(self._reserve_bytes)
            create_shard(self._path, embedder=self._embedder)
        refuse_other(read_identity(identity_path), asked=self._embedder)
        if read_layout(identity_path) != LAYOUT:
            self._empty(shard_path)
        self._refuse_full_disk(min(self._reserve_bytes, _OPENING_BYTES))
        with engine_errors(code="index_damaged"):
            return qdrant_edge.EdgeShard.load(
                str(shard_path), shard_config(self._embedder.dimensions)
            )

    def _empty(self, shard_path: Path) -> None:
        """Make anew a shard whose points lack what is searched now; who holds it is refused first."""
        import qdrant_edge

        with engine_errors(code="index_damaged"):
            qdrant_edge.EdgeShard.load(str(shard_path)).close()
        self._refuse_full_disk(self._reserve_bytes)
        # moved aside first: a stop half-way never leaves half a shard under its name
        shard_path.rename(self._path / _ASIDE)
        create_shard(self._path, embedder=self._embedder)
        shutil.rmtree(self._path / _ASIDE)

    def _update(self, operation: qdrant_edge.UpdateOperation, *, is_adding: bool = True) -> None:
        if is_adding:
            self._refuse_full_disk(self._reserve_bytes)
        with self._writing, engine_errors():
            self._is_dirty = True
            self._shard.update(operation)

    def _refuse_full_disk(self, wanted_bytes: int) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            free_bytes = shutil.disk_usage(self._path).free
        except OSError as error:
            raise StorageError from error
        if free_bytes < wanted_bytes:
            raise StorageError("index_disk_full")

    def _quantised_best(self, values: list[float], *, scope: Scope, limit: int) -> Ranking | None:
        """The best by exact score among those of a quantised pass; None when one may be missing."""
        asked = limit * _QUANTISED_SHARE
        points = self._points(values, DENSE, scope=scope, limit=asked, is_exact=False)
        worst_kept = points[min(limit, len(points)) - 1].score if points else 0.0
        bound = 2 * _QUANTISED_ERROR / sqrt(self._embedder.dimensions)
        if len(points) == asked and worst_kept - points[-1].score <= bound:
            return None
        kept = takewhile(lambda point: point.score >= worst_kept, points)
        return tuple(ordered(self._scored(kept))[:limit])

    def _worded_best(self, text: str, using: str, *, scope: Scope, limit: int) -> Ranking:
        import qdrant_edge

        checked_limit(limit)
        terms = query_weights(text, self._weighing)
        if scope.is_empty or not terms.indices:
            return ()
        vector = qdrant_edge.SparseVector(list(terms.indices), list(terms.weights))
        return self._exact_best(vector, using, scope=scope, limit=limit)

    def _exact_best(self, vector: _QueryVector, using: str, *, scope: Scope, limit: int) -> Ranking:
        def fetch(asked: int) -> list[ScoredChunk]:
            return self._scored(
                self._points(vector, using, scope=scope, limit=asked, is_exact=True)
            )

        return best_candidates(fetch, limit=limit)

    def _points(
        self, vector: _QueryVector, using: str, *, scope: Scope, limit: int, is_exact: bool
    ) -> list[qdrant_edge.ScoredPoint]:
        """The engine's best, by descending score; equal scores in any order."""
        import qdrant_edge

        within = to_edge(build_filter(scope, heads=using == DOCUMENT_LEXICAL))
        params = qdrant_edge.SearchParams(
            exact=is_exact,
            quantization=qdrant_edge.QuantizationSearchParams(rescore=True),
            idf=None if using == DENSE else qdrant_edge.IdfParams(within),
        )
        request = qdrant_edge.QueryRequest(
            limit=limit,
            query=qdrant_edge.Query.Nearest(vector, using=using),
            filter=within,
            params=params,
            with_payload=False,
        )
        with engine_errors():
            return self._shard.query(request)

    def _scored(self, points: Iterable[qdrant_edge.ScoredPoint]) -> list[ScoredChunk]:
        found: list[tuple[Any, float]] = [(point.id, point.score) for point in points]
        return self._owners.scored(found)

    def _versions_of(self, point_ids: Sequence[UUID]) -> dict[UUID, VersionId]:
        import qdrant_edge

        wanted = qdrant_edge.PayloadSelector.Include([VERSION])
        with engine_errors():
            records = self._shard.retrieve(list(point_ids), wanted, False)
        return {
            cast("UUID", record.id): VersionId(str((record.payload or {})[VERSION]))
            for record in records
        }

    def _count(self, point_filter: PointFilter | None) -> int:
        import qdrant_edge

        condition = to_edge(point_filter) if point_filter else None
        with engine_errors():
            return self._shard.count(qdrant_edge.CountRequest(exact=True, filter=condition))
