"""Quality on a set of judged questions: is the right passage found, quoted, refused when absent."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from eval.instance import Instance, Row, temporary_instance
from eval.questions import JudgedQuestion, load_questions

SAMPLE = Path(__file__).parent / "sample"
DEPTH = 10


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of one run; shares lie in [0, 1]."""

    questions: int
    """Answerable questions."""
    right_passage_at_1: float
    right_passage_at_5: float
    reciprocal_rank: float
    """Mean over questions, 0 where the passage is not among the first ten."""
    right_quote_in_3: float
    """Share of answers with the right passage among their first three citations."""
    false_refusals: float
    """Share of answerable questions that were refused."""
    unanswerable: int
    refused: float
    """Share of unanswerable questions that were refused."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options yet: the sample corpus is the standard run."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Print the report of the standard run; always 0."""
    del arguments
    print(report(evaluate_sample()))
    return 0


def evaluate_sample(**variables: str) -> Quality:
    """Index the sample corpus in a new instance and ask its sixty questions."""
    questions = load_questions(SAMPLE / "questions.jsonl")
    with temporary_instance(**variables) as instance:
        instance.ingest(SAMPLE / "documents")
        return evaluate(instance, questions)


def evaluate(instance: Instance, questions: Sequence[JudgedQuestion]) -> Quality:
    """Figures of an indexed instance on judged questions."""
    asked = [(question.id, question.text) for question in questions]
    found = {row["id"]: row for row in instance.search(asked, limit=DEPTH)}
    answers = {row["id"]: row for row in instance.ask(asked)}
    answerable = [question for question in questions if question.is_answerable]
    others = [question for question in questions if not question.is_answerable]
    measures = retrieval_measures(answerable, found)
    return Quality(
        questions=len(answerable),
        right_passage_at_1=measures["success_1"],
        right_passage_at_5=measures["success_5"],
        reciprocal_rank=measures["recip_rank"],
        right_quote_in_3=_share(
            [is_quoted(question, answers[question.id]) for question in answerable]
        ),
        false_refusals=_share([answers[q.id]["status"] == "refused" for q in answerable]),
        unanswerable=len(others),
        refused=_share([answers[q.id]["status"] == "refused" for q in others]),
    )


def is_quoted(question: JudgedQuestion, answer: Row) -> bool:
    """True when one of the first three citations is the right passage."""
    return any(
        question.is_answered_by(
            file=citation["file"],
            pages=citation["locator"]["pages"],
            text=citation["text"],
        )
        for citation in answer["citations"][:3]
    )


def retrieval_measures(
    questions: Sequence[JudgedQuestion], found: Mapping[str, Row]
) -> dict[str, float]:
    """Success at 1 and 5 and reciprocal rank, means over the questions, by pytrec_eval."""
    import pytrec_eval

    judgements: dict[str, dict[str, int]] = {}
    ranked: dict[str, dict[str, float]] = {}
    for question in questions:
        results = found[question.id]["results"]
        ranked[question.id] = {f"r{row['rank']}": 1.0 / row["rank"] for row in results}
        judgements[question.id] = {
            f"r{row['rank']}": 1
            for row in results
            if question.is_answered_by(file=row["file"], pages=row["pages"], text=row["text"])
        } or {"missing": 1}
    measures = ("success_1", "success_5", "recip_rank")
    evaluator = cast("Any", pytrec_eval).RelevanceEvaluator(
        judgements, {"success.1,5", "recip_rank"}
    )
    rows = cast("dict[str, dict[str, float]]", evaluator.evaluate(ranked))
    return {name: sum(row[name] for row in rows.values()) / len(questions) for name in measures}


def report(quality: Quality) -> str:
    """The figures as a Markdown table in French."""
    labels = {
        "questions": "Questions avec réponse",
        "right_passage_at_1": "Bon passage au premier rang",
        "right_passage_at_5": "Bon passage parmi cinq",
        "reciprocal_rank": "Rang réciproque moyen",
        "right_quote_in_3": "Bon passage parmi les trois premières citations",
        "false_refusals": "Refus à tort",
        "unanswerable": "Questions sans réponse",
        "refused": "Refus à raison",
    }
    lines = ["| mesure | valeur |", "|---|---|"]
    for name, value in asdict(quality).items():
        shown = str(value) if isinstance(value, int) else f"{value:.3f}"
        lines.append(f"| {labels[name]} | {shown} |")
    return "\n".join(lines)


def _share(outcomes: Sequence[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else 0.0
