"""Groups of tenants and their members."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from assistant.adapters.sql.people import person_of
from assistant.adapters.sql.people_tables import group_members, groups, people
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.errors import NotFound
from assistant.domain.ids import GroupId, PersonId, TenantId
from assistant.domain.people import Group, Person


class SqlGroupRepository:
    """Implements `GroupRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, group: Group) -> None:
        """Keep a new group. Raises `Conflict` when the name is taken in its tenant."""
        self._transaction.write(
            groups.insert().values(id=group.id, tenant_id=group.tenant_id, name=group.name)
        )

    def rename(self, group: Group) -> None:
        """Replace the name. Raises `NotFound`, or `Conflict` when it is taken."""
        this = update(groups).where(groups.c.id == group.id, groups.c.tenant_id == group.tenant_id)
        if self._transaction.write(this.values(name=group.name)) == 0:
            raise NotFound

    def delete(self, group_id: GroupId, *, tenant_id: TenantId) -> None:
        """Delete a group: its members lose at once what only it opened to them."""
        self._transaction.write(
            groups.delete().where(groups.c.id == group_id, groups.c.tenant_id == tenant_id)
        )

    def find(self, group_id: GroupId, *, tenant_id: TenantId) -> Group | None:
        """A group of a tenant."""
        row = self._transaction.first(
            select(groups).where(groups.c.id == group_id, groups.c.tenant_id == tenant_id)
        )
        return None if row is None else Group(row.id, row.tenant_id, row.name)

    def list_all(self, *, tenant_id: TenantId) -> list[Group]:
        """Groups of a tenant, by name."""
        query = select(groups).where(groups.c.tenant_id == tenant_id).order_by(groups.c.name)
        return [Group(row.id, row.tenant_id, row.name) for row in self._transaction.read(query)]

    def members(self, group_id: GroupId, *, tenant_id: TenantId) -> list[Person]:
        """People of a group, oldest first."""
        query = (
            select(people)
            .select_from(people.join(group_members, group_members.c.person_id == people.c.id))
            .where(group_members.c.group_id == group_id, group_members.c.tenant_id == tenant_id)
            .order_by(people.c.number)
        )
        return [person_of(row) for row in self._transaction.read(query)]

    def groups_of(self, person_id: PersonId, *, tenant_id: TenantId) -> list[Group]:
        """Groups that a person is in, by name."""
        query = (
            select(groups)
            .select_from(groups.join(group_members, group_members.c.group_id == groups.c.id))
            .where(group_members.c.person_id == person_id, group_members.c.tenant_id == tenant_id)
            .order_by(groups.c.name)
        )
        return [Group(row.id, row.tenant_id, row.name) for row in self._transaction.read(query)]

    def add_members(
        self, group_id: GroupId, person_ids: Sequence[PersonId], *, tenant_id: TenantId
    ) -> None:
        """Add people of the same tenant; those already in stay. Raises `Conflict` for others."""
        self._transaction.lock()
        known = {person.id for person in self.members(group_id, tenant_id=tenant_id)}
        self._transaction.write(
            group_members.insert(),
            [
                {"group_id": group_id, "person_id": person_id, "tenant_id": tenant_id}
                for person_id in dict.fromkeys(person_ids)
                if person_id not in known
            ],
        )

    def take_named(
        self,
        person_id: PersonId,
        group_ids: Sequence[GroupId],
        *,
        provider: str,
        tenant_id: TenantId,
    ) -> None:
        """Put a person in the groups that an identity provider names, and in no other of its naming.

        Memberships that administrators gave stay. Raises `Conflict` for foreign groups.
        """
        self._transaction.write(
            group_members.delete().where(
                group_members.c.person_id == person_id,
                group_members.c.tenant_id == tenant_id,
                group_members.c.provider == provider,
            )
        )
        key = {"person_id": person_id, "tenant_id": tenant_id, "provider": provider}
        self._transaction.add_missing(
            group_members, [{"group_id": group_id, **key} for group_id in dict.fromkeys(group_ids)]
        )

    def remove_member(self, group_id: GroupId, person_id: PersonId, *, tenant_id: TenantId) -> None:
        """Remove a person; no error when it is not in."""
        self._transaction.write(
            group_members.delete().where(
                group_members.c.group_id == group_id,
                group_members.c.person_id == person_id,
                group_members.c.tenant_id == tenant_id,
            )
        )
