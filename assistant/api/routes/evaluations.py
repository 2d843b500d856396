"""Evaluations of question sets on the live index; for administrators, each for its own person."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from assistant.api.deps import Admin, UseCases
from assistant.api.errors import lines_out
from assistant.api.evaluation_table import evaluation_table
from assistant.api.evaluations_out import evaluation_out, row_out
from assistant.api.routes.documents import Limit, Offset
from assistant.domain.catalogue import sentence
from assistant.domain.evaluations import Verdict
from assistant.domain.ids import EvaluationId, QuestionSetId
from assistant.domain.question_sets import MAX_QUESTIONS
from assistant.schemas.evaluations import (
    EvaluationDetail,
    EvaluationIn,
    EvaluationOut,
    EvaluationStarted,
)
from assistant.services.evaluations import EvaluationReport

router = APIRouter(prefix="/evaluations", tags=["evaluations"])


@router.get("")
def list_evaluations(
    caller: Admin,
    services: UseCases,
    question_set_id: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[EvaluationOut]:
    """The caller's evaluations, newest first; of one set, or of all."""
    found = services.evaluations.list_recent(
        principal=caller.principal,
        scope=caller.scope,
        set_id=None if question_set_id is None else QuestionSetId(question_set_id),
        limit=limit,
    )
    return [evaluation_out(each) for each in found]


@router.post("", status_code=202)
async def start_evaluation(
    asked: EvaluationIn, caller: Admin, services: UseCases
) -> EvaluationStarted:
    """Evaluate a question set in the background, within what the caller may read."""
    report, notices = await run_in_threadpool(
        services.evaluations.start,
        QuestionSetId(asked.question_set_id),
        principal=caller.principal,
        scope=caller.scope,
    )
    services.evaluation_runner.wake()
    return EvaluationStarted(**evaluation_out(report).model_dump(), notices=lines_out(notices))


@router.get("/{evaluation_id}")
def get_evaluation(
    evaluation_id: str,
    caller: Admin,
    services: UseCases,
    limit: Limit = 50,
    offset: Offset = 0,
    verdict: Annotated[list[Verdict] | None, Query(max_length=10)] = None,
) -> EvaluationDetail:
    """An evaluation as it stands now, with a page of its questions and their results.

    `verdict`, which may come several times, leaves only the questions that have one of them.
    """
    report = services.evaluations.get(
        EvaluationId(evaluation_id), principal=caller.principal, scope=caller.scope
    )
    rows = services.evaluations.rows(
        EvaluationId(evaluation_id),
        principal=caller.principal,
        scope=caller.scope,
        limit=limit,
        offset=offset,
        verdicts=verdict or (),
    )
    return EvaluationDetail(
        evaluation=evaluation_out(report), rows=[row_out(*each) for each in rows]
    )


@router.get("/{evaluation_id}/table", response_class=Response)
def get_evaluation_table(evaluation_id: str, caller: Admin, services: UseCases) -> Response:
    """All questions with their results as CSV for a spreadsheet, always as a download."""
    report = services.evaluations.get(
        EvaluationId(evaluation_id), principal=caller.principal, scope=caller.scope
    )
    rows = services.evaluations.rows(
        EvaluationId(evaluation_id),
        principal=caller.principal,
        scope=caller.scope,
        limit=MAX_QUESTIONS,
    )
    return Response(
        evaluation_table([row_out(*each) for each in rows]),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{_file_name(report)}"},
    )


@router.post("/{evaluation_id}/cancel")
def cancel_evaluation(evaluation_id: str, caller: Admin, services: UseCases) -> EvaluationOut:
    """Stop an evaluation after its present question; what was measured stays."""
    report = services.evaluations.cancel(
        EvaluationId(evaluation_id), principal=caller.principal, scope=caller.scope
    )
    return evaluation_out(report)


def _file_name(report: EvaluationReport) -> str:
    stem = PurePath(report.question_set.name).stem
    name = sentence("table_name", name=stem, date=f"{report.evaluation.created_at:%Y-%m-%d}")
    return quote(name, safe="")
