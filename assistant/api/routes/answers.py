"""Answers: tasks of the service that are started, followed and stopped."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from assistant.api.answers_out import answer_out
from assistant.api.deps import Asker, UseCases
from assistant.api.sse import answer_stream
from assistant.containers import Container
from assistant.domain.answers import Question
from assistant.domain.ids import AnswerId
from assistant.domain.tenancy import Scope
from assistant.schemas.answers import AnswerIn, AnswerOut
from assistant.services.access import narrowed
from assistant.services.answer_record import AnswerRecord

router = APIRouter(tags=["answers"])

EVENT_STREAM = "text/event-stream"
STREAMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}
}
"""For the OpenAPI description: each event's data is an `AnswerEventOut`."""

_LEFT_POLL_S = 0.25
_CLOSED_REQUEST = 499


async def wants_stream(accept: Annotated[str, Header()] = "") -> bool:
    """True when the caller asks for events."""
    return EVENT_STREAM in accept


async def resumed_after(
    after: Annotated[int | None, Query(ge=0, le=2**31)] = None,
    last_event_id: Annotated[str, Header()] = "",
) -> int:
    """Number of the last event the reader has; `after` wins over what a browser repeats."""
    if after is not None:
        return after
    is_number = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 10
    return int(last_event_id) if is_number else 0


WantsStream = Annotated[bool, Depends(wants_stream)]
ResumedAfter = Annotated[int, Depends(resumed_after)]


@router.post("/answers", response_model=AnswerOut, responses=STREAMS)
async def ask(
    asked: AnswerIn, request: Request, caller: Asker, services: UseCases, is_stream: WantsStream
) -> Response | AnswerOut:
    """Answer a question: as events with `Accept: text/event-stream`, else whole.

    A caller that waits for the whole answer and leaves stops it; one that reads events does not.
    """
    answer = await services.answers.start(
        Question(asked.question, (asked.after,)),
        principal=caller.principal,
        scope=narrowed(caller.scope, asked.collections),
    )
    if is_stream:
        return answer_stream(
            request,
            services,
            answer_id=answer.id,
            after=0,
            scope=caller.scope,
            given_id=asked.id,
        )
    record = await _ended_before_reader_leaves(
        request, services, answer_id=answer.id, scope=caller.scope
    )
    if record is None:
        return Response(status_code=_CLOSED_REQUEST)
    body = answer_out(record, request=request, given_id=asked.id)
    return Response(
        body.model_dump_json(),
        media_type="application/json",
        headers={"X-Answer-Id": answer.id},
    )


@router.get("/answers/{answer_id}")
async def get_answer(
    answer_id: str, request: Request, caller: Asker, services: UseCases
) -> AnswerOut:
    """An answer as it stands now, with what became of its sources."""
    scope = caller.scope
    record = await services.answers.snapshot(AnswerId(answer_id), scope=scope)
    found = await run_in_threadpool(services.desk.whereabouts.of_answers, [record], scope=scope)
    return answer_out(record, request=request, found=found)


@router.get("/answers/{answer_id}/events", response_class=Response, responses=STREAMS)
async def follow_answer(
    answer_id: str, request: Request, caller: Asker, services: UseCases, after: ResumedAfter
) -> Response:
    """The events of an answer after a number: those of the past, then new ones until its end.

    Those of the past with what became of their sources.
    """
    scope = caller.scope
    record = await services.answers.snapshot(AnswerId(answer_id), scope=scope)
    since = await run_in_threadpool(services.desk.whereabouts.of_replay, record, scope=scope)
    return answer_stream(
        request, services, answer_id=record.answer.id, after=after, scope=scope, since=since
    )


@router.post("/answers/{answer_id}/cancel", status_code=204)
async def cancel_answer(answer_id: str, caller: Asker, services: UseCases) -> None:
    """Stop an answer; what it said stays. No error when it has ended."""
    await services.answers.cancel(AnswerId(answer_id), scope=caller.scope)


async def _ended_before_reader_leaves(
    request: Request, services: Container, *, answer_id: AnswerId, scope: Scope
) -> AnswerRecord | None:
    ended = asyncio.ensure_future(services.answers.result(answer_id, scope=scope))
    try:
        while not ended.done():
            await asyncio.wait({ended}, timeout=_LEFT_POLL_S)
            if not ended.done() and await request.is_disconnected():
                await services.answers.cancel(answer_id, scope=scope)
                return None
    except asyncio.CancelledError:
        await asyncio.shield(services.answers.cancel(answer_id, scope=scope))
        raise
    finally:
        if not ended.done():
            ended.cancel()
    return ended.result()
