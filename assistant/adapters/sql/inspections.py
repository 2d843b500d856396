"""What auditors read of conversations, and what they know before they read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update

from assistant.adapters.sql.conversation_tables import inspections
from assistant.adapters.sql.rows import fields_of
from assistant.adapters.sql.scoping import of_reader
from assistant.adapters.sql.tables import conversations, messages
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.conversations import Author
from assistant.domain.ids import ConversationId, PersonId, TenantId
from assistant.domain.inspections import ConversationFacts, Inspection, OwnInspection
from assistant.domain.tenancy import Scope

_FIELDS = (
    "id", "tenant_id", "person_id", "conversation_id", "reason", "is_of_platform", "made_at",
    "seen_at",
)  # fmt: skip
_COLUMNS: tuple[ColumnElement[Any], ...] = (
    conversations.c.id,
    conversations.c.tenant_id,
    conversations.c.person_id,
    conversations.c.created_at,
    conversations.c.updated_at,
    select(func.count())
    .where(messages.c.conversation_id == conversations.c.id, messages.c.author == Author.PERSON)
    .scalar_subquery()
    .label("questions"),
)


class SqlInspectionRepository:
    """Implements `InspectionRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, inspection: Inspection) -> None:
        """Keep a new inspection. Raises `Conflict` when its conversation is gone."""
        self._transaction.write(inspections.insert().values(**fields_of(inspection, _FIELDS)))

    def list_own(self, *, scope: Scope) -> list[OwnInspection]:
        """The inspections of the reader's conversations, the newest first."""
        query = (
            select(inspections, conversations.c.title)
            .select_from(
                inspections.outerjoin(
                    conversations, conversations.c.id == inspections.c.conversation_id
                )
            )
            .where(of_reader(scope, inspections))
            .order_by(inspections.c.number.desc())
        )
        return [
            OwnInspection(_inspection_of(row), title=row.title)
            for row in self._transaction.read(query)
        ]

    def unseen(self, *, scope: Scope) -> int:
        """How many of them the reader has not said to know."""
        query = (
            select(func.count())
            .select_from(inspections)
            .where(of_reader(scope, inspections), inspections.c.seen_at.is_(None))
        )
        row = self._transaction.first(query)
        return 0 if row is None else row[0]

    def note_seen(self, *, scope: Scope, now: datetime) -> None:
        """Write that the reader knows of all of them."""
        self._transaction.write(
            update(inspections)
            .where(of_reader(scope, inspections), inspections.c.seen_at.is_(None))
            .values(seen_at=now)
        )

    def overview(
        self,
        tenant_id: TenantId,
        *,
        person_id: PersonId | None,
        limit: int,
        offset: int,
    ) -> list[ConversationFacts]:
        """Facts of the conversations of a tenant or of a person of it, the last used first."""
        query = _facts().where(conversations.c.tenant_id == tenant_id)
        if person_id is not None:
            query = query.where(conversations.c.person_id == person_id)
        ordered = query.order_by(conversations.c.updated_at.desc(), conversations.c.number.desc())
        return self._all(ordered.limit(limit).offset(offset))

    def facts(self, conversation_id: ConversationId) -> ConversationFacts | None:
        """Facts of a conversation of any tenant."""
        return next(iter(self._all(_facts().where(conversations.c.id == conversation_id))), None)

    def _all(self, query: Select[Any]) -> list[ConversationFacts]:
        return [ConversationFacts(*row) for row in self._transaction.read(query)]


def _facts() -> Select[Any]:
    return select(*_COLUMNS)


def _inspection_of(row: Row[Any]) -> Inspection:
    return Inspection(**{name: getattr(row, name) for name in _FIELDS})
