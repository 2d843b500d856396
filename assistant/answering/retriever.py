"""From a question to live chunks: three searches within a scope, fused, then checked.

By the meaning of chunks, by their words, and by the words of whole documents.

The index proposes, the database disposes: a hit counts only if its chunk is live and in the scope.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.answering.copies import Crowd, Gathering, Place, spread
from assistant.answering.pages import page_of
from assistant.answering.passages import text_under_headings
from assistant.answering.sufficiency import is_witness, places_of
from assistant.domain.errors import EmbedderUnavailable, RerankerUnavailable
from assistant.domain.retrieval import (
    Evidence,
    Hit,
    Ranking,
    Retrieval,
    Vector,
    evidence_of,
    fuse,
)
from assistant.domain.tenancy import Scope
from assistant.ports.index import ChunkIndex
from assistant.ports.models import Embedder, Reranker
from assistant.ports.repositories import UnitOfWorkFactory

_logger = logging.getLogger(__name__)

_WIDENING = 4
"""Factor on the number of candidates when too few of them were live."""
_CHUNKS_PER_DOCUMENT = 2
"""Candidate chunks for one candidate document: as good as one, and faster."""
_MOST_MOVES = 8
"""How often one search follows an index that changes while it is read."""
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

    def retrieve(
        self, text: str, *, scope: Scope, limit: int, for_answer: bool = False
    ) -> Retrieval:
        """The live chunks of the scope that fit a text best.

        Chunks of one document with the same words are one hit, the best ranked. Index entries
        that are no longer live are replaced by the next ones, until the index has no more; the index
        is then asked again, for what took their place since, until it proposes the same.

        Args:
            text: A question or keywords; blank text finds nothing.
            scope: What may be read; it is inside every index query.
            limit: Greatest number of hits, at least 1.
            for_answer: Equal words are one hit, however many documents hold them, and near-copies
                from several documents leave room for other texts; the evidence is told.

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
        crowd_places = limit if for_answer else None
        ranked, places = self._find(
            text, vector=vector, scope=scope, depth=depth, crowd_places=crowd_places
        )
        hits = [place.hit(rank=rank) for rank, place in enumerate(places, start=1)]
        if self._reranking is not None:
            hits, is_reranked = self._reranking.applied(hits, text=text)
            notices += () if is_reranked else (_NOT_RERANKED,)
        if not for_answer:
            return Retrieval(_opened(hits[:limit], text=text), notices)
        evidence = self._evidence(text, places=places, ranked=ranked, scope=scope)
        spread_hits = spread(hits, places=limit)[:limit]
        return Retrieval(_opened(spread_hits, text=text), notices, evidence)

    def _find(
        self,
        text: str,
        *,
        vector: Vector | None,
        scope: Scope,
        depth: int,
        crowd_places: int | None,
    ) -> tuple[_Ranked, list[Place]]:
        """The live places that fit best, and the rankings they were taken from."""
        wanted, moves, last = max(self._candidates, depth), 0, None
        while True:
            ranked = self._rank(text, vector=vector, scope=scope, wanted=wanted)
            crowd = None if crowd_places is None else Crowd(places=crowd_places)
            gathered = Gathering(places=depth, crowd=crowd)
            is_current = self._gather(ranked.fused, scope=scope, into=gathered)
            is_done = gathered.is_full or ranked.is_exhausted
            has_settled = is_current or ranked.fused == last or moves == _MOST_MOVES
            if is_done and has_settled:
                return ranked, gathered.best()
            if is_done:
                # a version that went live after the index was asked has its chunks there by now
                moves, last = moves + 1, ranked.fused
            else:
                wanted *= _WIDENING

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
        documents = self._index.search_documents(
            text, scope=scope, limit=max(1, wanted // _CHUNKS_PER_DOCUMENT)
        )
        fused = fuse(dense, lexical, documents=documents, dense_weight=weight, limit=2 * wanted)
        return _Ranked(
            dense, lexical, fused, is_exhausted=len(dense) < wanted and len(lexical) < wanted
        )

    def _gather(self, ranking: Ranking, *, scope: Scope, into: Gathering) -> bool:
        """Read chunks in the order of a ranking until there are enough; False when some were not live."""
        start, size = 0, min(into.wanted, _LIVE_BATCH)
        is_current = True
        with self._open_work() as work:
            while start < len(ranking) and not into.is_full:
                batch = ranking[start : start + size]
                found = work.chunks.find_live([item.chunk_id for item in batch], scope=scope)
                for item in batch:
                    if chunk := found.get(item.chunk_id):
                        into.add(chunk, score=item.score)
                    else:
                        is_current = False
                # copies by the thousand are read in large batches
                start, size = start + size, _LIVE_BATCH
        return is_current

    def _evidence(
        self, text: str, *, places: Sequence[Place], ranked: _Ranked, scope: Scope
    ) -> Evidence:
        """What tells whether the places suffice; one that gives orders to the model is no witness."""
        leads = [place.chunks[0] for place in places]
        heard = [chunk.id for chunk in leads if is_witness(chunk)]
        raw = evidence_of(heard, dense=ranked.dense, lexical=ranked.lexical)
        unknown = [
            place
            for place in places_of(text)
            if not all(
                self._index.search_lexical(word, scope=scope, limit=1) for word in place.split()
            )
        ]
        return replace(raw, unknown_places=tuple(unknown))


def _opened(hits: Sequence[Hit], *, text: str) -> tuple[Hit, ...]:
    """The hits, each at the page that answers a text."""
    return tuple(replace(hit, page=page_of(text, chunk=hit.chunk)) for hit in hits)
