"""Conversations for auditors: told apart without a word of them, and read one at a time for a reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from assistant.api.conversations_out import messages_out, overview_out
from assistant.api.deps import Person, UseCases
from assistant.api.mapping import conversation_out
from assistant.api.routes.documents import Limit, Offset
from assistant.domain.ids import ConversationId, TenantId
from assistant.schemas.conversations import InspectedConversation
from assistant.schemas.inspections import ConversationFactsOut, InspectionIn

router = APIRouter(prefix="/audit/conversations", tags=["audit"])


@router.get("")
def list_conversations(
    principal: Person,
    services: UseCases,
    tenant_id: Annotated[
        str | None, Query(description="Another tenant, for auditors of the platform.")
    ] = None,
    pseudonym: Annotated[str, Query(description="Of one person; all without.")] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[ConversationFactsOut]:
    """Conversations of a tenant by pseudonym, dates and counts, the last used first; for auditors."""
    found = services.desk.inspections.overview(
        tenant_id=None if tenant_id is None else TenantId(tenant_id),
        pseudonym=pseudonym,
        principal=principal,
        limit=limit,
        offset=offset,
    )
    return overview_out(found)


@router.post("/{conversation_id}/inspections", status_code=201)
async def inspect_conversation(
    conversation_id: str,
    asked: InspectionIn,
    request: Request,
    principal: Person,
    services: UseCases,
) -> InspectedConversation:
    """Read a conversation once, for a reason that is kept, recorded and shown to its person."""
    scope = await run_in_threadpool(services.access.scope_of, principal)
    opened = await run_in_threadpool(
        services.desk.inspections.inspect,
        ConversationId(conversation_id),
        reason=asked.reason,
        principal=principal,
        scope=scope,
    )
    return InspectedConversation(
        pseudonym=opened.pseudonym,
        reason=opened.inspection.reason,
        made_at=opened.inspection.made_at,
        conversation=conversation_out(opened.conversation),
        messages=await messages_out(
            opened.messages, request=request, services=services, scope=opened.scope, feedback={}
        ),
    )
