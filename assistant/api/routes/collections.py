"""Collections: those one may read, and those one administers."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.api.deps import Manager, Reader, UseCases
from assistant.api.organisation_out import collection_change, collection_detail, collection_out
from assistant.api.routes.people import OfTenant, tenant_of
from assistant.domain.ids import CollectionId
from assistant.schemas.collections import CollectionChangeIn, CollectionDetail, CollectionOut

router = APIRouter(prefix="/collections", tags=["collections"])


@router.get("")
def list_collections(caller: Reader, services: UseCases) -> list[CollectionOut]:
    """The collections one may read, those of one's own tenant first."""
    found = services.organisation.collections.list_readable(scope=caller.scope)
    return [collection_out(each, reader=caller.principal) for each in found]


@router.get("/owned")
def list_owned_collections(
    principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> list[CollectionDetail]:
    """All collections of a tenant with who reads them, oldest first; for its administrators."""
    found = services.organisation.collections.list_owned(
        tenant_id=tenant_of(tenant_id, principal), principal=principal
    )
    return [collection_detail(each) for each in found]


@router.post("", status_code=201)
def create_collection(
    asked: CollectionChangeIn,
    principal: Manager,
    services: UseCases,
    tenant_id: OfTenant = None,
) -> CollectionDetail:
    """A new empty collection, which the people of its tenant read unless told otherwise."""
    made = services.organisation.collections.create(
        collection_change(asked),
        tenant_id=tenant_of(tenant_id, principal),
        principal=principal,
    )
    return collection_detail(made)


@router.patch("/{collection_id}")
def change_collection(
    collection_id: str,
    asked: CollectionChangeIn,
    principal: Manager,
    services: UseCases,
    tenant_id: OfTenant = None,
) -> CollectionDetail:
    """Change name, label or audience; who reads it no longer loses it at once."""
    changed = services.organisation.collections.change(
        CollectionId(collection_id),
        collection_change(asked),
        tenant_id=tenant_of(tenant_id, principal),
        principal=principal,
    )
    return collection_detail(changed)


@router.delete("/{collection_id}", status_code=204)
def delete_collection(
    collection_id: str, principal: Manager, services: UseCases, tenant_id: OfTenant = None
) -> None:
    """Delete a collection that holds nothing."""
    services.organisation.collections.delete(
        CollectionId(collection_id),
        tenant_id=tenant_of(tenant_id, principal),
        principal=principal,
    )
