"""Conversations of one person."""

from __future__ import annotations

from dataclasses import replace

from assistant.domain.conversations import Conversation, Message
from assistant.domain.errors import NotFound
from assistant.domain.ids import ConversationId, new_id
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory

_TITLE_CHARS = 200


class ConversationService:
    """Creates, reads, renames and deletes conversations; each is private to its person."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    def create(self, *, principal: Principal, title: str = "") -> Conversation:
        """A new conversation; without a title, its first question will name it."""
        now = self._clock.now()
        conversation = Conversation(
            id=ConversationId(new_id()),
            tenant_id=principal.tenant_id,
            person_id=principal.person_id,
            title=title.strip()[:_TITLE_CHARS],
            created_at=now,
            updated_at=now,
        )
        with self._open_work() as work:
            work.conversations.add(conversation)
            work.commit()
        return conversation

    def list_recent(self, *, scope: Scope, limit: int) -> list[Conversation]:
        """The reader's conversations, last used first."""
        with self._open_work() as work:
            return work.conversations.list_recent(scope=scope, limit=limit)

    def get(
        self, conversation_id: ConversationId, *, scope: Scope
    ) -> tuple[Conversation, list[Message]]:
        """A conversation and its messages, in order.

        Raises:
            NotFound: It is not the reader's.
        """
        with self._open_work() as work:
            conversation = work.conversations.find(conversation_id, scope=scope)
            if conversation is None:
                raise NotFound
            return conversation, work.conversations.messages(conversation_id, scope=scope)

    def rename(self, conversation_id: ConversationId, *, title: str, scope: Scope) -> Conversation:
        """Give a conversation another title.

        Raises:
            NotFound: It is not the reader's.
        """
        with self._open_work() as work:
            found = work.conversations.find(conversation_id, scope=scope)
            if found is None:
                raise NotFound
            renamed = replace(found, title=title.strip()[:_TITLE_CHARS])
            work.conversations.update(renamed)
            work.commit()
        return renamed

    def delete(self, conversation_id: ConversationId, *, scope: Scope) -> None:
        """Delete a conversation with its messages and answers.

        Raises:
            NotFound: It is not the reader's.
        """
        with self._open_work() as work:
            work.conversations.delete(conversation_id, scope=scope)
            work.commit()
