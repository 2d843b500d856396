"""Evaluations of question sets on the live index; for administrators, each for its own person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from assistant.api.deps import Admin, UseCases
from assistant.api.evaluations_out import evaluation_out, row_out
from assistant.api.routes.documents import Limit, Offset
from assistant.domain.ids import EvaluationId, QuestionSetId
from assistant.schemas.evaluations import EvaluationDetail, EvaluationIn, EvaluationOut

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
async def start_evaluation(asked: EvaluationIn, caller: Admin, services: UseCases) -> EvaluationOut:
    """Evaluate a question set in the background, within what the caller may read."""
    report = await run_in_threadpool(
        services.evaluations.start,
        QuestionSetId(asked.question_set_id),
        principal=caller.principal,
        scope=caller.scope,
    )
    services.evaluation_runner.wake()
    return evaluation_out(report)


@router.get("/{evaluation_id}")
def get_evaluation(
    evaluation_id: str, caller: Admin, services: UseCases, limit: Limit = 50, offset: Offset = 0
) -> EvaluationDetail:
    """An evaluation as it stands now, with a page of its questions and their results."""
    report = services.evaluations.get(
        EvaluationId(evaluation_id), principal=caller.principal, scope=caller.scope
    )
    rows = services.evaluations.rows(
        EvaluationId(evaluation_id),
        principal=caller.principal,
        scope=caller.scope,
        limit=limit,
        offset=offset,
    )
    return EvaluationDetail(
        evaluation=evaluation_out(report), rows=[row_out(*each) for each in rows]
    )


@router.post("/{evaluation_id}/cancel")
def cancel_evaluation(evaluation_id: str, caller: Admin, services: UseCases) -> EvaluationOut:
    """Stop an evaluation after its present question; what was measured stays."""
    report = services.evaluations.cancel(
        EvaluationId(evaluation_id), principal=caller.principal, scope=caller.scope
    )
    return evaluation_out(report)
