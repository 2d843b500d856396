"""The judge of sufficiency, fitted on questions whose documents were taken out of the collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from assistant.answering.sufficiency import Judge, Signs, places_of, signs_of
from assistant.domain.retrieval import evidence_of
from eval.halves import hash_half
from eval.questions import JudgedQuestion
from eval.refusal import MadeQuestion, make
from eval.tuning.collection import LexicalIndex
from eval.tuning.rankings import Fuse
from eval.tuning.trying import Bench, Ranker

HITS = 12
PASSAGES = 8
"""What an answer looks at by default: `retrieval.passages` and its spare hits."""
_RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Case:
    """A made question with its signs."""

    id: str
    signs: Signs
    is_answerable: bool
    is_elsewhere: bool = False
    """True for a question about a place that no passage names, which is refused whatever its signs."""


def made_cases(bench: Bench, *, fuse: Fuse) -> list[Case]:
    """The signs of 250 questions without their documents and of 250 others.

    They are those of the product but for what it leaves out of an answer: copies of a text beyond
    their places, and passages beyond the length that a model is given.
    """
    lost, kept = make(bench.questions)
    gone = {name for question in lost for name in question.judged}
    reduced = bench.collection.subset([file not in gone for file in bench.collection.files])
    texts = [passage.embedded for passage in reduced.passages]
    lexical = LexicalIndex(texts)
    rank = Ranker(reduced, lexical.scores)
    vectors = dict(zip([q.id for q in bench.questions.questions], bench.queries, strict=True))

    def signs(question: JudgedQuestion) -> Signs:
        scored = rank(question, vector=vectors[question.id])
        hits = [item.chunk_id for item in fuse(scored)[:HITS]]
        return signs_of(
            question.text,
            evidence=evidence_of(hits, dense=scored.dense, lexical=scored.lexical),
            texts=[texts[int(hit)] for hit in hits[:PASSAGES]],
        )

    def is_elsewhere(question: JudgedQuestion) -> bool:
        words = (word for place in places_of(question.text) for word in place.split())
        return any(not lexical.scores(word).any() for word in words)

    return [
        Case(question.id, signs(question), is_answerable, is_elsewhere(question))
        for questions, is_answerable in ((lost, False), (kept, True))
        for question in questions
    ]


def fitted(cases: Sequence[Case], *, threshold: float = 0.0) -> Judge:
    """The logistic model that fits the cases best, its weights held by a small ridge.

    Questions about a place that no passage names are left out: no model decides on them.
    """
    cases = [case for case in cases if not case.is_elsewhere]
    signs = np.array([astuple(case.signs) for case in cases], float)
    outcome = np.array([1.0 if case.is_answerable else -1.0 for case in cases])
    mean, spread = signs.mean(0), signs.std(0) + 1e-9
    scaled = np.c_[np.ones(len(signs)), (signs - mean) / spread]

    def loss(weights: NDArray[np.float64]) -> float:
        wrong = np.logaddexp(0, -outcome * (scaled @ weights)).sum()
        return float(wrong + _RIDGE * (weights[1:] ** 2).sum() / 2)

    weights = _least(loss, count=scaled.shape[1])
    raw = weights[1:] / spread
    return Judge(float(weights[0] - (raw * mean).sum()), tuple(map(float, raw)), threshold)


def _least(loss: Callable[[NDArray[np.float64]], float], *, count: int) -> NDArray[np.float64]:
    from scipy import optimize  # pyright: ignore[reportMissingTypeStubs]

    return cast("Any", optimize).minimize(loss, np.zeros(count)).x


def judged(cases: Sequence[Case], judge: Judge) -> list[MadeQuestion]:
    """The cases with the probability that a judge gives them."""
    return [
        MadeQuestion(
            case.id,
            0.0 if case.is_elsewhere else judge.probability(case.signs),
            is_answerable=case.is_answerable,
        )
        for case in cases
    ]


def fitting_half(cases: Sequence[Case]) -> list[Case]:
    """The half to fit on, by the hash of the id."""
    return [case for case in cases if hash_half(case.id) == 0]
