"""Conversations: private threads of questions and answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.ids import AnswerId, ConversationId, MessageId, PersonId, TenantId


class Author(StrEnum):
    """Who wrote a message."""

    PERSON = "person"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread that belongs to one person."""

    id: ConversationId
    tenant_id: TenantId
    person_id: PersonId
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance."""

    id: MessageId
    conversation_id: ConversationId
    author: Author
    text: str
    """The question; for the assistant the final text, empty while the answer runs."""
    answer_id: AnswerId | None
    """For the assistant: the answer whose events hold its citations."""
    created_at: datetime
