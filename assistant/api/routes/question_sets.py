"""Question sets of a tenant: sent as a file, listed, deleted; for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from assistant.api.body import FORM, name_of, uploads_of
from assistant.api.deps import Admin, Caller, UseCases
from assistant.api.errors import lines_out
from assistant.api.evaluations_out import expected_out, question_set_out
from assistant.api.routes.documents import Limit, Offset
from assistant.containers import Container
from assistant.domain.errors import InvalidInput
from assistant.domain.ids import QuestionSetId
from assistant.schemas.evaluations import QuestionSetAdded, QuestionSetDetail, QuestionSetOut

router = APIRouter(prefix="/question-sets", tags=["evaluations"])

Recent = Annotated[int, Query(ge=1, le=200)]


@router.get("")
def list_question_sets(
    caller: Admin, services: UseCases, limit: Recent = 50
) -> list[QuestionSetOut]:
    """Question sets of the tenant, newest first."""
    found = services.question_sets.list_recent(
        principal=caller.principal, scope=caller.scope, limit=limit
    )
    return [question_set_out(each) for each in found]


@router.post("", status_code=201, openapi_extra=FORM)
async def add_question_set(request: Request, caller: Admin, services: UseCases) -> QuestionSetAdded:
    """Take one CSV, ODS or XLSX file, under the field "files"; all of it is kept, or nothing."""
    uploads = await uploads_of(request)
    try:
        if len(uploads) > 1:
            raise InvalidInput("invalid_input", detail="un seul fichier est attendu.")
        return await run_in_threadpool(_take, uploads[0], services=services, caller=caller)
    finally:
        for upload in uploads:
            await upload.close()


@router.get("/{question_set_id}")
def get_question_set(
    question_set_id: str, caller: Admin, services: UseCases, limit: Limit = 50, offset: Offset = 0
) -> QuestionSetDetail:
    """A question set with a page of its questions, in order."""
    found, questions = services.question_sets.get(
        QuestionSetId(question_set_id),
        principal=caller.principal,
        scope=caller.scope,
        limit=limit,
        offset=offset,
    )
    return QuestionSetDetail(
        question_set=question_set_out(found),
        questions=[expected_out(each) for each in questions],
    )


@router.delete("/{question_set_id}", status_code=204)
def delete_question_set(question_set_id: str, caller: Admin, services: UseCases) -> None:
    """Delete a question set with all its evaluations; one that runs stops."""
    services.question_sets.delete(
        QuestionSetId(question_set_id), principal=caller.principal, scope=caller.scope
    )


def _take(upload: UploadFile, *, services: Container, caller: Caller) -> QuestionSetAdded:
    added = services.question_sets.add(
        upload.file, name=name_of(upload), principal=caller.principal, scope=caller.scope
    )
    return QuestionSetAdded(
        **question_set_out(added.question_set).model_dump(),
        ignored_columns=list(added.ignored),
        notices=lines_out(added.notices),
    )
