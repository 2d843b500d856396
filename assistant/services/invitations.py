"""Invitations of people into a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.ids import GroupId, InvitationId, PersonId, TenantId, new_id
from assistant.domain.people import Invitation, Person, PersonState, normalised_email
from assistant.domain.tenancy import Principal, Role
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.people import check_given
from assistant.services.roles import administered_tenant, changeable_tenant
from assistant.services.secrets import digest, new_secret
from assistant.services.tenants import checked_name

LIFE = timedelta(days=7)
"""How long an invitation may be accepted."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom to invite, and as what."""

    name: str
    email: str
    roles: frozenset[Role] = frozenset()
    """Beside that of an agent."""
    groups: Sequence[GroupId] = ()


class InvitationService:
    """Invites people, lists and withdraws invitations. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit

    def invite(
        self, invited: Invited, *, tenant_id: TenantId, principal: Principal
    ) -> tuple[Invitation, Person, str]:
        """A person who may join, and the code that it joins with, told only now.

        Somebody who was invited before and has not joined gets a new code in place of the old one.

        Raises:
            NotFound: The tenant is unknown or foreign, or a group unknown there.
            Forbidden: No administrator; a role that only the platform's administrators give
                ("platform_forbidden", "auditor_by_platform"), now or before; a suspended tenant
                ("tenant_suspended").
            InvalidInput: Name or address is refused ("name_refused", "email_refused").
            Conflict: The address is that of somebody who has joined ("email_taken").
        """
        email = normalised_email(invited.email)
        if email is None:
            raise InvalidInput("email_refused")
        code = new_secret()
        with self._open_work() as work:
            work.lock()
            changeable_tenant(work, tenant_id, principal=principal)
            roles = invited.roles | {Role.AGENT}
            check_given(roles, principal=principal)
            person = self._person(
                work, invited, email=email, roles=roles, tenant_id=tenant_id, principal=principal
            )
            _join_groups(work, person, invited.groups)
            now = self._clock.now()
            invitation = Invitation(
                id=InvitationId(new_id()),
                tenant_id=tenant_id,
                person_id=person.id,
                code_hash=digest(code),
                created_by=principal.person_id,
                created_at=now,
                expires_at=now + LIFE,
            )
            work.invitations.put(invitation)
            self._tell(work, Act.PERSON_INVITED, invitation, principal)
            work.commit()
        return invitation, person, code

    def list_all(
        self, *, tenant_id: TenantId, principal: Principal
    ) -> list[tuple[Invitation, Person]]:
        """Invitations of a tenant that were not accepted, with whom they are for, oldest first.

        Raises:
            NotFound: The tenant is unknown or foreign.
            Forbidden: No administrator of it.
        """
        with self._open_work() as work:
            administered_tenant(work, tenant_id, principal=principal)
            found = work.invitations.list_all(tenant_id=tenant_id)
            people = [work.people.find(each.person_id, tenant_id=tenant_id) for each in found]
        self._audit.record(
            Act.PEOPLE_LISTED, by=principal, tenant_id=tenant_id, details={"invited": len(found)}
        )
        return [
            (invitation, person)
            for invitation, person in zip(found, people, strict=True)
            if person is not None
        ]

    def withdraw(
        self, invitation_id: InvitationId, *, tenant_id: TenantId, principal: Principal
    ) -> None:
        """Make an invitation worthless, and forget who was invited.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator, or a suspended tenant ("tenant_suspended").
        """
        with self._open_work() as work:
            work.lock()
            administered_tenant(work, tenant_id, principal=principal)
            found = work.invitations.find(invitation_id, tenant_id=tenant_id)
            if found is None:
                raise NotFound
            changeable_tenant(work, tenant_id, principal=principal)
            self._tell(work, Act.INVITATION_WITHDRAWN, found, principal)
            work.invitations.delete(invitation_id, tenant_id=tenant_id)
            person = work.people.find(found.person_id, tenant_id=tenant_id)
            if person is not None and person.state is PersonState.INVITED:
                work.people.delete(person.id, tenant_id=tenant_id)
            work.commit()

    def _person(
        self,
        work: UnitOfWork,
        invited: Invited,
        *,
        email: str,
        roles: frozenset[Role],
        tenant_id: TenantId,
        principal: Principal,
    ) -> Person:
        known = work.people.find_by_email(email, tenant_id=tenant_id)
        name = checked_name(invited.name)
        if known is not None:
            if known.state is not PersonState.INVITED:
                raise Conflict("email_taken")
            check_given(known.roles, principal=principal)  # who has its new code can be that person
            person = replace(known, name=name, roles=roles)
            work.people.update(person)
            return person
        person = Person(
            id=PersonId(new_id()),
            tenant_id=tenant_id,
            name=name,
            email=email,
            roles=roles,
            state=PersonState.INVITED,
            created_at=self._clock.now(),
        )
        work.people.add(person)
        return person

    def _tell(self, work: UnitOfWork, act: Act, invitation: Invitation, by: Principal) -> None:
        self._audit.record_in(
            work,
            act,
            by=by,
            tenant_id=invitation.tenant_id,
            subject=invitation.person_id,
            details={"invitation": invitation.id},
        )


def _join_groups(work: UnitOfWork, person: Person, groups: Sequence[GroupId]) -> None:
    for group_id in groups:
        if work.groups.find(group_id, tenant_id=person.tenant_id) is None:
            raise NotFound
        work.groups.add_members(group_id, [person.id], tenant_id=person.tenant_id)
