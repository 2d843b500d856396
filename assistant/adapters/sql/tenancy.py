"""Tenants and collections."""

from __future__ import annotations

from sqlalchemy import select

from assistant.adapters.sql.tables import collections, tenants
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Collection, Grant, Principal, Scope, Tenant


class SqlTenancyRepository:
    """Implements `TenancyRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_tenant(self, tenant: Tenant) -> None:
        """Keep a new tenant. Raises `Conflict` when its id is taken."""
        self._transaction.write(tenants.insert().values(id=tenant.id, name=tenant.name))

    def add_collection(self, collection: Collection) -> None:
        """Keep a new collection. Raises `Conflict` when its id is taken or its tenant unknown."""
        self._transaction.write(
            collections.insert().values(
                id=collection.id, tenant_id=collection.tenant_id, name=collection.name
            )
        )

    def list_tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        query = select(tenants.c.id, tenants.c.name).order_by(tenants.c.number)
        return [Tenant(row.id, row.name) for row in self._transaction.read(query)]

    def list_collections(self, *, tenant_id: TenantId) -> list[Collection]:
        """The collections a tenant owns, oldest first."""
        query = (
            select(collections.c.id, collections.c.tenant_id, collections.c.name)
            .where(collections.c.tenant_id == tenant_id)
            .order_by(collections.c.number)
        )
        return [
            Collection(row.id, row.tenant_id, row.name) for row in self._transaction.read(query)
        ]

    def scope_of(self, principal: Principal) -> Scope:
        """What a principal may read now: the collections of its own tenant."""
        owned = self.list_collections(tenant_id=principal.tenant_id)
        grants = frozenset(Grant(collection.tenant_id, collection.id) for collection in owned)
        return Scope(tenant_id=principal.tenant_id, person_id=principal.person_id, grants=grants)
