"""The events of an answer as a stream that always ends with `answer.completed` or `error`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from assistant.api.answers_out import event_out, failure_of
from assistant.api.errors import log_unexpected, problem_of, request_id_of
from assistant.containers import Container
from assistant.domain.answers import AnswerCompleted, AnswerEvent, AnswerFailed, NumberedEvent
from assistant.domain.errors import AssistantError
from assistant.domain.ids import AnswerId
from assistant.domain.tenancy import Scope
from assistant.schemas.answers import AnswerEventOut, ErrorEvent
from assistant.services.whereabouts import Since

PING_S = 15.0
"""Longest silence, in seconds: a comment fills it, for proxies and for noticing who left."""


def answer_stream(
    request: Request,
    services: Container,
    *,
    answer_id: AnswerId,
    after: int,
    scope: Scope,
    given_id: str = "",
    since: Since | None = None,
    ping_s: float = PING_S,
) -> EventSourceResponse:
    """Stream the events of an answer with a number above `after`, until its end.

    The answer must exist and be the reader's: check before. Holds no unit of work.

    Args:
        request: For the path and number that a problem names.
        services: The use cases.
        answer_id: The answer.
        after: Number of the last event the reader has, 0 for none.
        scope: The reader's.
        given_id: The caller's own identifier of the question.
        since: What became of the sources of an answer of the past; None for one just asked.
        ping_s: Seconds of silence before a comment.
    """
    events = services.answers.events(answer_id, after=after, scope=scope)

    def shown(event: AnswerEvent) -> AnswerEventOut:
        return event_out(
            event, request=request, answer_id=answer_id, given_id=given_id, since=since
        )

    frames = _frames(events, request=request, shown=shown, ping_s=ping_s)
    headers = {"X-Answer-Id": answer_id, "X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return EventSourceResponse(frames, headers=headers)


async def _frames(
    events: AsyncIterator[NumberedEvent],
    *,
    request: Request,
    shown: Callable[[AnswerEvent], AnswerEventOut],
    ping_s: float,
) -> AsyncIterator[bytes]:
    has_ended = False
    try:
        async for numbered in _with_pings(events, ping_s=ping_s):
            if numbered is None:
                yield KEEPALIVE_COMMENT
                continue
            out = shown(numbered.event)
            has_ended = isinstance(numbered.event, AnswerCompleted | AnswerFailed)
            yield _frame(out, number=numbered.number)
    except AssistantError as error:
        problem = problem_of(error.code, params=error.params, request=request, error=error)
        yield _frame(ErrorEvent(problem=problem), number=None)
        return
    except Exception as error:  # noqa: BLE001 - a stream always ends with an event
        log_unexpected(error, request_id=request_id_of(request))
        yield _frame(failure_of("internal_error", {}, request=request), number=None)
        return
    if not has_ended:
        yield _frame(failure_of("answer_interrupted", {}, request=request), number=None)


def _frame(out: AnswerEventOut, *, number: int | None) -> bytes:
    return format_sse_event(
        data_str=out.model_dump_json(),
        event=out.type,
        id=None if number is None else str(number),
    )


async def _with_pings(
    events: AsyncIterator[NumberedEvent], *, ping_s: float
) -> AsyncIterator[NumberedEvent | None]:
    """The events, and None at each silence of `ping_s`."""
    pending: asyncio.Future[NumberedEvent] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({pending}, timeout=ping_s)
            if not done:
                yield None
                continue
            try:
                numbered = pending.result()
            except StopAsyncIteration:
                return
            pending = None
            yield numbered
    finally:
        if pending is not None and not pending.done():
            pending.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await pending
