"""Tenants, collections and scopes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Select, exists, select, update

from assistant.adapters.sql.scopes import lineage, readable
from assistant.adapters.sql.source_tables import sources
from assistant.adapters.sql.tables import documents, jobs
from assistant.adapters.sql.tenant_tables import (
    collection_groups,
    collection_tenants,
    collections,
    tenant_logos,
    tenant_sirets,
    tenants,
)
from assistant.adapters.sql.transaction import Transaction, batches
from assistant.domain.errors import NotFound
from assistant.domain.ids import CollectionId, GroupId, TenantId
from assistant.domain.tenancy import Collection, Grant, Principal, Scope
from assistant.domain.tenants import Charter, Quotas, Tenant

_PLAIN = (
    "id", "name", "kind", "parent_id", "state", "state_since", "colour", "time_zone", "welcome",
    "retention_days",
)  # fmt: skip


class SqlTenancyRepository:
    """Implements `TenancyRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_tenant(self, tenant: Tenant) -> None:
        """Keep a new tenant. Raises `Conflict` when its id, SIREN or a SIRET of it is taken."""
        self._transaction.write(tenants.insert().values(**_tenant_columns(tenant)))
        self._add_sirets(tenant)

    def update_tenant(self, tenant: Tenant) -> None:
        """Replace all of a tenant but its id. Raises `NotFound`, and `Conflict` as `add_tenant`."""
        changed = update(tenants).where(tenants.c.id == tenant.id).values(**_tenant_columns(tenant))
        if self._transaction.write(changed) == 0:
            raise NotFound
        self._transaction.write(
            tenant_sirets.delete().where(tenant_sirets.c.tenant_id == tenant.id)
        )
        self._add_sirets(tenant)

    def find_tenant(self, tenant_id: TenantId) -> Tenant | None:
        """A tenant."""
        return self._one(select(tenants).where(tenants.c.id == tenant_id))

    def tenant_of_siret(self, siret: str) -> Tenant | None:
        """The tenant that an establishment belongs to."""
        joined = tenants.join(tenant_sirets, tenant_sirets.c.tenant_id == tenants.c.id)
        return self._one(select(tenants).select_from(joined).where(tenant_sirets.c.siret == siret))

    def tenant_of_siren(self, siren: str) -> Tenant | None:
        """The tenant that is an organisation."""
        return self._one(select(tenants).where(tenants.c.siren == siren))

    def oldest_tenant(self) -> TenantId | None:
        """The first tenant that was made; None before."""
        row = self._transaction.first(select(tenants.c.id).order_by(tenants.c.number).limit(1))
        return None if row is None else TenantId(row.id)

    def list_tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        rows = self._transaction.read(select(tenants).order_by(tenants.c.number))
        sirets: dict[str, set[str]] = {}
        for row in self._transaction.read(select(tenant_sirets)):
            sirets.setdefault(row.tenant_id, set()).add(row.siret)
        return [_tenant_of(row, sirets=sirets.get(row.id, ())) for row in rows]

    def children_of(self, tenant_id: TenantId) -> list[TenantId]:
        """The tenants right below one, sorted."""
        query = select(tenants.c.id).where(tenants.c.parent_id == tenant_id).order_by(tenants.c.id)
        return [row.id for row in self._transaction.read(query)]

    def lineage_of(self, tenant_id: TenantId) -> frozenset[TenantId]:
        """The tenants above one, at any height."""
        rows = self._transaction.read(select(lineage(tenant_id).c.id))
        return frozenset(row.id for row in rows)

    def logo_of(self, tenant_id: TenantId) -> bytes | None:
        """The logo of a tenant as PNG; None without one."""
        query = select(tenant_logos.c.image).where(tenant_logos.c.tenant_id == tenant_id)
        row = self._transaction.first(query)
        return None if row is None else row.image

    def set_logo(self, tenant_id: TenantId, *, image: bytes | None) -> None:
        """Replace the logo of a tenant; None removes it."""
        self._transaction.write(tenant_logos.delete().where(tenant_logos.c.tenant_id == tenant_id))
        if image is not None:
            self._transaction.write(tenant_logos.insert().values(tenant_id=tenant_id, image=image))

    def add_collection(self, collection: Collection) -> None:
        """Keep a new collection. Raises `Conflict` when its id is taken or its tenant unknown."""
        self._transaction.write(
            collections.insert().values(
                id=collection.id,
                tenant_id=collection.tenant_id,
                name=collection.name,
                label=collection.label,
                audience=collection.audience,
            )
        )
        self._add_readers(collection)

    def update_collection(self, collection: Collection) -> None:
        """Replace name, label and audience. Raises `NotFound`, and `Conflict` for a foreign group."""
        changed = update(collections).where(
            collections.c.id == collection.id, collections.c.tenant_id == collection.tenant_id
        )
        values = {
            "name": collection.name,
            "label": collection.label,
            "audience": collection.audience,
        }
        if self._transaction.write(changed.values(**values)) == 0:
            raise NotFound
        for table in (collection_groups, collection_tenants):
            self._transaction.write(table.delete().where(table.c.collection_id == collection.id))
        self._add_readers(collection)

    def delete_collection(self, collection_id: CollectionId, *, tenant_id: TenantId) -> bool:
        """Delete a collection; False, and nothing changes, while documents, jobs or sources name it."""
        in_use = (
            exists().where(table.c.collection_id == collection_id, table.c.tenant_id == tenant_id)
            for table in (documents, jobs, sources)
        )
        doomed = collections.delete().where(
            collections.c.id == collection_id,
            collections.c.tenant_id == tenant_id,
            *(~each for each in in_use),
        )
        return self._transaction.write(doomed) == 1

    def find_collection(
        self, collection_id: CollectionId, *, tenant_id: TenantId
    ) -> Collection | None:
        """A collection that a tenant owns."""
        query = select(collections).where(
            collections.c.id == collection_id, collections.c.tenant_id == tenant_id
        )
        found = self._collections(query)
        return found[0] if found else None

    def list_collections(self, *, tenant_id: TenantId) -> list[Collection]:
        """The collections a tenant owns, oldest first."""
        return self._collections(
            select(collections)
            .where(collections.c.tenant_id == tenant_id)
            .order_by(collections.c.number)
        )

    def list_readable(self, *, scope: Scope) -> list[Collection]:
        """The collections of a scope, those of the reader's own tenant first, oldest first."""
        found: list[Collection] = []
        for batch in batches(scope.collection_ids):
            found += self._collections(
                select(collections)
                .where(collections.c.id.in_(batch))
                .order_by(collections.c.number)
            )
        allowed = [
            each for each in found if scope.allows(tenant_id=each.tenant_id, collection_id=each.id)
        ]
        return sorted(allowed, key=lambda each: each.tenant_id != scope.tenant_id)

    def scope_of(self, principal: Principal) -> Scope:
        """What a principal may read now, by the rules of `Audience`."""
        return _scope(principal, self._transaction.read(readable(principal)))

    def owned_scope(self, principal: Principal) -> Scope:
        """Every collection of the principal's own tenant, whoever reads it."""
        query = select(collections.c.tenant_id, collections.c.id).where(
            collections.c.tenant_id == principal.tenant_id
        )
        return _scope(principal, self._transaction.read(query))

    def _one(self, query: Select[Any]) -> Tenant | None:
        row = self._transaction.first(query)
        if row is None:
            return None
        sirets = select(tenant_sirets.c.siret).where(tenant_sirets.c.tenant_id == row.id)
        return _tenant_of(row, sirets=[each.siret for each in self._transaction.read(sirets)])

    def _add_sirets(self, tenant: Tenant) -> None:
        self._transaction.write(
            tenant_sirets.insert(),
            [{"siret": siret, "tenant_id": tenant.id} for siret in sorted(tenant.sirets)],
        )

    def _add_readers(self, collection: Collection) -> None:
        self._transaction.write(
            collection_groups.insert(),
            [
                {
                    "collection_id": collection.id,
                    "group_id": group_id,
                    "tenant_id": collection.tenant_id,
                }
                for group_id in sorted(collection.groups)
            ],
        )
        self._transaction.write(
            collection_tenants.insert(),
            [
                {"collection_id": collection.id, "tenant_id": tenant_id}
                for tenant_id in sorted(collection.tenants)
            ],
        )

    def _collections(self, query: Select[Any]) -> list[Collection]:
        rows = self._transaction.read(query)
        groups = self._readers(collection_groups, "group_id", rows)
        shared = self._readers(collection_tenants, "tenant_id", rows)
        return [
            Collection(
                id=row.id,
                tenant_id=row.tenant_id,
                name=row.name,
                label=row.label,
                audience=row.audience,
                groups=frozenset(map(GroupId, groups.get(row.id, ()))),
                tenants=frozenset(map(TenantId, shared.get(row.id, ()))),
            )
            for row in rows
        ]

    def _readers(self, table: Any, column: str, rows: Sequence[Row[Any]]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for batch in batches(row.id for row in rows):
            query = select(table.c.collection_id, table.c[column].label("reader"))
            for row in self._transaction.read(query.where(table.c.collection_id.in_(batch))):
                found.setdefault(row.collection_id, set()).add(row.reader)
        return found


def _scope(principal: Principal, rows: Sequence[Row[Any]]) -> Scope:
    grants = frozenset(Grant(row.tenant_id, row.id) for row in rows)
    return Scope(tenant_id=principal.tenant_id, person_id=principal.person_id, grants=grants)


def _tenant_columns(tenant: Tenant) -> dict[str, Any]:
    bounds = {name: value for name, value in asdict(tenant.quotas).items() if value is not None}
    return {
        **{name: getattr(tenant, name) for name in _PLAIN},
        "siren": tenant.siren or None,
        "charter_version": tenant.charter.version,
        "charter_text": tenant.charter.text,
        "quotas": bounds,
        "allowed_models": list(tenant.allowed_models),
    }


def _tenant_of(row: Row[Any], *, sirets: Iterable[str]) -> Tenant:
    return Tenant(
        **{name: getattr(row, name) for name in _PLAIN},
        siren=row.siren or "",
        sirets=frozenset(sirets),
        charter=Charter(row.charter_version, row.charter_text),
        quotas=Quotas(**row.quotas),
        allowed_models=tuple(row.allowed_models),
    )
