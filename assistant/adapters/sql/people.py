"""People of tenants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select, update

from assistant.adapters.sql.people_tables import people
from assistant.adapters.sql.tenant_tables import tenants
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.errors import NotFound
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.people import Person, Standing
from assistant.domain.tenancy import Role
from assistant.domain.tenants import Charter

_PLAIN = (
    "id", "tenant_id", "name", "state", "created_at", "charter_version", "seen_at",
    "export_consent",
)  # fmt: skip


class SqlPeopleRepository:
    """Implements `PeopleRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, person: Person) -> None:
        """Keep a new person. Raises `Conflict` when the id is taken, or the address in its tenant."""
        self._transaction.write(people.insert().values(**_columns(person)))

    def update(self, person: Person) -> None:
        """Replace name, address, roles, state, charter and consent of a person. Raises `NotFound`."""
        values = _columns(person)
        for kept in ("id", "tenant_id", "created_at", "seen_at"):
            del values[kept]
        changed = update(people).where(
            people.c.id == person.id, people.c.tenant_id == person.tenant_id
        )
        if self._transaction.write(changed.values(**values)) == 0:
            raise NotFound

    def delete(self, person_id: PersonId, *, tenant_id: TenantId) -> None:
        """Delete a person with its memberships, invitation and keys; no error when unknown."""
        self._transaction.write(
            people.delete().where(people.c.id == person_id, people.c.tenant_id == tenant_id)
        )

    def find(self, person_id: PersonId, *, tenant_id: TenantId) -> Person | None:
        """A person of a tenant."""
        return self._one(
            select(people).where(people.c.id == person_id, people.c.tenant_id == tenant_id)
        )

    def find_by_email(self, email: str, *, tenant_id: TenantId) -> Person | None:
        """The person of a tenant with a normalised address."""
        return self._one(
            select(people).where(people.c.tenant_id == tenant_id, people.c.email == email)
        )

    def list_by_email(self, email: str) -> list[Person]:
        """The people of all tenants with a normalised address, oldest first; for who presents it."""
        query = select(people).where(people.c.email == email).order_by(people.c.number)
        return [person_of(row) for row in self._transaction.read(query)]

    def list_page(self, *, tenant_id: TenantId, limit: int, offset: int) -> list[Person]:
        """People of a tenant, oldest first."""
        query = (
            select(people)
            .where(people.c.tenant_id == tenant_id)
            .order_by(people.c.number)
            .limit(limit)
            .offset(offset)
        )
        return [person_of(row) for row in self._transaction.read(query)]

    def standing(self, person_id: PersonId) -> Standing | None:
        """A person of any tenant with what its tenant says of it; for who presents its credential."""
        row = self._transaction.first(
            select(
                people,
                tenants.c.state.label("tenant_state"),
                tenants.c.charter_version.label("asked_version"),
                tenants.c.charter_text,
            )
            .select_from(people.join(tenants, tenants.c.id == people.c.tenant_id))
            .where(people.c.id == person_id)
        )
        if row is None:
            return None
        charter = Charter(row.asked_version, row.charter_text)
        return Standing(person_of(row), tenant_state=row.tenant_state, charter=charter)

    def note_seen(self, person_id: PersonId, *, at: datetime) -> None:
        """Write when a person was seen last."""
        self._transaction.write(update(people).where(people.c.id == person_id).values(seen_at=at))

    def _one(self, query: Select[Any]) -> Person | None:
        row = self._transaction.first(query)
        return None if row is None else person_of(row)


def person_of(row: Row[Any]) -> Person:
    """The person of a row."""
    return Person(
        **{name: getattr(row, name) for name in _PLAIN},
        email=row.email or "",
        roles=frozenset(map(Role, row.roles)),
    )


def _columns(person: Person) -> dict[str, Any]:
    return {
        **{name: getattr(person, name) for name in _PLAIN},
        "email": person.email or None,
        "roles": sorted(person.roles),
    }
