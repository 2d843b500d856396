"""Conversations and messages of one reader."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from assistant.adapters.sql.rows import (
    CONVERSATION_FIELDS,
    MESSAGE_FIELDS,
    conversation_of,
    fields_of,
    message_of,
)
from assistant.adapters.sql.scoping import of_reader
from assistant.adapters.sql.tables import conversations, messages
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.conversations import Author, Conversation, Message
from assistant.domain.errors import NotFound
from assistant.domain.ids import AnswerId, ConversationId, TenantId
from assistant.domain.tenancy import Scope


class SqlConversationRepository:
    """Implements `ConversationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, conversation: Conversation) -> None:
        """Keep a new conversation."""
        self._transaction.write(
            conversations.insert().values(**fields_of(conversation, CONVERSATION_FIELDS))
        )

    def find(self, conversation_id: ConversationId, *, scope: Scope) -> Conversation | None:
        """A conversation of the reader."""
        row = self._transaction.first(
            select(conversations).where(
                conversations.c.id == conversation_id, of_reader(scope, conversations)
            )
        )
        return None if row is None else conversation_of(row)

    def list_recent(self, *, scope: Scope, limit: int) -> list[Conversation]:
        """The reader's conversations, last used first; the newest first among equals."""
        query = (
            select(conversations)
            .where(of_reader(scope, conversations))
            .order_by(conversations.c.updated_at.desc(), conversations.c.number.desc())
            .limit(limit)
        )
        return [conversation_of(row) for row in self._transaction.read(query)]

    def update(self, conversation: Conversation) -> None:
        """Replace title and last use. Raises `NotFound` when it was deleted meanwhile."""
        changed = self._transaction.write(
            update(conversations)
            .where(
                conversations.c.id == conversation.id,
                conversations.c.tenant_id == conversation.tenant_id,
                conversations.c.person_id == conversation.person_id,
            )
            .values(title=conversation.title, updated_at=conversation.updated_at)
        )
        if not changed:
            raise NotFound

    def delete(self, conversation_id: ConversationId, *, scope: Scope) -> None:
        """Delete a conversation with its messages and answers. Raises `NotFound`."""
        deleted = self._transaction.write(
            conversations.delete().where(
                conversations.c.id == conversation_id, of_reader(scope, conversations)
            )
        )
        if not deleted:
            raise NotFound

    def forget_unused(self, *, tenant_id: TenantId, before: datetime, limit: int) -> int:
        """Delete conversations of a tenant that were last used before a moment; how many there were."""
        oldest = (
            select(conversations.c.id)
            .where(conversations.c.tenant_id == tenant_id, conversations.c.updated_at < before)
            .order_by(conversations.c.updated_at, conversations.c.number)
            .limit(limit)
        )
        return self._transaction.write(conversations.delete().where(conversations.c.id.in_(oldest)))

    def add_message(self, message: Message) -> None:
        """Append a message. Raises `Conflict` when its conversation is gone."""
        self._transaction.write(messages.insert().values(**fields_of(message, MESSAGE_FIELDS)))

    def set_message_text(self, answer_id: AnswerId, *, text: str) -> None:
        """Write the final text of the assistant's message of an answer."""
        self._transaction.write(
            update(messages)
            .where(messages.c.answer_id == answer_id, messages.c.author == Author.ASSISTANT)
            .values(text=text)
        )

    def messages(self, conversation_id: ConversationId, *, scope: Scope) -> list[Message]:
        """Messages in order; empty when the conversation is not the reader's."""
        query = (
            select(messages)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .where(messages.c.conversation_id == conversation_id, of_reader(scope, conversations))
            .order_by(messages.c.number)
        )
        return [message_of(row) for row in self._transaction.read(query)]
