"""API keys: of oneself, and of a tenant for its administrators."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.api.deps import Manager, Person, Reader, UseCases
from assistant.api.organisation_out import key_out
from assistant.api.routes.people import OfTenant, tenant_of
from assistant.domain.ids import KeyId
from assistant.domain.tenancy import Permission
from assistant.schemas.people import KeyIn, KeyMade, KeyOut

router = APIRouter(prefix="/keys", tags=["keys"])


@router.get("")
def list_own_keys(caller: Reader, services: UseCases) -> list[KeyOut]:
    """One's own keys, oldest first."""
    found = services.organisation.keys.list_own(principal=caller.principal)
    return [key_out(each) for each in found]


@router.get("/all")
def list_all_keys(
    principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> list[KeyOut]:
    """Keys of all people of a tenant, oldest first."""
    found = services.organisation.keys.list_of_tenant(
        tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
    return [key_out(each) for each in found]


@router.post("", status_code=201)
def create_key(asked: KeyIn, principal: Person, services: UseCases) -> KeyMade:
    """A new key in one's own name; its secret is told only now."""
    key, secret = services.organisation.keys.create(
        asked.name,
        permissions=frozenset(map(Permission, asked.permissions)),
        days=asked.days,
        principal=principal,
    )
    return KeyMade(key=key_out(key), secret=secret)


@router.delete("/{key_id}", status_code=204)
def revoke_key(
    key_id: str, principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> None:
    """End a key at once: one's own, or any of a tenant that one administers.

    A key has to be for administration: one that leaked must not end the others of its person.
    """
    services.organisation.keys.revoke(
        KeyId(key_id), tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
