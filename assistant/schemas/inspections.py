"""Conversations that an auditor reads, before they are opened and as their person learns of it."""

from __future__ import annotations

from datetime import datetime

from assistant.schemas.wire import Wire


class InspectionIn(Wire):
    """Why an auditor reads a conversation."""

    reason: str
    """In 20 to 1,000 characters; its person reads it."""


class OwnInspectionOut(Wire):
    """An auditor read a conversation of one's own."""

    id: str
    conversation_id: str | None
    """Null once the conversation was deleted."""
    title: str | None
    """Of the conversation; null once it was deleted."""
    reason: str
    is_of_platform: bool
    """True for an auditor of the platform, false for one of one's own tenant."""
    made_at: datetime
    seen_at: datetime | None
    """When one said to know; null before."""


class ConversationFactsOut(Wire):
    """A conversation without a word of it."""

    id: str
    tenant_id: str
    pseudonym: str
    """Of its person, as in the audit log."""
    questions: int
    created_at: datetime
    updated_at: datetime
