"""Groups of a tenant; for its administrators."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.api.deps import Manager, UseCases
from assistant.api.organisation_out import group_out, person_out
from assistant.api.routes.people import OfTenant, tenant_of
from assistant.domain.ids import GroupId, PersonId
from assistant.schemas.people import GroupDetail, GroupIn, GroupOut, MembersIn

router = APIRouter(prefix="/groups", tags=["people"])


@router.get("")
def list_groups(
    principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> list[GroupOut]:
    """Groups of a tenant, by name."""
    found = services.organisation.groups.list_all(
        tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
    return [group_out(each) for each in found]


@router.post("", status_code=201)
def create_group(
    asked: GroupIn, principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> GroupOut:
    """A new group without people."""
    made = services.organisation.groups.create(
        asked.name, tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
    return group_out(made)


@router.get("/{group_id}")
def get_group(
    group_id: str, principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> GroupDetail:
    """A group and its people."""
    group, people = services.organisation.groups.get(
        GroupId(group_id), tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
    return GroupDetail(group=group_out(group), people=[person_out(each) for each in people])


@router.patch("/{group_id}")
def rename_group(
    group_id: str,
    asked: GroupIn,
    principal: Manager,
    services: UseCases,
    tenant_id: OfTenant = None,
) -> GroupOut:
    """Give a group another name."""
    renamed = services.organisation.groups.rename(
        GroupId(group_id),
        asked.name,
        tenant_id=tenant_of(tenant_id, principal),
        principal=principal,
    )
    return group_out(renamed)


@router.delete("/{group_id}", status_code=204)
def delete_group(
    group_id: str, principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> None:
    """Delete a group: its people lose at once what only it opened to them."""
    services.organisation.groups.delete(
        GroupId(group_id), tenant_id=tenant_of(tenant_id, principal), principal=principal
    )


@router.post("/{group_id}/people", status_code=204)
def add_members(
    group_id: str,
    asked: MembersIn,
    principal: Manager,
    services: UseCases,
    tenant_id: OfTenant = None,
) -> None:
    """Add people of the tenant to a group; those already in stay."""
    services.organisation.groups.add_members(
        GroupId(group_id),
        [PersonId(each) for each in asked.people],
        tenant_id=tenant_of(tenant_id, principal),
        principal=principal,
    )


@router.delete("/{group_id}/people/{person_id}", status_code=204)
def remove_member(
    group_id: str,
    person_id: str,
    principal: Manager,
    services: UseCases,
    tenant_id: OfTenant = None,
) -> None:
    """Remove a person from a group: it loses at once what only this group opened to it."""
    services.organisation.groups.remove_member(
        GroupId(group_id),
        PersonId(person_id),
        tenant_id=tenant_of(tenant_id, principal),
        principal=principal,
    )
