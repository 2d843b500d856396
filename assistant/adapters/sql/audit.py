"""The chain of audit entries, and the pseudonyms of people in it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select, true

from assistant.adapters.sql.audit_tables import audit_entries as entries
from assistant.adapters.sql.audit_tables import audit_pseudonyms as pseudonyms
from assistant.adapters.sql.people_tables import people
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.audit import REFUSALS, Act
from assistant.domain.audit_chain import AuditEntry, chained, time_text
from assistant.domain.ids import PersonId, new_id
from assistant.ports.audit import AuditFilter, AuditScope

_FIELDS = tuple(each.name for each in fields(AuditEntry))


class SqlAuditRepository:
    """Implements `AuditRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def append(self, entry: AuditEntry) -> AuditEntry:
        """Keep an entry as the next one, with its number and hashes; nobody else writes meanwhile."""
        self._transaction.lock()
        linked = chained(entry, after=self.last())
        values = {name: getattr(linked, name) for name in _FIELDS}
        self._transaction.write(entries.insert().values(**values))
        return linked

    def pseudonym_of(self, person_id: PersonId) -> str | None:
        """What stands for a person in entries, made at its first act; None when there is no such person."""
        self._transaction.lock()
        row = self._transaction.first(
            select(people.c.tenant_id, pseudonyms.c.pseudonym)
            .select_from(people.outerjoin(pseudonyms, pseudonyms.c.person_id == people.c.id))
            .where(people.c.id == person_id)
        )
        if row is None or row.pseudonym is not None:
            return None if row is None else row.pseudonym
        made = new_id()
        self._transaction.write(
            pseudonyms.insert().values(person_id=person_id, tenant_id=row.tenant_id, pseudonym=made)
        )
        return made

    def person_of(self, pseudonym: str, *, scope: AuditScope) -> PersonId | None:
        """Who a pseudonym stands for; None when unknown, foreign, or erased since."""
        is_own = true() if scope.tenant_id is None else pseudonyms.c.tenant_id == scope.tenant_id
        row = self._transaction.first(
            select(pseudonyms.c.person_id).where(pseudonyms.c.pseudonym == pseudonym, is_own)
        )
        return None if row is None else PersonId(row.person_id)

    def last(self) -> AuditEntry | None:
        """The end of the chain; for the machinery."""
        return self._one(select(entries).order_by(entries.c.number.desc()).limit(1))

    def last_of(self, act: Act) -> AuditEntry | None:
        """The last entry of an act, whoever it concerns; for the machinery."""
        told = select(entries).where(entries.c.act == act.value)
        return self._one(told.order_by(entries.c.number.desc()).limit(1))

    def find(self, number: int) -> AuditEntry | None:
        """One entry of the chain; for the machinery."""
        return self._one(select(entries).where(entries.c.number == number))

    def walk_on(self, *, after: int, limit: int) -> list[AuditEntry]:
        """The entries with a greater number, in order; for the machinery."""
        return self._all(select(entries).where(entries.c.number > after), limit=limit)

    def page(
        self, wanted: AuditFilter, *, scope: AuditScope, before: str, limit: int
    ) -> list[AuditEntry]:
        """Entries of a scope, newest first."""
        query = select(entries).where(_is_of(scope), *_conditions(wanted))
        if before:
            bound = select(entries.c.number).where(entries.c.id == before, _is_of(scope))
            query = query.where(entries.c.number < bound.scalar_subquery())
        rows = self._transaction.read(query.order_by(entries.c.number.desc()).limit(limit))
        return [_entry_of(row) for row in rows]

    def stretch(
        self, wanted: AuditFilter, *, scope: AuditScope, after: int, limit: int
    ) -> list[AuditEntry]:
        """Entries of a scope with a greater number, oldest first."""
        query = select(entries).where(_is_of(scope), entries.c.number > after)
        return self._all(query.where(*_conditions(wanted)), limit=limit)

    def _one(self, query: Select[Any]) -> AuditEntry | None:
        row = self._transaction.first(query)
        return None if row is None else _entry_of(row)

    def _all(self, query: Select[Any], *, limit: int) -> list[AuditEntry]:
        rows = self._transaction.read(query.order_by(entries.c.number).limit(limit))
        return [_entry_of(row) for row in rows]


def _is_of(scope: AuditScope) -> ColumnElement[bool]:
    return true() if scope.tenant_id is None else entries.c.tenant == scope.tenant_id


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(entries.c.time >= time_text(wanted.since))
    if wanted.until is not None:
        found.append(entries.c.time < time_text(wanted.until))
    if wanted.acts:
        found.append(entries.c.act.in_(sorted(wanted.acts)))
    if wanted.is_refused is not None:
        is_refusal = entries.c.act.in_(sorted(REFUSALS))
        found.append(is_refusal if wanted.is_refused else ~is_refusal)
    if wanted.person:
        named = entries.c.details.contains(f'"person":"{wanted.person}"', autoescape=True)
        found.append(
            or_(entries.c.actor == wanted.person, entries.c.subject == wanted.person, named)
        )
    return found


def _entry_of(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in _FIELDS})
