"""Tenants: for the platform's administrators; each administrator sees and tends its own."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from assistant.api.deps import Manager, Person, UseCases
from assistant.api.organisation_out import erasure_out, tenant_change, tenant_out
from assistant.domain.errors import InvalidInput
from assistant.domain.ids import TenantId
from assistant.domain.tenants import OPEN_STATES, TenantState
from assistant.schemas.tenants import (
    ErasureOut,
    TenantChangeIn,
    TenantIn,
    TenantOut,
    TenantStateIn,
)
from assistant.services.logos import MOST_BYTES

router = APIRouter(prefix="/tenants", tags=["tenants"])

_IMAGE = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg")
        },
    }
}


@router.get("")
def list_tenants(principal: Person, services: UseCases, archived: bool = False) -> list[TenantOut]:
    """All tenants for the platform's administrators, oldest first; one's own for everybody else."""
    found = services.organisation.tenants.list_all(principal=principal, with_archived=archived)
    return [tenant_out(each) for each in found]


@router.post("", status_code=201)
def create_tenant(asked: TenantIn, principal: Manager, services: UseCases) -> TenantOut:
    """A new tenant with one empty collection."""
    return tenant_out(
        services.organisation.tenants.create(tenant_change(asked), principal=principal)
    )


@router.get("/{tenant_id}")
def get_tenant(tenant_id: str, principal: Person, services: UseCases) -> TenantOut:
    """A tenant."""
    return tenant_out(services.organisation.tenants.get(TenantId(tenant_id), principal=principal))


@router.patch("/{tenant_id}")
def change_tenant(
    tenant_id: str, asked: TenantChangeIn, principal: Manager, services: UseCases
) -> TenantOut:
    """Change a tenant; its own administrators its colour, time zone, texts and retention only."""
    changed = services.organisation.tenants.change(
        TenantId(tenant_id), tenant_change(asked), principal=principal
    )
    return tenant_out(changed)


@router.post("/{tenant_id}/state")
async def move_tenant(
    tenant_id: str, asked: TenantStateIn, principal: Manager, services: UseCases
) -> TenantOut:
    """Suspend (read-only), close, archive or reopen a tenant, one step at a time."""
    moved = await run_in_threadpool(
        services.organisation.tenants.move,
        TenantId(tenant_id),
        TenantState(asked.state),
        principal=principal,
    )
    if moved.state not in OPEN_STATES:
        services.answers.stop_of(tenant_id=moved.id)
    return tenant_out(moved)


@router.delete("/{tenant_id}")
def erase_tenant(tenant_id: str, principal: Manager, services: UseCases) -> ErasureOut:
    """Erase an archived tenant with everything of it, and count what is left. Cannot be undone."""
    return erasure_out(services.organisation.eraser.erase(TenantId(tenant_id), principal=principal))


@router.get("/{tenant_id}/logo", response_class=Response)
def get_logo(tenant_id: str, principal: Person, services: UseCases) -> Response:
    """The logo of a tenant, as PNG."""
    image = services.organisation.tenants.logo(TenantId(tenant_id), principal=principal)
    return Response(image, media_type="image/png", headers={"Cache-Control": "private, no-cache"})


@router.put("/{tenant_id}/logo", status_code=204, openapi_extra=_IMAGE)
async def put_logo(
    tenant_id: str, request: Request, principal: Manager, services: UseCases
) -> None:
    """Replace the logo by a PNG or JPEG image of at most 500 kB, sent as the raw body."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise InvalidInput("logo_refused")
    await run_in_threadpool(
        services.organisation.tenants.set_logo,
        TenantId(tenant_id),
        bytes(body),
        principal=principal,
    )


@router.delete("/{tenant_id}/logo", status_code=204)
def delete_logo(tenant_id: str, principal: Manager, services: UseCases) -> None:
    """Remove the logo of a tenant."""
    services.organisation.tenants.set_logo(TenantId(tenant_id), None, principal=principal)
