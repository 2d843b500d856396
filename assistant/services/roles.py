"""The one check of what a role allows."""

from __future__ import annotations

from assistant.domain.errors import Forbidden, NotFound
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Principal
from assistant.domain.tenants import Tenant, TenantState
from assistant.ports.repositories import UnitOfWork


def require_admin(principal: Principal) -> None:
    """Let administrators of the tenant through.

    Raises:
        Forbidden: The principal is not one.
    """
    if not principal.is_admin:
        raise Forbidden


def require_writer(principal: Principal) -> None:
    """Let administrators change documents of their tenant, unless it is suspended.

    Raises:
        Forbidden: The principal is no administrator, or the tenant is read-only ("tenant_suspended").
    """
    require_admin(principal)
    if principal.is_read_only:
        raise Forbidden("tenant_suspended")


def require_active(work: UnitOfWork, tenant_id: TenantId) -> None:
    """Within a transaction that changes documents: refuse when the tenant was suspended or closed since.

    Raises:
        Forbidden: It was ("tenant_suspended").
    """
    tenant = work.tenancy.find_tenant(tenant_id)
    if tenant is None or tenant.state is not TenantState.ACTIVE:
        raise Forbidden("tenant_suspended")


def require_platform_admin(principal: Principal) -> None:
    """Let administrators of the platform through.

    Raises:
        Forbidden: The principal is not one ("platform_forbidden").
    """
    if not principal.is_platform_admin:
        raise Forbidden("platform_forbidden")


def require_auditor(principal: Principal) -> None:
    """Let auditors through; who administers is none, whatever its other roles.

    Raises:
        Forbidden: The principal is not one ("auditor_only").
    """
    if not principal.is_auditor:
        raise Forbidden("auditor_only")


def found_tenant(work: UnitOfWork, tenant_id: TenantId, *, principal: Principal) -> Tenant:
    """A tenant that a principal may know of: its own, or any for administrators of the platform.

    Raises:
        NotFound: Unknown, foreign, or being erased.
    """
    if tenant_id != principal.tenant_id and not principal.is_platform_admin:
        raise NotFound
    tenant = work.tenancy.find_tenant(tenant_id)
    if tenant is None:
        raise NotFound
    return tenant


def administered_tenant(work: UnitOfWork, tenant_id: TenantId, *, principal: Principal) -> Tenant:
    """A tenant whose people and collections a principal administers, to read of them.

    Raises:
        NotFound: Unknown or foreign.
        Forbidden: Its own, but the principal is no administrator.
    """
    tenant = found_tenant(work, tenant_id, principal=principal)
    if not principal.administers(tenant_id):
        raise Forbidden
    return tenant


def changeable_tenant(work: UnitOfWork, tenant_id: TenantId, *, principal: Principal) -> Tenant:
    """As `administered_tenant`, to change them: a suspended tenant only by the platform's administrators.

    Raises:
        NotFound: Unknown, foreign, or being erased.
        Forbidden: No administrator, or the tenant is read-only ("tenant_suspended").
    """
    tenant = administered_tenant(work, tenant_id, principal=principal)
    if tenant.state is TenantState.DELETED:
        raise NotFound
    if tenant.state is not TenantState.ACTIVE and not principal.is_platform_admin:
        raise Forbidden("tenant_suspended")
    return tenant
