"""Conversations and their messages."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.answers import AnswerOut
from assistant.schemas.feedback import FeedbackOut
from assistant.schemas.inspections import OwnInspectionOut
from assistant.schemas.wire import Wire


class ConversationIn(Wire):
    """Create or rename a conversation."""

    title: str = Field(default="", max_length=200)


class ConversationOut(Wire):
    """A conversation."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime


class MessageIn(Wire):
    """A question in a conversation."""

    question: str
    collections: list[str] | None = Field(default=None, max_length=1000)
    """Ids of the collections to stay within; null takes all that the caller may read."""


class MessageOut(Wire):
    """One utterance."""

    id: str
    author: Literal["person", "assistant"]
    text: str
    answer: AnswerOut | None
    """For the assistant: the answer as it stands now."""
    feedback: FeedbackOut | None = None
    """What one said of the answer; null when nothing."""
    created_at: datetime


class ConversationDetail(Wire):
    """A conversation with its messages, in order."""

    conversation: ConversationOut
    messages: list[MessageOut]
    inspections: list[OwnInspectionOut] = Field(default=[])
    """When an auditor read it, and why; the newest first."""


class InspectedConversation(Wire):
    """A conversation that an auditor was let read, once; nothing in it can be changed."""

    pseudonym: str
    """Of its person, as in the audit log."""
    reason: str
    """As its person will read it."""
    made_at: datetime
    conversation: ConversationOut
    messages: list[MessageOut]
    """Answers that rest on documents which the auditor may not read itself are withheld."""
