"""Groups of a tenant and their members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, NotFound
from assistant.domain.ids import GroupId, PersonId, TenantId, new_id
from assistant.domain.people import Group, Person
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.people import found_people
from assistant.services.roles import administered_tenant, changeable_tenant
from assistant.services.tenants import checked_name


class GroupService:
    """Makes, renames and deletes groups, and says who is in them. Blocking.

    Every method raises `NotFound` for tenants, groups and people that are unknown or foreign, and
    `Forbidden` when the principal does not administer the tenant, or it is suspended and something is
    to change ("tenant_suspended").
    """

    def __init__(self, open_work: UnitOfWorkFactory, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._audit = audit

    def list_all(self, *, tenant_id: TenantId, principal: Principal) -> list[Group]:
        """Groups of a tenant, by name."""
        with self._open_work() as work:
            administered_tenant(work, tenant_id, principal=principal)
            return work.groups.list_all(tenant_id=tenant_id)

    def get(
        self, group_id: GroupId, *, tenant_id: TenantId, principal: Principal
    ) -> tuple[Group, list[Person]]:
        """A group and its people, oldest first."""
        with self._open_work() as work:
            group = _found(work, group_id, tenant_id=tenant_id, principal=principal)
            members = work.groups.members(group_id, tenant_id=tenant_id)
        self._audit.record(
            Act.PEOPLE_LISTED,
            by=principal,
            tenant_id=tenant_id,
            subject=group_id,
            details={"people": len(members)},
        )
        return group, members

    def create(self, name: str, *, tenant_id: TenantId, principal: Principal) -> Group:
        """A new group without people.

        Raises:
            InvalidInput: The name is refused ("name_refused").
            Conflict: Another group has it ("group_name_taken").
        """
        group = Group(GroupId(new_id()), tenant_id, checked_name(name))
        with self._open_work() as work:
            changeable_tenant(work, tenant_id, principal=principal)
            _name_free(lambda: work.groups.add(group))
            self._tell(work, Act.GROUP_CREATED, group, principal)
            work.commit()
        return group

    def rename(
        self, group_id: GroupId, name: str, *, tenant_id: TenantId, principal: Principal
    ) -> Group:
        """Give a group another name.

        Raises:
            InvalidInput: The name is refused ("name_refused").
            Conflict: Another group has it ("group_name_taken").
        """
        with self._open_work() as work:
            group = _found(work, group_id, tenant_id=tenant_id, principal=principal)
            changeable_tenant(work, tenant_id, principal=principal)
            renamed = replace(group, name=checked_name(name))
            _name_free(lambda: work.groups.rename(renamed))
            self._tell(work, Act.GROUP_CHANGED, renamed, principal)
            work.commit()
        return renamed

    def delete(self, group_id: GroupId, *, tenant_id: TenantId, principal: Principal) -> None:
        """Delete a group: its people lose at once what only it opened to them."""
        with self._open_work() as work:
            group = _found(work, group_id, tenant_id=tenant_id, principal=principal)
            changeable_tenant(work, tenant_id, principal=principal)
            work.groups.delete(group_id, tenant_id=tenant_id)
            self._tell(work, Act.GROUP_DELETED, group, principal)
            work.commit()

    def add_members(
        self,
        group_id: GroupId,
        person_ids: Sequence[PersonId],
        *,
        tenant_id: TenantId,
        principal: Principal,
    ) -> None:
        """Add people of the tenant; those already in stay."""
        with self._open_work() as work:
            work.lock()
            group = _found(work, group_id, tenant_id=tenant_id, principal=principal)
            changeable_tenant(work, tenant_id, principal=principal)
            found_people(work, person_ids, tenant_id=tenant_id)
            work.groups.add_members(group_id, person_ids, tenant_id=tenant_id)
            for person_id in dict.fromkeys(person_ids):
                self._tell(work, Act.MEMBER_ADDED, group, principal, person_id=person_id)
            work.commit()

    def remove_member(
        self, group_id: GroupId, person_id: PersonId, *, tenant_id: TenantId, principal: Principal
    ) -> None:
        """Remove a person, who loses at once what only this group opened to it."""
        with self._open_work() as work:
            group = _found(work, group_id, tenant_id=tenant_id, principal=principal)
            found_people(work, [person_id], tenant_id=tenant_id)
            changeable_tenant(work, tenant_id, principal=principal)
            work.groups.remove_member(group_id, person_id, tenant_id=tenant_id)
            self._tell(work, Act.MEMBER_REMOVED, group, principal, person_id=person_id)
            work.commit()

    def _tell(
        self, work: UnitOfWork, act: Act, group: Group, by: Principal, **details: str | int
    ) -> None:
        self._audit.record_in(
            work, act, by=by, tenant_id=group.tenant_id, subject=group.id, details=details
        )


def _found(
    work: UnitOfWork, group_id: GroupId, *, tenant_id: TenantId, principal: Principal
) -> Group:
    administered_tenant(work, tenant_id, principal=principal)
    group = work.groups.find(group_id, tenant_id=tenant_id)
    if group is None:
        raise NotFound
    return group


def _name_free(write: Callable[[], None]) -> None:
    try:
        write()
    except Conflict as error:
        raise Conflict("group_name_taken") from error
