"""Calls about the audit log."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager

from assistant.client.transport import Transport
from assistant.schemas.audit import AuditChainOut, AuditFormat, AuditPageOut, ResolvedPersonOut
from assistant.schemas.conversations import InspectedConversation
from assistant.schemas.inspections import ConversationFactsOut, InspectionIn

_WALK_S = 600.0
"""Some seconds for 100,000 entries."""

Wanted = Mapping[str, str | list[str]]
"""What to look for: `since`, `until`, `act`, `outcome`, `person`, `tenant_id`, as the API names them."""


class AuditCalls:
    """The part of the client that deals with the audit log."""

    _transport: Transport

    def audit_page(self, wanted: Wanted, *, before: str = "", limit: int = 50) -> AuditPageOut:
        """Entries, newest first, from those right before one on."""
        query = {**wanted, "before": before, "limit": limit}
        return self._transport.call("GET", "/api/v1/audit", returns=AuditPageOut, params=query)

    @contextmanager
    def audit_export(self, wanted: Wanted, *, form: AuditFormat) -> Generator[Iterator[str]]:
        """The pieces of an export, to be read within the block."""
        query = {**wanted, "format": form}
        headers = {"Accept": "*/*"}
        path = "/api/v1/audit/export"
        with self._transport.stream("GET", path, params=query, headers=headers) as response:
            yield response.iter_text()

    def audit_chain(self) -> AuditChainOut:
        """What is known of the chain of entries."""
        return self._transport.call("GET", "/api/v1/audit/chain", returns=AuditChainOut)

    def verify_audit(self) -> AuditChainOut:
        """Have the whole chain verified now."""
        path = "/api/v1/audit/chain/verify"
        return self._transport.call("POST", path, returns=AuditChainOut, timeout=_WALK_S)

    def resolve_pseudonym(self, pseudonym: str) -> ResolvedPersonOut:
        """The person that a pseudonym stands for."""
        path = f"/api/v1/audit/people/{pseudonym}"
        return self._transport.call("GET", path, returns=ResolvedPersonOut)

    def list_audited_conversations(
        self, *, tenant_id: str | None = None, pseudonym: str = "", limit: int = 50, offset: int = 0
    ) -> list[ConversationFactsOut]:
        """Conversations of a tenant without a word of them, the last used first; for auditors."""
        query: dict[str, str | int] = {"pseudonym": pseudonym, "limit": limit, "offset": offset}
        if tenant_id is not None:
            query["tenant_id"] = tenant_id
        path = "/api/v1/audit/conversations"
        return self._transport.call("GET", path, returns=list[ConversationFactsOut], params=query)

    def inspect_conversation(self, conversation_id: str, *, reason: str) -> InspectedConversation:
        """Read a conversation once, for a reason that its person sees."""
        return self._transport.call(
            "POST",
            f"/api/v1/audit/conversations/{conversation_id}/inspections",
            returns=InspectedConversation,
            json=InspectionIn(reason=reason).model_dump(),
        )
