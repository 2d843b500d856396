"""Conversations and their answers in the relational store; each is its person's alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.answers import Answer, AnswerStatus, NumberedEvent
from assistant.domain.conversations import Conversation, Message
from assistant.domain.ids import AnswerId, ConversationId, PersonId, TenantId
from assistant.domain.tenancy import Scope


class ConversationRepository(Protocol):
    """Conversations of the scope's own reader."""

    def add(self, conversation: Conversation) -> None:
        """Keep a new conversation."""
        ...

    def find(self, conversation_id: ConversationId, *, scope: Scope) -> Conversation | None:
        """A conversation of the reader."""
        ...

    def list_recent(self, *, scope: Scope, limit: int) -> list[Conversation]:
        """The reader's conversations, last used first."""
        ...

    def update(self, conversation: Conversation) -> None:
        """Replace title and last use."""
        ...

    def delete(self, conversation_id: ConversationId, *, scope: Scope) -> None:
        """Delete a conversation with its messages and answers. Raises `NotFound`."""
        ...

    def forget_unused(self, *, tenant_id: TenantId, before: datetime, limit: int) -> int:
        """Delete conversations of all people of a tenant that were last used before a moment.

        For the machinery: with their messages and answers, the oldest first, at most `limit`.

        Returns:
            How many were deleted.
        """
        ...

    def add_message(self, message: Message) -> None:
        """Append a message."""
        ...

    def set_message_text(self, answer_id: AnswerId, *, text: str) -> None:
        """Write the final text of the assistant's message of an answer."""
        ...

    def messages(self, conversation_id: ConversationId, *, scope: Scope) -> list[Message]:
        """Messages in order; empty when the conversation is not the reader's."""
        ...


class AnswerRepository(Protocol):
    """Answers and their numbered events; private to their person."""

    def add(self, answer: Answer) -> None:
        """Keep a new running answer."""
        ...

    def find(self, answer_id: AnswerId, *, scope: Scope) -> Answer | None:
        """An answer of the reader."""
        ...

    def append_events(self, answer_id: AnswerId, events: Sequence[NumberedEvent]) -> None:
        """Keep events; a number already kept raises `Conflict`."""
        ...

    def events_after(
        self, answer_id: AnswerId, *, number: int, scope: Scope
    ) -> list[NumberedEvent]:
        """Events with a greater number, in order; empty when the answer is not the reader's."""
        ...

    def finish(self, answer_id: AnswerId, *, status: AnswerStatus, now: datetime) -> None:
        """Write how an answer ended."""
        ...

    def running(self) -> list[Answer]:
        """Answers in state RUNNING of every person; for the start of the serving process."""
        ...

    def request_cancel(self, answer_id: AnswerId, *, scope: Scope) -> bool:
        """Ask to stop a running answer; False when it is not the reader's or has ended."""
        ...

    def is_cancel_requested(self, answer_id: AnswerId) -> bool:
        """True when its reader asked to stop it."""
        ...

    def request_cancel_of(self, person_id: PersonId) -> None:
        """Ask to stop all running answers of a person, who may no longer read."""
        ...

    def forget_stateless(self, *, ended_before: datetime, limit: int) -> int:
        """Delete answers outside any conversation, of every person, that ended before a moment.

        For the machinery: nobody can reach them again once their reader has gone.

        Returns:
            How many were deleted, the oldest first, at most `limit`.
        """
        ...
