"""State of the service and of the session."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from assistant.api.deps import Reader, StateDep, UseCases
from assistant.schemas.service import ExampleQuestions, HealthOut, ReadyOut

open_router = APIRouter(tags=["service"])
router = APIRouter(tags=["service"])


@open_router.get("/health")
async def health() -> HealthOut:
    """That the process answers."""
    return HealthOut(status="ok")


@open_router.get("/ready")
async def ready(state: StateDep) -> ReadyOut:
    """What works now."""
    return await state.readiness.report()


@router.get("/examples")
def examples(
    caller: Reader, services: UseCases, limit: Annotated[int, Query(ge=1, le=20)] = 4
) -> ExampleQuestions:
    """Questions to start with, made from the documents the caller may read."""
    found = services.documents.example_questions(scope=caller.scope, limit=limit)
    return ExampleQuestions(questions=found)
