"""What people say of answers: for themselves, and counted for their administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from assistant.api.conversations_out import feedback_out, report_out
from assistant.api.deps import Asker, Manager, UseCases
from assistant.domain.feedback import FeedbackReason, Verdict
from assistant.domain.ids import AnswerId, TenantId
from assistant.schemas.feedback import FeedbackIn, FeedbackOut, FeedbackReportOut
from assistant.services.feedback import Opinion

router = APIRouter(tags=["feedback"])


@router.put("/answers/{answer_id}/feedback")
async def give_feedback(
    answer_id: str, asked: FeedbackIn, caller: Asker, services: UseCases
) -> FeedbackOut:
    """Say whether an answer of one's own helped; it takes the place of what one said before."""
    opinion = Opinion(
        verdict=Verdict(asked.verdict),
        reasons=[FeedbackReason(each) for each in asked.reasons],
        comment=asked.comment,
        is_shared=asked.is_shared,
    )
    await services.answers.kept(AnswerId(answer_id))
    given = await run_in_threadpool(
        services.desk.feedback.give, AnswerId(answer_id), opinion, scope=caller.scope
    )
    return feedback_out(given)


@router.delete("/answers/{answer_id}/feedback", status_code=204)
def withdraw_feedback(answer_id: str, caller: Asker, services: UseCases) -> None:
    """Take back what one said of an answer, from the counts too. No error when one said nothing."""
    services.desk.feedback.withdraw(AnswerId(answer_id), scope=caller.scope)


@router.get("/feedback")
def get_feedback(
    principal: Manager,
    services: UseCases,
    month: Annotated[str, Query(pattern="^[0-9]{4}-[0-9]{2}$")],
    tenant_id: Annotated[str | None, Query()] = None,
) -> FeedbackReportOut:
    """How often people said what of the answers of a month such as "2026-11", never of which question."""
    report = services.desk.feedback.report(
        month,
        tenant_id=None if tenant_id is None else TenantId(tenant_id),
        principal=principal,
    )
    return report_out(report)
