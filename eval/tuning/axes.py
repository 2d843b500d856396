"""What can be chosen about a search, one thing at a time; all the rest stays as the product has it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from assistant.adapters.qdrant.bm25 import (
    TermWeights,
    document_weights,
    query_weights,
)
from assistant.domain.retrieval import Ranking
from assistant.domain.weighing import WordWeighing
from assistant.settings import RetrievalSettings
from eval.tuning.collection import LexicalIndex, Matrix, Passage, Weigh
from eval.tuning.embedding import (
    TextOf,
    after_the_end_of_the_last,
    as_product,
    cut_again,
    embedded_as,
    text_alone,
)
from eval.tuning.rankings import (
    Fuse,
    ScoredQuestion,
    convex,
    dense_only,
    distribution,
    fixed_scale,
    lexical_only,
    reciprocal,
)
from eval.tuning.trying import Bench
from ingest.cleaning import fold

if TYPE_CHECKING:
    import qdrant_edge

PRODUCT_WEIGHT = RetrievalSettings().dense_weight
PRODUCT = distribution(PRODUCT_WEIGHT)
"""The product's fusion as its settings have it."""
_FLOOR = 0.8
"""About the similarity of two unrelated French texts in this vector space."""
_WORD = re.compile(r"[a-z]{4,}")
_ASKING = re.compile(
    r"^\s*(?:bonjour\W+)?(?:est-ce qu[e'’]\s?|(?:comment|pourquoi|quand|où|combien|qui|que|quoi|quel(?:le)?s?|"
    r"à quoi|dans quels? cas|puis-je|peut-on|dois-je|doit-on|faut-il|y a-t-il|qu[e'’]est-ce qu[e'’]\s?)\b)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of searching: the rankings of each question, and how they are merged."""

    scored: Sequence[ScoredQuestion]
    fuse: Fuse
    files: Sequence[str] = ()
    """The file of each passage where these are not the instance's."""


Make = Callable[[Bench], Variant]


def _merged_by(fuse: Fuse) -> Make:
    return lambda bench: Variant(bench.as_product, fuse)


def _worded(
    *,
    weigh: Weigh = document_weights,
    weigh_query: Weigh = query_weights,
    text_of: Callable[[Passage], str] = lambda passage: passage.embedded,
) -> Make:
    def make(bench: Bench) -> Variant:
        index = LexicalIndex([text_of(each) for each in bench.collection.passages], weigh=weigh)
        return Variant(bench.scored(partial(index.scores, weigh=weigh_query)), PRODUCT)

    return make


def _bm25(k: float, b: float) -> Weigh:
    return partial(document_weights, weighing=WordWeighing(k1=k, b=b))


@lru_cache(maxsize=1)
def _engine() -> qdrant_edge.Bm25:
    import qdrant_edge

    return qdrant_edge.Bm25(
        qdrant_edge.Bm25Config(language="french", ascii_folding=True, avg_len=WordWeighing().length)
    )


def _plain(text: str, *, is_query: bool) -> TermWeights:
    """Words as the engine cuts them, without our forms of references, dates, amounts and acronyms."""
    encoder = _engine()
    vector = encoder.embed_query(text) if is_query else encoder.embed_document(text)
    return TermWeights(tuple(vector.indices), tuple(vector.values))


def _asked_otherwise(change: Callable[[Bench], Callable[[str], str]]) -> Make:
    """The words of the question changed; its vector is that of the question as asked."""

    def make(bench: Bench) -> Variant:
        rewrite = change(bench)
        index = LexicalIndex([each.embedded for each in bench.collection.passages])
        return Variant(bench.scored(index.scores, asked=rewrite), PRODUCT)

    return make


def without_asking_words(text: str) -> str:
    """A question without the words that only make it one."""
    return _ASKING.sub("", text).strip() or text


def nearest_words(bench: Bench, *, cutoff: float) -> Callable[[str], str]:
    """Replaces each word that no passage has by the most alike that one has."""
    known = {
        word for each in bench.collection.passages for word in _WORD.findall(fold(each.embedded))
    }
    ordered = sorted(known)

    def spelt(text: str) -> str:
        strange = [word for word in _WORD.findall(fold(text)) if word not in known]
        found = (difflib.get_close_matches(word, ordered, n=1, cutoff=cutoff) for word in strange)
        return " ".join((text, *(match[0] for match in found if match)))

    return spelt


def _with_neighbours(share: float) -> Make:
    """Each vector takes a share of those of the passages before and after it in its document."""

    def make(bench: Bench) -> Variant:
        collection = replace(bench.collection, vectors=_blended(bench, share=share))
        return Variant(replace(bench, collection=collection).as_product, PRODUCT)

    return make


def _blended(bench: Bench, *, share: float) -> Matrix:
    files, vectors = np.array(bench.collection.files), bench.collection.vectors
    blended = vectors.copy()
    is_same = (files[1:] == files[:-1])[:, None]
    blended[1:] += share * vectors[:-1] * is_same
    blended[:-1] += share * vectors[1:] * is_same
    return blended / np.linalg.norm(blended, axis=1, keepdims=True)


def _with_parents(share: float) -> Make:
    """Each passage also takes a share of the score of the other passages found of its document."""

    def make(bench: Bench) -> Variant:
        def fuse(scored: ScoredQuestion) -> Ranking:
            merged = PRODUCT(scored)[:50]
            totals: dict[str, float] = {}
            for item in merged:
                totals[item.version_id] = totals.get(item.version_id, 0.0) + item.score
            lifted = (
                replace(each, score=each.score + share * totals[each.version_id]) for each in merged
            )
            return tuple(sorted(lifted, key=lambda each: -each.score))

        return Variant(bench.as_product, fuse)

    return make


def _embedded(*, tokens: int | None = None, text_of: TextOf = as_product) -> Make:
    """Passages of another length, or other texts embedded; words are searched in the same passages."""

    def make(bench: Bench) -> Variant:
        passages = bench.collection.passages
        if tokens is not None:
            files, documents = bench.collection.files, bench.folder / "documents"
            passages = cut_again(files, documents=documents, tokens=tokens)
        collection = embedded_as(
            passages,
            text_of=text_of,
            embed=bench.embedder.embed_passages,
            known=bench.collection,
            kept=bench.folder / f"{text_of.__name__}-{tokens or 'product'}.npz",
        )
        return Variant(replace(bench, collection=collection).as_product, PRODUCT, collection.files)

    return make


AXES: Mapping[str, Mapping[str, Make]] = {
    "fusion": {
        "lexical": _merged_by(lexical_only),
        "dense": _merged_by(dense_only),
        "reciprocal": _merged_by(reciprocal),
        **{f"convex {w}": _merged_by(convex(w)) for w in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)},
        **{
            f"distribution {w}": _merged_by(distribution(w))
            for w in (0.4, 0.5, 0.55, 0.6, 0.65, 0.7)
        },
        **{f"fixed_scale {w}": _merged_by(fixed_scale(w, floor=_FLOOR)) for w in (0.4, 0.5, 0.6)},
    },
    "words": {
        f"of_document {share}": _merged_by(distribution(PRODUCT_WEIGHT, document_share=share))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    },
    "candidates": {
        f"depth {depth}": _merged_by(distribution(PRODUCT_WEIGHT, depth=depth))
        for depth in (20, 50, 100)
    },
    "bm25": {
        f"k_b {k} {b}": _worded(weigh=_bm25(k, b))
        for k in (0.6, 0.9, 1.2, 1.6)
        for b in (0.2, 0.4, 0.6, 0.75)
    },
    "indexed": {
        "product": _worded(),
        "text": _worded(text_of=lambda each: each.text),
        "title_text": _worded(text_of=lambda each: f"{each.title}\n{each.text}"),
        "title_twice": _worded(text_of=lambda each: f"{each.title}\n{each.embedded}"),
    },
    "forms": {
        "product": _worded(),
        "engine_words": _worded(
            weigh=partial(_plain, is_query=False), weigh_query=partial(_plain, is_query=True)
        ),
    },
    "asked": {
        "product": _asked_otherwise(lambda _: lambda text: text),
        "unasked": _asked_otherwise(lambda _: without_asking_words),
        "spelt 0.8": _asked_otherwise(partial(nearest_words, cutoff=0.8)),
        "spelt 0.9": _asked_otherwise(partial(nearest_words, cutoff=0.9)),
    },
    "neighbours": {f"share {share}": _with_neighbours(share) for share in (0.0, 0.1, 0.2, 0.4)},
    "lengths": {
        "product": _merged_by(PRODUCT),
        **{f"tokens {tokens}": _embedded(tokens=tokens) for tokens in (128, 384)},
    },
    "embedded": {
        "product": _merged_by(PRODUCT),
        "text": _embedded(text_of=text_alone),
        "overlap": _embedded(text_of=after_the_end_of_the_last),
    },
    "document": {f"share {share}": _with_parents(share) for share in (0.0, 0.02, 0.05, 0.1)},
}
"""Axis → what is tried; the names people read are in the catalogue."""
