"""People of a tenant and their invitations; for its administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from assistant.api.deps import GateDep, Manager, Person, UseCases
from assistant.api.mapping import API_PREFIX
from assistant.api.organisation_out import (
    group_out,
    invitation_out,
    person_out,
    roles_of,
    session_out,
)
from assistant.api.routes.documents import Limit, Offset
from assistant.domain.ids import GroupId, InvitationId, PersonId, TenantId
from assistant.domain.tenancy import Principal
from assistant.schemas.people import (
    InvitationIn,
    InvitationMade,
    InvitationOut,
    PasswordLinkMade,
    PersonChangeIn,
    PersonDetail,
    PersonOut,
)
from assistant.schemas.sessions import EndedSessionsOut, SessionOut
from assistant.services.invitations import Invited

router = APIRouter(tags=["people"])

OfTenant = Annotated[str | None, Query(description="Of another tenant, for the platform.")]
"""Only the platform's administrators name another tenant than their own."""


def tenant_of(tenant_id: str | None, principal: Principal) -> TenantId:
    """The tenant that a request is about: the caller's own unless it names another one."""
    return principal.tenant_id if tenant_id is None else TenantId(tenant_id)


@router.get("/people")
def list_people(
    principal: Manager,
    services: UseCases,
    tenant_id: OfTenant = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[PersonOut]:
    """People of a tenant, oldest first."""
    found = services.organisation.people.list_page(
        tenant_id=tenant_of(tenant_id, principal), principal=principal, limit=limit, offset=offset
    )
    return [person_out(each) for each in found]


@router.get("/people/{person_id}")
def get_person(person_id: str, principal: Person, services: UseCases) -> PersonDetail:
    """A person and its groups; everybody may see itself."""
    person, groups = services.organisation.people.get(PersonId(person_id), principal=principal)
    return PersonDetail(person=person_out(person), groups=[group_out(each) for each in groups])


@router.patch("/people/{person_id}")
def change_person(
    person_id: str, asked: PersonChangeIn, principal: Manager, services: UseCases
) -> PersonOut:
    """Give a person another name or other roles; they count from its next request on."""
    changed = services.organisation.people.change(
        PersonId(person_id),
        principal=principal,
        name=asked.name,
        roles=None if asked.roles is None else roles_of([*asked.roles]),
    )
    return person_out(changed)


@router.post("/people/{person_id}/suspend")
async def suspend_person(person_id: str, principal: Manager, services: UseCases) -> PersonOut:
    """Keep a person out: its sessions, keys and running answers end at once."""
    suspended = await run_in_threadpool(
        services.organisation.people.suspend, PersonId(person_id), principal=principal
    )
    services.answers.stop_of(tenant_id=suspended.tenant_id, person_id=suspended.id)
    return person_out(suspended)


@router.post("/people/{person_id}/restore")
def restore_person(person_id: str, principal: Manager, services: UseCases) -> PersonOut:
    """Let a suspended person sign in again; its former keys stay worthless."""
    return person_out(
        services.organisation.people.restore(PersonId(person_id), principal=principal)
    )


@router.get("/people/{person_id}/sessions")
def list_sessions_of(person_id: str, principal: Manager, services: UseCases) -> list[SessionOut]:
    """Where a person is signed in, the last used first; that an administrator looked is recorded."""
    found = services.organisation.people.sessions(PersonId(person_id), principal=principal)
    return [session_out(each, is_current=False) for each in found]


@router.delete("/people/{person_id}/sessions")
def end_sessions_of(person_id: str, principal: Manager, services: UseCases) -> EndedSessionsOut:
    """Sign a person out everywhere at once; it may sign in again, and its keys go on."""
    ended = services.organisation.people.end_sessions(PersonId(person_id), principal=principal)
    return EndedSessionsOut(ended=ended)


@router.post("/people/{person_id}/password-link", status_code=201)
def make_password_link(
    person_id: str, principal: Manager, services: UseCases, gate: GateDep
) -> PasswordLinkMade:
    """A link by which a person sets a new password itself; told only now, and good for a day."""
    person, link, code = services.passwords.issue_link(PersonId(person_id), principal=principal)
    return PasswordLinkMade(
        url=f"{gate.base_url}{API_PREFIX}/auth/password/{code}",
        name=person.name,
        expires_at=link.expires_at,
    )


@router.get("/invitations")
def list_invitations(
    principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> list[InvitationOut]:
    """Invitations that were not accepted, oldest first."""
    found = services.organisation.invitations.list_all(
        tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
    return [invitation_out(invitation, person) for invitation, person in found]


@router.post("/invitations", status_code=201)
def invite(
    asked: InvitationIn,
    principal: Manager,
    services: UseCases,
    gate: GateDep,
    tenant_id: OfTenant = None,
) -> InvitationMade:
    """Invite a person; the link is told only now, and good for seven days."""
    invited = Invited(
        name=asked.name,
        email=asked.email,
        roles=roles_of([*asked.roles]),
        groups=[GroupId(each) for each in asked.groups],
    )
    invitation, person, code = services.organisation.invitations.invite(
        invited, tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
    return InvitationMade(
        invitation=invitation_out(invitation, person),
        url=f"{gate.base_url}{API_PREFIX}/auth/invitation/{code}",
    )


@router.delete("/invitations/{invitation_id}", status_code=204)
def withdraw_invitation(
    invitation_id: str, principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> None:
    """Make an invitation worthless, and forget who was invited."""
    services.organisation.invitations.withdraw(
        InvitationId(invitation_id),
        tenant_id=tenant_of(tenant_id, principal),
        principal=principal,
    )
