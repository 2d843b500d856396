"""Measures of an answer against its question; they hold with a model and without one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.answering.terms import terms
from eval.instance import Row
from eval.questions import JudgedQuestion, contains_one

_FIRST_CITATIONS = 3
_Place = tuple[str, Sequence[int]]
"""A file and the pages of a passage in it."""
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
    right = [each for each in map(_places, citations) if _is_any_placed(question, each)]
    cited = {
        file for each in right for file, pages in each if question.is_placed(file=file, pages=pages)
    }
    measures = {
        "page_cited": float(bool(right)),
        "citation_recall": len(cited) / len(question.judged),
    }
    if citations:
        measures["citation_precision"] = len(right) / len(citations)
    if question.quotes:
        measures["quote_3"] = float(
            any(
                _is_any_placed(question, _places(citation))
                and contains_one(citation["text"], question.quotes)
                for citation in citations[:_FIRST_CITATIONS]
            )
        )
    return measures


def _places(citation: Row) -> list[_Place]:
    """Where the cited words stand: in the document cited, and in those shown beside it as equal."""
    own = (citation["file"], citation["locator"]["pages"])
    return [own, *((other["file"], other["pages"]) for other in citation.get("also", ()))]


def _is_any_placed(question: JudgedQuestion, places: Sequence[_Place]) -> bool:
    return any(question.is_placed(file=file, pages=pages) for file, pages in places)


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
