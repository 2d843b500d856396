"""Tenants, people, groups, keys and collections as wire models, and what is asked of them."""

from __future__ import annotations

from dataclasses import asdict

from assistant.api.mapping import API_PREFIX
from assistant.domain.ids import GroupId, TenantId
from assistant.domain.people import ApiKey, Group, Invitation, Person
from assistant.domain.sessions import Session
from assistant.domain.tenancy import Audience, Collection, Permission, Principal, Role
from assistant.domain.tenants import Quotas, Remains, Tenant, TenantKind
from assistant.schemas.collections import CollectionChangeIn, CollectionDetail, CollectionOut
from assistant.schemas.people import GroupOut, InvitationOut, KeyOut, PersonOut
from assistant.schemas.service import CharterState, MeOut, TenantBrief
from assistant.schemas.sessions import SessionOut
from assistant.schemas.tenants import (
    ErasureOut,
    QuotasIO,
    RemainsOut,
    TenantChangeIn,
    TenantIn,
    TenantOut,
)
from assistant.services.access import Profile
from assistant.services.collections import CollectionChange
from assistant.services.tenant_erasure import ErasureReport
from assistant.services.tenants import TenantChange


def tenant_change(asked: TenantChangeIn | TenantIn) -> TenantChange:
    """What was asked to be changed of a tenant."""
    return TenantChange(
        name=asked.name,
        kind=None if asked.kind is None else TenantKind(asked.kind),
        siren=asked.siren,
        sirets=None if asked.sirets is None else frozenset(asked.sirets),
        parent_id=None if asked.parent_id is None else TenantId(asked.parent_id),
        colour=asked.colour,
        time_zone=asked.time_zone,
        welcome=asked.welcome,
        charter_text=asked.charter_text,
        retention_days=asked.retention_days,
        quotas=None if asked.quotas is None else Quotas(**asked.quotas.model_dump()),
        allowed_models=None if asked.allowed_models is None else tuple(asked.allowed_models),
    )


def tenant_out(tenant: Tenant) -> TenantOut:
    """A tenant."""
    return TenantOut(
        id=tenant.id,
        name=tenant.name,
        kind=tenant.kind.value,
        siren=tenant.siren,
        sirets=sorted(tenant.sirets),
        parent_id=tenant.parent_id,
        state=tenant.state.value,
        state_since=tenant.state_since,
        colour=tenant.colour,
        time_zone=tenant.time_zone,
        welcome=tenant.welcome,
        charter_version=tenant.charter.version,
        charter_text=tenant.charter.text,
        retention_days=tenant.retention_days,
        quotas=QuotasIO(**asdict(tenant.quotas)),
        allowed_models=list(tenant.allowed_models),
    )


def erasure_out(report: ErasureReport) -> ErasureOut:
    """What an erasure found and left."""
    return ErasureOut(
        is_complete=report.is_complete,
        found=_remains_out(report.found),
        left=_remains_out(report.left),
    )


def _remains_out(remains: Remains) -> RemainsOut:
    return RemainsOut(
        rows=dict(sorted(remains.rows.items())),
        files=remains.files,
        points=remains.points,
        quotes=remains.quotes,
        parts=remains.parts,
        total=remains.total,
    )


def person_out(person: Person) -> PersonOut:
    """A person."""
    return PersonOut(
        id=person.id,
        tenant_id=person.tenant_id,
        name=person.name,
        email=person.email,
        roles=[role.value for role in sorted(person.roles)],
        state=person.state.value,
        charter_version=person.charter_version,
        created_at=person.created_at,
        seen_at=person.seen_at,
    )


def roles_of(names: list[str]) -> frozenset[Role]:
    """Roles by name."""
    return frozenset(map(Role, names))


def group_out(group: Group) -> GroupOut:
    """A group."""
    return GroupOut(id=group.id, name=group.name)


def invitation_out(invitation: Invitation, person: Person) -> InvitationOut:
    """An invitation."""
    return InvitationOut(
        id=invitation.id,
        person=person_out(person),
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


def key_out(key: ApiKey) -> KeyOut:
    """A key without its secret."""
    return KeyOut(
        id=key.id,
        person_id=key.person_id,
        name=key.name,
        prefix=key.prefix,
        permissions=[each.value for each in sorted(key.permissions)],
        created_at=key.created_at,
        expires_at=key.expires_at,
        used_at=key.used_at,
    )


def collection_change(asked: CollectionChangeIn) -> CollectionChange:
    """What was asked to be changed of a collection."""
    return CollectionChange(
        name=asked.name,
        label=asked.label,
        audience=None if asked.audience is None else Audience(asked.audience),
        groups=None if asked.groups is None else [GroupId(each) for each in asked.groups],
        tenants=None if asked.tenants is None else [TenantId(each) for each in asked.tenants],
    )


def collection_out(collection: Collection, *, reader: Principal) -> CollectionOut:
    """A collection as a reader sees it: not who else reads it."""
    return CollectionOut(
        id=collection.id,
        tenant_id=collection.tenant_id,
        name=collection.name,
        label=collection.label,
        is_own=collection.tenant_id == reader.tenant_id,
    )


def collection_detail(collection: Collection) -> CollectionDetail:
    """A collection as its administrators see it."""
    return CollectionDetail(
        id=collection.id,
        tenant_id=collection.tenant_id,
        name=collection.name,
        label=collection.label,
        audience=collection.audience.value,
        groups=sorted(collection.groups),
        tenants=sorted(collection.tenants),
    )


def me_out(
    profile: Profile,
    *,
    principal: Principal,
    max_file_mb: int,
    unseen_inspections: int,
    local_accounts: bool,
    keeps_questions: bool,
) -> MeOut:
    """Who is signed in."""
    person, tenant = profile.person, profile.tenant
    charter = tenant.charter
    return MeOut(
        person_id=person.id,
        roles=sorted(role.value for role in principal.roles),
        is_admin=principal.is_admin,
        max_file_mb=max_file_mb,
        name=person.name,
        email=person.email,
        permissions=[each.value for each in Permission if each in principal.permissions],
        is_read_only=principal.is_read_only,
        tenant=TenantBrief(
            id=tenant.id,
            name=tenant.name,
            state=tenant.state.value,
            colour=tenant.colour,
            time_zone=tenant.time_zone,
            welcome=tenant.welcome,
            logo_url=f"{API_PREFIX}/v1/tenants/{tenant.id}/logo" if profile.has_logo else None,
            retention_days=tenant.retention_days,
            keeps_questions=keeps_questions,
        ),
        charter=CharterState(
            version=charter.version,
            text=charter.text,
            is_accepted=not charter.asks(person.charter_version),
        ),
        export_consent=person.export_consent,
        unseen_inspections=unseen_inspections,
        has_password=profile.has_password,
        local_accounts=local_accounts,
    )


def session_out(session: Session, *, is_current: bool) -> SessionOut:
    """A session as the API tells it; never its secret."""
    return SessionOut(
        id=session.id,
        device=session.device,
        created_at=session.created_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        is_current=is_current,
    )
