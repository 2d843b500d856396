"""What people say of answers, and the counts that outlive it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row, case, select, update

from assistant.adapters.sql.conversation_tables import answer_feedback as rows
from assistant.adapters.sql.conversation_tables import feedback_counts as counts
from assistant.adapters.sql.rows import fields_of
from assistant.adapters.sql.scoping import of_reader
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.feedback import CountKey, Feedback, FeedbackReason
from assistant.domain.ids import AnswerId, CollectionId, TenantId
from assistant.domain.tenancy import Scope

_PLAIN = (
    "answer_id", "tenant_id", "person_id", "verdict", "comment", "is_shared", "month", "given_at",
)  # fmt: skip


class SqlFeedbackRepository:
    """Implements `FeedbackRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put(self, feedback: Feedback) -> None:
        """Keep feedback in the place of what its person said of the answer before."""
        self._transaction.write(rows.delete().where(rows.c.answer_id == feedback.answer_id))
        self._transaction.write(
            rows.insert().values(
                **fields_of(feedback, _PLAIN),
                reasons=list(feedback.reasons),
                collections=list(feedback.collections),
            )
        )

    def find(self, answer_ids: Collection[AnswerId], *, scope: Scope) -> dict[AnswerId, Feedback]:
        """What the reader says of some of its answers (any number); absent when nothing."""
        found: dict[AnswerId, Feedback] = {}
        for batch in batches(answer_ids):
            query = select(rows).where(rows.c.answer_id.in_(batch), of_reader(scope, rows))
            found.update(
                (row.answer_id, _feedback_of(row)) for row in self._transaction.read(query)
            )
        return found

    def delete(self, answer_id: AnswerId, *, scope: Scope) -> bool:
        """Withdraw what the reader says of an answer; False when there was nothing."""
        own = rows.delete().where(rows.c.answer_id == answer_id, of_reader(scope, rows))
        return self._transaction.write(own) > 0

    def add_counts(self, tenant_id: TenantId, amounts: Mapping[CountKey, int]) -> None:
        """Add to counts of a tenant; negative amounts take back, never below zero."""
        for key, amount in amounts.items():
            columns = _columns_of(key, tenant_id=tenant_id)
            self._transaction.add_missing(counts, [{**columns, "amount": 0}])
            more = counts.c.amount + amount
            self._transaction.write(
                update(counts)
                .where(*(counts.c[name] == value for name, value in columns.items()))
                .values(amount=case((more < 0, 0), else_=more))
            )

    def counts(self, tenant_id: TenantId, *, month: date) -> dict[CountKey, int]:
        """The counts of a month, by its first day; those at zero are absent."""
        query = select(counts).where(
            counts.c.tenant_id == tenant_id, counts.c.month == month, counts.c.amount > 0
        )
        return {_key_of(row): row.amount for row in self._transaction.read(query)}

    def shared(self, tenant_id: TenantId, *, month: date, limit: int) -> list[Feedback]:
        """Feedback of a month whose comment its person passed on, the newest first."""
        query = (
            select(rows)
            .where(
                rows.c.tenant_id == tenant_id,
                rows.c.month == month,
                rows.c.is_shared,
                rows.c.comment != "",
            )
            .order_by(rows.c.given_at.desc(), rows.c.answer_id)
            .limit(limit)
        )
        return [_feedback_of(row) for row in self._transaction.read(query)]


def _columns_of(key: CountKey, *, tenant_id: TenantId) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "month": key.month,
        "collection_id": key.collection_id or "",
        "verdict": key.verdict,
        "reason": key.reason or "",
    }


def _key_of(row: Row[Any]) -> CountKey:
    return CountKey(
        month=row.month,
        collection_id=CollectionId(row.collection_id) if row.collection_id else None,
        verdict=row.verdict,
        reason=FeedbackReason(row.reason) if row.reason else None,
    )


def _feedback_of(row: Row[Any]) -> Feedback:
    return Feedback(
        **{name: getattr(row, name) for name in _PLAIN},
        reasons=tuple(map(FeedbackReason, row.reasons)),
        collections=tuple(map(CollectionId, row.collections)),
    )
