"""Calls about question sets and evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.client.files import opened
from assistant.client.transport import Transport
from assistant.schemas.evaluations import (
    EvaluationDetail,
    EvaluationIn,
    EvaluationOut,
    EvaluationStarted,
    QuestionSetAdded,
    QuestionSetDetail,
    QuestionSetOut,
    VerdictOut,
)

_SETS = "/api/v1/question-sets"
_RUNS = "/api/v1/evaluations"


class EvaluationCalls:
    """The part of the client that deals with question sets; for administrators."""

    _transport: Transport

    def add_question_set(self, path: Path) -> QuestionSetAdded:
        """Send a CSV, ODS or XLSX file of questions, under its own name.

        Raises:
            ClientError: Also "question_set_refused", whose problem names every faulty line.
        """
        with opened(path) as file:
            files = [("files", (path.name, file))]
            return self._transport.call("POST", _SETS, returns=QuestionSetAdded, files=files)

    def list_question_sets(self, *, limit: int = 50) -> list[QuestionSetOut]:
        """Question sets of the tenant, newest first."""
        return self._transport.call(
            "GET", _SETS, returns=list[QuestionSetOut], params={"limit": limit}
        )

    def get_question_set(
        self, question_set_id: str, *, limit: int = 50, offset: int = 0
    ) -> QuestionSetDetail:
        """A question set with a page of its questions."""
        return self._transport.call(
            "GET",
            f"{_SETS}/{question_set_id}",
            returns=QuestionSetDetail,
            params={"limit": limit, "offset": offset},
        )

    def delete_question_set(self, question_set_id: str) -> None:
        """Delete a question set with all its evaluations."""
        self._transport.send("DELETE", f"{_SETS}/{question_set_id}")

    def start_evaluation(self, question_set_id: str) -> EvaluationStarted:
        """Evaluate a question set in the background."""
        body = EvaluationIn(question_set_id=question_set_id).model_dump()
        return self._transport.call("POST", _RUNS, returns=EvaluationStarted, json=body)

    def list_evaluations(
        self, *, question_set_id: str | None = None, limit: int = 10
    ) -> list[EvaluationOut]:
        """The caller's evaluations, newest first; of one set, or of all."""
        query: dict[str, str | int] = {"limit": limit}
        if question_set_id is not None:
            query["question_set_id"] = question_set_id
        return self._transport.call("GET", _RUNS, returns=list[EvaluationOut], params=query)

    def get_evaluation(
        self,
        evaluation_id: str,
        *,
        limit: int = 50,
        offset: int = 0,
        verdicts: Sequence[VerdictOut] = (),
    ) -> EvaluationDetail:
        """An evaluation as it stands now, with a page of its questions and results.

        Args:
            evaluation_id: The evaluation.
            limit: Greatest number of questions.
            offset: How many to pass over before.
            verdicts: Only questions with one of these; empty takes all.
        """
        query = {"limit": limit, "offset": offset, "verdict": list(verdicts)}
        return self._transport.call(
            "GET", f"{_RUNS}/{evaluation_id}", returns=EvaluationDetail, params=query
        )

    def evaluation_table(self, evaluation_id: str) -> bytes:
        """All its questions and results as CSV for a spreadsheet."""
        return self._transport.send("GET", f"{_RUNS}/{evaluation_id}/table").content

    def cancel_evaluation(self, evaluation_id: str) -> EvaluationOut:
        """Stop an evaluation; what was measured stays."""
        return self._transport.call(
            "POST", f"{_RUNS}/{evaluation_id}/cancel", returns=EvaluationOut
        )
