"""Conversations: private threads of questions and answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from assistant.api.conversations_out import messages_out, own_inspection_out
from assistant.api.deps import Asker, UseCases
from assistant.api.mapping import conversation_out
from assistant.api.routes.answers import STREAMS, WantsStream
from assistant.api.sse import answer_stream
from assistant.domain.answers import Question
from assistant.domain.ids import ConversationId
from assistant.schemas.answers import AnswerStarted
from assistant.schemas.conversations import (
    ConversationDetail,
    ConversationIn,
    ConversationOut,
    MessageIn,
)
from assistant.services.access import narrowed

router = APIRouter(prefix="/conversations", tags=["conversations"])


@router.get("")
def list_conversations(
    caller: Asker, services: UseCases, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[ConversationOut]:
    """The caller's conversations, last used first."""
    found = services.conversations.list_recent(scope=caller.scope, limit=limit)
    return [conversation_out(each) for each in found]


@router.post("", status_code=201)
def create_conversation(
    asked: ConversationIn, caller: Asker, services: UseCases
) -> ConversationOut:
    """A new conversation; without a title, its first question names it."""
    made = services.conversations.create(principal=caller.principal, title=asked.title)
    return conversation_out(made)


@router.get("/{conversation_id}")
async def get_conversation(
    conversation_id: str, request: Request, caller: Asker, services: UseCases
) -> ConversationDetail:
    """A conversation with its messages, each answer as it stands now with what became of its sources."""
    scope, desk = caller.scope, services.desk
    conversation, messages = await run_in_threadpool(
        services.conversations.get, ConversationId(conversation_id), scope=scope
    )
    answers = [each.answer_id for each in messages if each.answer_id is not None]
    feedback = await run_in_threadpool(desk.feedback.of_answers, answers, scope=scope)
    inspections = await run_in_threadpool(desk.inspections.list_own, scope=scope)
    return ConversationDetail(
        conversation=conversation_out(conversation),
        messages=await messages_out(
            messages, request=request, services=services, scope=scope, feedback=feedback
        ),
        inspections=[
            own_inspection_out(each)
            for each in inspections
            if each.inspection.conversation_id == conversation.id
        ],
    )


@router.patch("/{conversation_id}")
def rename_conversation(
    conversation_id: str, asked: ConversationIn, caller: Asker, services: UseCases
) -> ConversationOut:
    """Give a conversation another title."""
    renamed = services.conversations.rename(
        ConversationId(conversation_id), title=asked.title, scope=caller.scope
    )
    return conversation_out(renamed)


@router.delete("/{conversation_id}", status_code=204)
def delete_conversation(conversation_id: str, caller: Asker, services: UseCases) -> None:
    """Delete a conversation with its messages and answers."""
    services.conversations.delete(ConversationId(conversation_id), scope=caller.scope)


@router.post(
    "/{conversation_id}/messages",
    status_code=202,
    response_model=AnswerStarted,
    responses=STREAMS,
)
async def post_message(
    conversation_id: str,
    asked: MessageIn,
    request: Request,
    caller: Asker,
    services: UseCases,
    is_stream: WantsStream,
) -> Response | AnswerStarted:
    """Ask in a conversation; the answer goes on whatever the reader does.

    With `Accept: text/event-stream` its events follow; else what is needed to follow them.
    """
    answer = await services.answers.start(
        Question(asked.question),
        principal=caller.principal,
        scope=narrowed(caller.scope, asked.collections),
        conversation_id=ConversationId(conversation_id),
    )
    if is_stream:
        return answer_stream(request, services, answer_id=answer.id, after=0, scope=caller.scope)
    return AnswerStarted(answer_id=answer.id, conversation_id=conversation_id)
