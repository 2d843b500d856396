"""Measures of an answer against its question; they hold with a model and without one."""

from __future__ import annotations

import re
from collections import Counter

from assistant.answering.terms import terms
from eval.instance import Row
from eval.questions import JudgedQuestion, contains_one

_FIRST_CITATIONS = 3
_MARKER = re.compile(r"\[\d+\]")


def answer_measures(question: JudgedQuestion, answer: Row) -> dict[str, float]:
    """The measures that apply to one answer, by name; shares lie in [0, 1].

    A question without answer has `refused_right` and `failed` only; one with an answer has
    `refused_wrong` and all that its judgements allow.
    """
    is_refused = float(answer["status"] == "refused")
    has_failed = float(answer["status"] == "failed" or not answer["is_complete"])
    if not question.is_answerable:
        return {"refused_right": is_refused, "failed": has_failed}
    return {
        "refused_wrong": is_refused,
        "failed": has_failed,
        **_citations(question, answer),
        **_correctness(question, answer),
        **_cost(answer),
    }


def token_f1(given: str, expected: str) -> float:
    """Harmonic mean of precision and recall of the terms of two texts, in [0, 1].

    Source:
        Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text", 2016.
    """
    got, wanted = Counter(terms(given)), Counter(terms(expected))
    common = (got & wanted).total()
    return 2 * common / (got.total() + wanted.total()) if common else 0.0


def _citations(question: JudgedQuestion, answer: Row) -> dict[str, float]:
    """A citation counts for all the pages of its passage, whichever of them it is opened at."""
    citations = answer["citations"]
    right = [
        citation
        for citation in citations
        if question.is_placed(file=citation["file"], pages=citation["locator"]["pages"])
    ]
    cited = {citation["file"] for citation in right}
    measures = {
        "page_cited": float(bool(right)),
        "citation_recall": len(cited) / len(question.judged),
    }
    if citations:
        measures["citation_precision"] = len(right) / len(citations)
    if question.quotes:
        measures["quote_3"] = float(
            any(
                question.is_answered_by(
                    file=citation["file"],
                    pages=citation["locator"]["pages"],
                    text=citation["text"],
                )
                for citation in citations[:_FIRST_CITATIONS]
            )
        )
    return measures


def _correctness(question: JudgedQuestion, answer: Row) -> dict[str, float]:
    text = _MARKER.sub("", answer["answer"])
    measures: dict[str, float] = {}
    if question.quotes:
        measures["contains"] = float(contains_one(text, question.quotes))
    wanted = [*question.quotes, *filter(None, [question.expected])]
    if wanted:
        measures["token_f1"] = max(token_f1(text, each) for each in wanted)
    if question.keywords:
        held = [contains_one(text, [word]) for word in question.keywords]
        measures["keywords"] = sum(held) / len(held)
    return measures


def _cost(answer: Row) -> dict[str, float]:
    costs: dict[str, float | None] = {
        "answer_words": len(answer["answer"].split()),
        "answer_tokens": answer["tokens"]["completion"] if answer["tokens"] else None,
        "first_token_ms": answer["first_token_ms"],
    }
    return {name: float(value) for name, value in costs.items() if value is not None}
