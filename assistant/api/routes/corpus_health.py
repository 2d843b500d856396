"""The health of the documents of a tenant; only for its administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from assistant.api.corpus_health_out import health_out, kept_out
from assistant.api.deps import Admin, UseCases
from assistant.schemas.corpus_health import CorpusHealthOut, KeepingIn, KeptQuestionsOut

router = APIRouter(prefix="/corpus-health", tags=["documents"])


@router.get("")
def get_corpus_health(
    caller: Admin,
    services: UseCases,
    days: Annotated[
        int, Query(ge=1, le=365, description="How long a document may go without being found.")
    ] = 90,
    limit: Annotated[
        int, Query(ge=1, le=500, description="Documents named for each finding.")
    ] = 20,
) -> CorpusHealthOut:
    """What keeps the documents of the own organisation from answering well, and what to do about it."""
    report = services.corpus_health.report(
        days=days, limit=limit, principal=caller.principal, scope=caller.owned
    )
    return health_out(report, days=days)


@router.get("/questions")
def list_kept_questions(
    caller: Admin, services: UseCases, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> KeptQuestionsOut:
    """Whether the organisation keeps the questions that nothing answered, and those, newest first."""
    found = services.corpus_health.questions.report(
        limit=limit, principal=caller.principal, scope=caller.owned
    )
    return kept_out(found)


@router.put("/questions")
def keep_questions(asked: KeepingIn, caller: Admin, services: UseCases) -> KeptQuestionsOut:
    """Keep the questions that nothing answers from now on, or forget them all; a key cannot."""
    found = services.corpus_health.questions.decide(
        is_kept=asked.is_kept, principal=caller.principal, scope=caller.owned
    )
    return kept_out(found)
