"""Collections: who reads them, and what label they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.ids import CollectionId, GroupId, TenantId, new_id
from assistant.domain.tenancy import Audience, Collection, Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.names import is_printable
from assistant.services.roles import administered_tenant, changeable_tenant
from assistant.services.tenants import checked_name

LABEL_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class CollectionChange:
    """What to change of a collection; fields left at None stay as they are."""

    name: str | None = None
    label: str | None = None
    """Empty for none."""
    audience: Audience | None = None
    groups: Sequence[GroupId] | None = None
    """For the audience GROUPS."""
    tenants: Sequence[TenantId] | None = None
    """For the audience TENANTS."""


class CollectionService:
    """Makes, changes and deletes the collections of tenants. Blocking.

    Who administers a collection is not who reads it: administrators of the tenant change all of them
    and read those open to them.
    """

    def __init__(self, open_work: UnitOfWorkFactory, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._audit = audit

    def list_readable(self, *, scope: Scope) -> list[Collection]:
        """The collections of a scope, those of the reader's own tenant first."""
        with self._open_work() as work:
            return work.tenancy.list_readable(scope=scope)

    def list_owned(self, *, tenant_id: TenantId, principal: Principal) -> list[Collection]:
        """All collections of a tenant, oldest first.

        Raises:
            NotFound: The tenant is unknown or foreign.
            Forbidden: No administrator of it.
        """
        with self._open_work() as work:
            administered_tenant(work, tenant_id, principal=principal)
            return work.tenancy.list_collections(tenant_id=tenant_id)

    def create(
        self, change: CollectionChange, *, tenant_id: TenantId, principal: Principal
    ) -> Collection:
        """A new empty collection, which the people of its tenant read unless told otherwise.

        Raises:
            NotFound: The tenant, a group or a tenant to share with is unknown.
            Forbidden: No administrator, or a suspended tenant ("tenant_suspended").
            InvalidInput: Name or label is refused ("name_refused", "label_refused").
        """
        blank = Collection(CollectionId(new_id()), tenant_id, "")
        with self._open_work() as work:
            work.lock()
            changeable_tenant(work, tenant_id, principal=principal)
            made = _applied(work, blank, replace(change, name=change.name or ""))
            work.tenancy.add_collection(made)
            self._tell(work, Act.COLLECTION_CREATED, made, principal)
            work.commit()
        return made

    def change(
        self,
        collection_id: CollectionId,
        change: CollectionChange,
        *,
        tenant_id: TenantId,
        principal: Principal,
    ) -> Collection:
        """Change name, label or audience; who reads it no longer loses it at once.

        Raises:
            NotFound: The collection, a group or a tenant to share with is unknown.
            Forbidden: No administrator, or a suspended tenant ("tenant_suspended").
            InvalidInput: Name or label is refused ("name_refused", "label_refused").
        """
        with self._open_work() as work:
            work.lock()
            found = _found(work, collection_id, tenant_id=tenant_id, principal=principal)
            changeable_tenant(work, tenant_id, principal=principal)
            changed = _applied(work, found, change)
            work.tenancy.update_collection(changed)
            self._tell(
                work, Act.COLLECTION_CHANGED, changed, principal, fields=_changed(found, changed)
            )
            work.commit()
        return changed

    def delete(
        self, collection_id: CollectionId, *, tenant_id: TenantId, principal: Principal
    ) -> None:
        """Delete a collection that holds nothing.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator, or a suspended tenant ("tenant_suspended").
            Conflict: It holds documents, or the history of their processing ("collection_in_use"), or
                is the only one ("collection_last").
        """
        with self._open_work() as work:
            work.lock()
            found = _found(work, collection_id, tenant_id=tenant_id, principal=principal)
            changeable_tenant(work, tenant_id, principal=principal)
            if len(work.tenancy.list_collections(tenant_id=tenant_id)) == 1:
                raise Conflict("collection_last")
            if not work.tenancy.delete_collection(collection_id, tenant_id=tenant_id):
                raise Conflict("collection_in_use")
            self._tell(work, Act.COLLECTION_DELETED, found, principal)
            work.commit()

    def _tell(
        self, work: UnitOfWork, act: Act, collection: Collection, by: Principal, **more: str
    ) -> None:
        self._audit.record_in(
            work,
            act,
            by=by,
            tenant_id=collection.tenant_id,
            subject=collection.id,
            details={
                "audience": collection.audience.value,
                "groups": len(collection.groups),
                "tenants": len(collection.tenants),
                **more,
            },
        )


def _applied(work: UnitOfWork, collection: Collection, change: CollectionChange) -> Collection:
    """A collection with a change, each field checked; lists that its audience has no use for go."""
    audience = change.audience or collection.audience
    groups = collection.groups if change.groups is None else frozenset(change.groups)
    tenants = collection.tenants if change.tenants is None else frozenset(change.tenants)
    groups = groups if audience is Audience.GROUPS else frozenset[GroupId]()
    tenants = tenants if audience is Audience.TENANTS else frozenset[TenantId]()
    for group_id in groups - collection.groups:
        if work.groups.find(group_id, tenant_id=collection.tenant_id) is None:
            raise NotFound
    for tenant_id in tenants - collection.tenants:
        if work.tenancy.find_tenant(tenant_id) is None:
            raise NotFound
    return replace(
        collection,
        name=collection.name if change.name is None else checked_name(change.name),
        label=collection.label if change.label is None else _label(change.label),
        audience=audience,
        groups=groups,
        tenants=tenants - {collection.tenant_id},
    )


def _changed(before: Collection, after: Collection) -> str:
    """Names of the fields that differ, never what is in them."""
    differing = [
        each.name
        for each in fields(before)
        if getattr(before, each.name) != getattr(after, each.name)
    ]
    return " ".join(sorted(differing))


def _label(text: str) -> str:
    label = text.strip()
    if len(label) > LABEL_CHARS or not is_printable(label):
        raise InvalidInput("label_refused", limit=LABEL_CHARS)
    return label


def _found(
    work: UnitOfWork, collection_id: CollectionId, *, tenant_id: TenantId, principal: Principal
) -> Collection:
    administered_tenant(work, tenant_id, principal=principal)
    found = work.tenancy.find_collection(collection_id, tenant_id=tenant_id)
    if found is None:
        raise NotFound
    return found
