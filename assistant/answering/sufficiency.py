"""Whether what was found is enough to answer: a probability made of signs that no rank tells.

The best of a ranking is always its best, however poor: so the judge looks at raw similarities and
BM25 scores, at the words and names of the question that the passages hold, and at whether both
searches agree. Weights and threshold come from questions whose documents were taken out of the
index; `python -m eval fit` fits them again. Two things are no matter of degree: a passage that gives
orders to the model is no witness, and what is asked of a place that no document names is not there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from assistant.answering.passages import text_under_headings
from assistant.answering.terms import terms
from assistant.domain.answers import Passage
from assistant.domain.documents import SourceChunk
from assistant.domain.retrieval import Evidence
from ingest.quality import speaks_to_model
from ingest.sentences import split_sentences

_NAME = re.compile(r"(?<![.?!«\"] )(?<!^)\b[A-ZÀ-Ý][\w’'-]+|\b[A-Z]{2,}\b")
"""A capital inside a sentence, or an acronym."""
_CAPITAL = "[A-ZÀ-ÖØ-ÝŒ][a-zà-öø-ÿœ]+"
_PLACE = re.compile(
    r"(?:(?<=\bà )|(?<=\bde )|(?<=\bd['’])|(?<=\bin )|(?<=\bat )|(?<=\bof ))"
    rf"{_CAPITAL}(?:[ -](?:[a-zà-ÿ]+-)*{_CAPITAL})*"
)
"""« à Quimper », « de Saint-Jean-de-Luz », "in Bristol"; not an acronym, which documents may spell out."""
_PLACE_WORD = re.compile(r"\w{3,}")
_MARGIN_DEPTH = 5
_MOST_PLACES, _MOST_PLACE_WORDS = 4, 4
"""Each word of a place is a search: a question of names alone must not become hundreds."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What the judge looks at, of one question and what was found for it."""

    similarity_margin: float
    """How far the best cosine is above the tenth of the hits."""
    lexical_margin: float
    """How far the best BM25 score is above the fifth."""
    coverage: float
    """Weighted share of the question's terms that the first passage holds, in [0, 1]."""
    names_missing: float
    """Names of the question, such as a town or an acronym, that no passage holds."""
    leads_dense: float
    """1 when the first passage is the most similar one."""
    leads_lexical: float
    """1 when the first passage has the best BM25 score."""


@dataclass(frozen=True, slots=True)
class Judge:
    """A logistic model over the signs."""

    bias: float
    weights: tuple[float, ...]
    """One for each sign, in order."""
    threshold: float
    """Least probability of an answer; below it the question is refused."""

    def probability(self, signs: Signs) -> float:
        """How likely the passages suffice, in [0, 1]."""
        total = self.bias + sum(
            weight * sign for weight, sign in zip(self.weights, astuple(signs), strict=True)
        )
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))

    def sufficiency(
        self, question: str, *, evidence: Evidence, passages: Sequence[Passage]
    ) -> float | None:
        """How likely the passages answer a question, in [0, 1]; None without passages.

        Args:
            question: One that stands alone.
            evidence: Of what was found for it.
            passages: Those that the answer may rely on, best first.
        """
        if not passages:
            return None
        if evidence.unknown_places:
            return 0.0
        texts = [text_under_headings(each.chunk) for each in passages if is_witness(each.chunk)]
        return self.probability(signs_of(question, evidence=evidence, texts=texts))


JUDGE = Judge(bias=-3.385, weights=(32.200, 0.034, 3.631, -0.754, 0.390, 0.301), threshold=0.217)
"""Fitted by `python -m eval fit` on the even half of the made questions of both its sets."""


def signs_of(question: str, *, evidence: Evidence, texts: Sequence[str]) -> Signs:
    """The signs of a question.

    Args:
        question: One that stands alone.
        evidence: Raw scores of the hits.
        texts: The passages with their titles and headings, best first.
    """
    words = [set(terms(text)) for text in texts]
    question = _asked_part(question)
    asked = terms(question)
    names = {term for name in _NAME.findall(question) for term in terms(name)}
    cosines, lexical = evidence.cosines, evidence.lexical
    return Signs(
        similarity_margin=cosines[0] - cosines[-1] if cosines else 0.0,
        lexical_margin=lexical[0] - lexical[min(_MARGIN_DEPTH, len(lexical)) - 1] if lexical else 0,
        coverage=_coverage(asked, words),
        names_missing=sum(not any(name in each for each in words) for name in names),
        leads_dense=float(evidence.leads_dense),
        leads_lexical=float(evidence.leads_lexical),
    )


def is_witness(chunk: SourceChunk) -> bool:
    """False for a chunk that gives orders to the model: what it says proves nothing."""
    return not speaks_to_model(text_under_headings(chunk))


def places_of(question: str) -> list[str]:
    """Places, persons or houses that the asking sentences name, each as its words that tell something.

    « Quels horaires à Notre-Dame-de-Monts ? » gives "Dame Monts".
    """
    found: dict[str, None] = {}
    for name in _PLACE.findall(_asked_part(question)):
        words = [word for word in _PLACE_WORD.findall(name) if terms(word)]
        found |= {" ".join(words[:_MOST_PLACE_WORDS]): None} if words else {}
    return list(found)[:_MOST_PLACES]


def _asked_part(text: str) -> str:
    """The sentences that ask, without those in which a person tells who they are; all when none does."""
    sentences = [text[start:end].strip() for start, end in split_sentences(text)]
    return " ".join(each for each in sentences if each.endswith("?")) or text


def _coverage(asked: Sequence[str], passages: Sequence[set[str]]) -> float:
    """Share of the terms that the first passage holds; the rarer among the passages, the heavier."""
    if not asked or not passages:
        return 0.0
    count = len(passages) + 1
    weights = {
        term: math.log(1 + count / (1 + sum(term in each for each in passages))) for term in asked
    }
    return sum(weight for term, weight in weights.items() if term in passages[0]) / sum(
        weights.values()
    )
