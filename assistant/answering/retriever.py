"""From a question to live chunks: dense and lexical search within a scope, fused, then checked.

The index proposes, the database disposes: a hit counts only if its chunk is live and in the scope.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from assistant.domain.documents import SourceChunk
from assistant.domain.errors import EmbedderUnavailable, RerankerUnavailable
from assistant.domain.ids import DocumentId
from assistant.domain.retrieval import (
    Evidence,
    Hit,
    Ranking,
    Retrieval,
    Vector,
    evidence_of,
    fuse_convex,
)
from assistant.domain.tenancy import Scope
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder, Reranker
from assistant.ports.repositories import UnitOfWorkFactory

_logger = logging.getLogger(__name__)

_WIDENING = 4
"""Factor on the number of candidates when too few of them were live."""
_WORDS_ONLY = "words_only"
_NOT_RERANKED = "not_reranked"
_LIVE_BATCH = 64
"""Greatest number of chunks read from the database at a time."""


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Both rankings of a text, and the one made of them."""

    dense: Ranking
    lexical: Ranking
    fused: Ranking
    is_exhausted: bool
    """True when the index has no more."""

    def evidence_of(self, hits: Sequence[Hit]) -> Evidence:
        """The raw scores of live chunks."""
        live = [hit.chunk.id for hit in hits]
        return evidence_of(live, dense=self.dense, lexical=self.lexical)


class Reranking:
    """Orders the best hits again by a cross-encoder."""

    def __init__(self, reranker: Reranker, *, candidates: int) -> None:
        """Prepare.

        Args:
            reranker: What judges a chunk against a question.
            candidates: How many of the best hits it judges.
        """
        self._reranker = reranker
        self.candidates = candidates

    def applied(self, hits: list[Hit], *, text: str) -> tuple[list[Hit], bool]:
        """The hits in their new order with new ranks, equal scores in the old one; False as they were."""
        judged = hits[: self.candidates]
        if not judged:
            return hits, True
        try:
            scores = self._reranker.score(text, [text_under_headings(hit.chunk) for hit in judged])
        except RerankerUnavailable as error:
            _logger.warning("hits not reranked (%s)", error.code)
            return hits, False
        order = sorted(range(len(judged)), key=lambda place: -scores[place])
        ordered = [*(judged[place] for place in order), *hits[self.candidates :]]
        return [replace(hit, rank=rank) for rank, hit in enumerate(ordered, start=1)], True


def text_under_headings(chunk: SourceChunk) -> str:
    """A chunk under its title and headings, without which it may not tell what it is about."""
    return "\n".join((" > ".join((chunk.title, *chunk.locator.section)), chunk.text))


class Retriever:
    """Finds the chunks of a scope that fit a text. Blocking and safe to call from several threads.

    When the embedder fails, the lexical ranking alone answers, and the result says so.
    """

    def __init__(
        self,
        index: ChunkIndex,
        embedder: Embedder,
        *,
        open_work: UnitOfWorkFactory,
        dense_weight: float,
        candidates: int,
        reranking: Reranking | None = None,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._open_work = open_work
        self._dense_weight = dense_weight
        self._candidates = candidates
        self._reranking = reranking

    def retrieve(self, text: str, *, scope: Scope, limit: int) -> Retrieval:
        """The live chunks of the scope that fit a text best.

        Chunks of one document with the same words are one hit, the best ranked. Index entries
        that are no longer live are replaced by the next ones, until the index has no more.

        Args:
            text: A question or keywords; blank text finds nothing.
            scope: What may be read; it is inside both index queries.
            limit: Greatest number of hits, at least 1.

        Returns:
            At most `limit` hits; with the notice "words_only" when the embedder failed, and
            "not_reranked" when the reranker did.

        Raises:
            ValueError: `limit` is below 1.
            IndexUnavailable: The index cannot be read.
            StorageError: The database cannot be read.
        """
        if limit < 1:
            raise ValueError("limit must be at least 1")
        if scope.is_empty or not text.strip():
            return Retrieval(())
        vector = self._embed(text)
        notices = (_WORDS_ONLY,) if vector is None else ()
        depth = limit if self._reranking is None else max(limit, self._reranking.candidates)
        wanted = max(self._candidates, depth)
        while True:
            ranked = self._rank(text, vector=vector, scope=scope, wanted=wanted)
            hits = self._live(ranked.fused, scope=scope, limit=depth)
            if len(hits) >= depth or ranked.is_exhausted:
                break
            wanted *= _WIDENING
        evidence = ranked.evidence_of(hits)
        if self._reranking is not None:
            hits, is_reranked = self._reranking.applied(hits, text=text)
            notices += () if is_reranked else (_NOT_RERANKED,)
        return Retrieval(tuple(hits[:limit]), notices, evidence)

    def _embed(self, text: str) -> Vector | None:
        try:
            return self._embedder.embed_query(text)
        except EmbedderUnavailable as error:
            _logger.warning("query not embedded (%s): lexical search only", error.code)
            return None

    def _rank(self, text: str, *, vector: Vector | None, scope: Scope, wanted: int) -> _Ranked:
        lexical = self._index.search_lexical(text, scope=scope, limit=wanted)
        if vector is None:
            dense: Ranking = ()
        else:
            dense = self._index.search_dense(vector, scope=scope, limit=wanted)
        weight = self._dense_weight if vector is not None else 0.0
        fused = fuse_convex(dense, lexical, dense_weight=weight, limit=2 * wanted)
        return _Ranked(
            dense, lexical, fused, is_exhausted=len(dense) < wanted and len(lexical) < wanted
        )

    def _live(self, ranking: Ranking, *, scope: Scope, limit: int) -> list[Hit]:
        hits: list[Hit] = []
        seen: set[tuple[str, str]] = set()
        size = min(limit, _LIVE_BATCH)
        with self._open_work() as work:
            for start in range(0, len(ranking), size):
                batch = ranking[start : start + size]
                found = work.chunks.find_live([item.chunk_id for item in batch], scope=scope)
                for item in batch:
                    chunk = found.get(item.chunk_id)
                    if chunk is None:
                        continue
                    key = (chunk.document_id, normalised(chunk.text))
                    if key not in seen:
                        seen.add(key)
                        hits.append(Hit(rank=len(hits) + 1, chunk=chunk, score=item.score))
                if len(hits) >= limit:
                    return hits[:limit]
        return hits


def normalised(text: str) -> str:
    """A text without differences of case, spacing and Unicode form; every word and figure stays."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def merged(hits: Iterable[Hit]) -> list[Hit]:
    """Hits with equal words made one, at the place of the best ranked; ranks are continuous again.

    It shows the newest dated of these chunks (the best ranked without dates, or of equal ones),
    and the others beside it. Words are compared after normalisation only: passages that differ
    by a number, a date, a name or a negation all stay apart.
    """
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(normalised(hit.chunk.text), []).append(hit)
    return [_one_of(equals, rank=rank) for rank, equals in enumerate(groups.values(), start=1)]


def _one_of(equals: Sequence[Hit], *, rank: int) -> Hit:
    chunks = [chunk for hit in equals for chunk in (hit.chunk, *hit.also)]
    shown = max(chunks, key=lambda chunk: chunk.date or date.min)
    others: dict[DocumentId, SourceChunk] = {}
    for chunk in chunks:
        if chunk.document_id != shown.document_id:
            others.setdefault(chunk.document_id, chunk)
    return Hit(rank=rank, chunk=shown, score=equals[0].score, also=tuple(others.values()))
