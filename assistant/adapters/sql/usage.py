"""Counters of what tenants use, and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, case, func, select, update

from assistant.adapters.sql.tables import answers, documents
from assistant.adapters.sql.transaction import Transaction
from assistant.adapters.sql.usage_tables import person_days, usage_days
from assistant.domain.answers import AnswerStatus
from assistant.domain.ids import AnswerId, PersonId, TenantId
from assistant.domain.usage import Held, Unit

_HELD = select(
    func.count().label("documents"),
    func.coalesce(func.sum(documents.c.size_bytes), 0).label("size_bytes"),
).where(~documents.c.is_deleted, documents.c.sha256 != "")


class SqlUsageRepository:
    """Implements `UsageRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, tenant_id: TenantId, *, day: date, amounts: Mapping[Unit, int]) -> None:
        """Add to counters of a day; negative amounts take back, never below zero."""
        for unit, amount in amounts.items():
            key = {"tenant_id": tenant_id, "day": day, "unit": unit}
            self._add(usage_days, usage_days.c.amount, key=key, amount=amount)

    def raise_to(self, tenant_id: TenantId, *, day: date, unit: Unit, level: int) -> None:
        """Bring a counter of a day to a level that it has not reached; a higher one stays."""
        key = {"tenant_id": tenant_id, "day": day, "unit": unit}
        self._transaction.add_missing(usage_days, [{**key, "amount": level}])
        self._transaction.write(
            update(usage_days)
            .where(*_is(usage_days, key), usage_days.c.amount < level)
            .values(amount=level)
        )

    def add_question(
        self, person_id: PersonId, *, tenant_id: TenantId, day: date, amount: int
    ) -> None:
        """Add to the questions of a person; negative amounts take back, never below zero."""
        key = {"tenant_id": tenant_id, "person_id": person_id, "day": day}
        self._add(person_days, person_days.c.questions, key=key, amount=amount)

    def questions_of(self, person_id: PersonId, *, tenant_id: TenantId, day: date) -> int:
        """Questions that a person asked on a day."""
        key = {"tenant_id": tenant_id, "person_id": person_id, "day": day}
        row = self._transaction.first(select(person_days.c.questions).where(*_is(person_days, key)))
        return 0 if row is None else row.questions

    def forget_people(self, tenant_id: TenantId, *, before: date) -> None:
        """Drop the questions of its people on days before one."""
        old = (person_days.c.tenant_id == tenant_id, person_days.c.day < before)
        if self._transaction.first(select(person_days.c.day).where(*old).limit(1)) is not None:
            self._transaction.write(person_days.delete().where(*old))

    def totals(self, tenant_id: TenantId, *, first: date, last: date) -> dict[Unit, int]:
        """Sums over days, both ends included; units never counted are absent, levels are left out."""
        query = (
            select(usage_days.c.unit, func.sum(usage_days.c.amount).label("amount"))
            .where(
                usage_days.c.tenant_id == tenant_id,
                usage_days.c.day.between(first, last),
                usage_days.c.unit != Unit.STORED_BYTES,
            )
            .group_by(usage_days.c.unit)
        )
        return {row.unit: int(row.amount) for row in self._transaction.read(query)}

    def levels(
        self, tenant_id: TenantId, *, unit: Unit, first: date, last: date
    ) -> dict[date, int]:
        """A counter on each day that has it, both ends included, and on the last one before."""
        own = (usage_days.c.tenant_id == tenant_id, usage_days.c.unit == unit)
        before = select(func.max(usage_days.c.day)).where(*own, usage_days.c.day < first)
        query = (
            select(usage_days.c.day, usage_days.c.amount)
            .where(
                *own,
                usage_days.c.day >= func.coalesce(before.scalar_subquery(), first),
                usage_days.c.day <= last,
            )
            .order_by(usage_days.c.day)
        )
        return {row.day: row.amount for row in self._transaction.read(query)}

    def running(
        self,
        tenant_id: TenantId,
        *,
        person_id: PersonId | None,
        apart_from: Collection[AnswerId],
    ) -> int:
        """Answers that are under way for a tenant, or for a person of it, in every process."""
        query = select(answers.c.id).where(
            answers.c.status == AnswerStatus.RUNNING, answers.c.tenant_id == tenant_id
        )
        if person_id is not None:
            query = query.where(answers.c.person_id == person_id)
        return len({row.id for row in self._transaction.read(query)} - set(apart_from))

    def held(self, tenant_id: TenantId) -> Held:
        """The documents of a tenant, in all its collections."""
        (row,) = self._transaction.read(_HELD.where(documents.c.tenant_id == tenant_id))
        return _held(row)

    def held_by_tenant(self) -> dict[TenantId, Held]:
        """The same of every tenant that has documents."""
        query: Select[Any] = _HELD.add_columns(documents.c.tenant_id).group_by(
            documents.c.tenant_id
        )
        return {row.tenant_id: _held(row) for row in self._transaction.read(query)}

    def _add(
        self, table: Table, column: ColumnElement[int], *, key: Mapping[str, Any], amount: int
    ) -> None:
        name = str(column.key)
        self._transaction.add_missing(table, [{**key, name: 0}])
        more = column + amount
        self._transaction.write(
            update(table).where(*_is(table, key)).values({name: case((more < 0, 0), else_=more)})
        )


def _is(table: Table, key: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in key.items()]


def _held(row: Any) -> Held:
    return Held(documents=int(row.documents), size_bytes=int(row.size_bytes))
