"""What people say of answers, and what auditors read of conversations, in the relational store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from assistant.domain.feedback import CountKey, Feedback
from assistant.domain.ids import AnswerId, ConversationId, PersonId, TenantId
from assistant.domain.inspections import ConversationFacts, Inspection, OwnInspection
from assistant.domain.tenancy import Scope


class FeedbackRepository(Protocol):
    """Feedback of the scope's own reader, and the counts of whole tenants."""

    def put(self, feedback: Feedback) -> None:
        """Keep feedback in the place of what its person said of the answer before."""
        ...

    def find(self, answer_ids: Collection[AnswerId], *, scope: Scope) -> dict[AnswerId, Feedback]:
        """What the reader says of some of its answers (any number); absent when nothing."""
        ...

    def delete(self, answer_id: AnswerId, *, scope: Scope) -> bool:
        """Withdraw what the reader says of an answer; False when there was nothing."""
        ...

    def add_counts(self, tenant_id: TenantId, amounts: Mapping[CountKey, int]) -> None:
        """Add to counts of a tenant; negative amounts take back, never below zero."""
        ...

    def counts(self, tenant_id: TenantId, *, month: date) -> dict[CountKey, int]:
        """The counts of a month, by its first day; those at zero are absent."""
        ...

    def shared(self, tenant_id: TenantId, *, month: date, limit: int) -> list[Feedback]:
        """Feedback of a month whose comment its person passed on, the newest first."""
        ...


class InspectionRepository(Protocol):
    """What auditors read. Nothing here changes a reason or removes an inspection."""

    def add(self, inspection: Inspection) -> None:
        """Keep a new inspection."""
        ...

    def list_own(self, *, scope: Scope) -> list[OwnInspection]:
        """The inspections of the reader's conversations, the newest first."""
        ...

    def unseen(self, *, scope: Scope) -> int:
        """How many of them the reader has not said to know."""
        ...

    def note_seen(self, *, scope: Scope, now: datetime) -> None:
        """Write that the reader knows of all of them."""
        ...

    def overview(
        self,
        tenant_id: TenantId,
        *,
        person_id: PersonId | None,
        limit: int,
        offset: int,
    ) -> Sequence[ConversationFacts]:
        """Facts of the conversations of a tenant or of a person of it, the last used first."""
        ...

    def facts(self, conversation_id: ConversationId) -> ConversationFacts | None:
        """Facts of a conversation of any tenant; services ask first whether the caller may know."""
        ...
