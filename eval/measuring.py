"""One set measured on one instance: every question searched and asked, one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.answers import answer_measures
from eval.datasets import QuestionSet
from eval.figures import by_length, by_type, figures
from eval.instance import Instance, Row
from eval.judge import JudgeModel
from eval.questions import JudgedQuestion
from eval.retrieval import passage_measures, ranked_files, retrieval_measures
from eval.runs import SetResult

DEPTH = 60
"""Passages searched: enough for twenty documents, several passages each."""
_KEPT_PASSAGES = 5
_EXCERPT_CHARS = 240
_ANSWER_CHARS = 800


def measure_set(
    instance: Instance,
    questions: QuestionSet,
    *,
    with_answers: bool = True,
    judge: JudgeModel | None = None,
) -> SetResult:
    """Search and ask all questions of a set.

    Args:
        instance: Holds the documents of the set.
        questions: The set.
        with_answers: False measures retrieval only.
        judge: Judges answers to questions that have an expected one; None for none.
    """
    by_id = {question.id: question for question in questions.questions}
    asked = [(question.id, question.text) for question in questions.questions]
    found = _searched(instance, asked, by_id=by_id)
    answers = _asked(instance, asked, by_id=by_id, judge=judge) if with_answers else {}
    judged = {question.id: question.judged for question in questions.questions}
    ranked = {id: row["ranked"] for id, row in found.items()}
    measured = retrieval_measures(judged, ranked)
    rows = [
        _row(question, found[question.id], answers.get(question.id), measured.get(question.id, {}))
        for question in questions.questions
    ]
    return SetResult(
        revision=questions.revision,
        documents=len(questions.files),
        figures=figures(rows),
        by_type=by_type(rows),
        by_length=by_length(rows),
        rows=rows,
    )


def judged_measures(
    question: JudgedQuestion, answer: Row, *, judge: JudgeModel | None
) -> dict[str, float]:
    """Whether the judge calls an answer right, and whether it failed to say so.

    A refused or failed answer is wrong, and the judge is not asked. Nothing without a judge, nor for
    a question without an expected answer.
    """
    expected = question.expected or " ; ".join(question.quotes)
    if judge is None or not (question.is_answerable and expected):
        return {}
    if answer["status"] in {"refused", "failed"}:
        return {"judged_right": 0.0}
    verdict = judge.is_right(question=question.text, expected=expected, answer=answer["answer"])
    if verdict is None:
        return {"judge_failed": 1.0}
    return {"judged_right": float(verdict), "judge_failed": 0.0}


def _searched(
    instance: Instance, asked: Sequence[tuple[str, str]], *, by_id: Mapping[str, JudgedQuestion]
) -> dict[str, Row]:
    def keep(row: Row) -> Row:
        question = by_id[row["id"]]
        return {
            "id": row["id"],
            "ranked": ranked_files(row),
            "measures": passage_measures(question, row),
            "found": [_excerpt(each) for each in row["results"][:_KEPT_PASSAGES]],
        }

    return {row["id"]: row for row in instance.search(asked, limit=DEPTH, keep=keep)}


def _asked(
    instance: Instance,
    asked: Sequence[tuple[str, str]],
    *,
    by_id: Mapping[str, JudgedQuestion],
    judge: JudgeModel | None,
) -> dict[str, Row]:
    def keep(row: Row) -> Row:
        question = by_id[row["id"]]
        measures = answer_measures(question, row)
        measures |= judged_measures(question, row, judge=judge)
        return {
            "id": row["id"],
            "status": row["status"],
            "text": row["answer"][:_ANSWER_CHARS],
            "measures": measures,
        }

    return {row["id"]: row for row in instance.ask(asked, keep=keep)}


def _row(
    question: JudgedQuestion, found: Row, answer: Row | None, measured: Mapping[str, float]
) -> Row:
    said = {"status": answer["status"], "text": answer["text"]} if answer else None
    return {
        "id": question.id,
        "text": question.text,
        "kind": question.kind,
        "groups": list(question.groups),
        "judged": sorted(question.judged),
        "measures": {
            **measured,
            **(found["measures"] if question.is_answerable else {}),
            **(answer["measures"] if answer else {}),
        },
        "found": found["found"],
        "answer": said,
    }


def _excerpt(result: Row) -> Row:
    flat = " ".join(result["text"].split())
    return {
        "file": result["file"],
        "title": result["title"],
        "pages": result["pages"],
        "text": flat[:_EXCERPT_CHARS],
    }
