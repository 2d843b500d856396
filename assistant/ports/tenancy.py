"""Tenants, collections and who reads what, in the relational store.

Nothing here takes a `Scope`, for it is from here that scopes come: services ask first whether the
caller administers the tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.documents import DocumentVersion
from assistant.domain.ids import AnswerId, CollectionId, DocumentId, TenantId, VersionId
from assistant.domain.jobs import Job
from assistant.domain.people import Membership
from assistant.domain.tenancy import Collection, Principal, Scope
from assistant.domain.tenants import Tenant


class TenancyRepository(Protocol):
    """Tenants, collections and scopes."""

    def add_tenant(self, tenant: Tenant) -> None:
        """Keep a new tenant. Raises `Conflict` when its id, SIREN or a SIRET of it is taken."""
        ...

    def update_tenant(self, tenant: Tenant) -> None:
        """Replace all of a tenant but its id. Raises `Conflict` as `add_tenant`."""
        ...

    def find_tenant(self, tenant_id: TenantId) -> Tenant | None:
        """A tenant."""
        ...

    def tenant_of_siret(self, siret: str) -> Tenant | None:
        """The tenant that an establishment belongs to."""
        ...

    def tenant_of_siren(self, siren: str) -> Tenant | None:
        """The tenant that is an organisation."""
        ...

    def oldest_tenant(self) -> TenantId | None:
        """The first tenant that was made; None before."""
        ...

    def list_tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        ...

    def children_of(self, tenant_id: TenantId) -> list[TenantId]:
        """The tenants right below one, sorted."""
        ...

    def lineage_of(self, tenant_id: TenantId) -> frozenset[TenantId]:
        """The tenants above one, at any height."""
        ...

    def logo_of(self, tenant_id: TenantId) -> bytes | None:
        """The logo of a tenant as PNG; None without one."""
        ...

    def set_logo(self, tenant_id: TenantId, *, image: bytes | None) -> None:
        """Replace the logo of a tenant; None removes it."""
        ...

    def add_collection(self, collection: Collection) -> None:
        """Keep a new collection of an existing tenant."""
        ...

    def update_collection(self, collection: Collection) -> None:
        """Replace name, label and audience. Raises `Conflict` for the group of another tenant."""
        ...

    def delete_collection(self, collection_id: CollectionId, *, tenant_id: TenantId) -> bool:
        """Delete a collection; False, and nothing changes, while documents, jobs or sources name it."""
        ...

    def find_collection(
        self, collection_id: CollectionId, *, tenant_id: TenantId
    ) -> Collection | None:
        """A collection that a tenant owns."""
        ...

    def list_collections(self, *, tenant_id: TenantId) -> list[Collection]:
        """The collections a tenant owns, oldest first."""
        ...

    def list_readable(self, *, scope: Scope) -> list[Collection]:
        """The collections of a scope, those of the reader's own tenant first, oldest first."""
        ...

    def scope_of(self, principal: Principal) -> Scope:
        """What a principal may read now, by the rules of `Audience`.

        Nothing unless the person is active and its tenant open; of a tenant that is not open,
        nobody reads anything. Roles play no part.
        """
        ...

    def owned_scope(self, principal: Principal) -> Scope:
        """Every collection of the principal's own tenant, whoever reads it: for who administers it."""
        ...


class EstateRepository(Protocol):
    """All that a tenant holds, for its closing, its erasure and its leaving. Sees whole tenants."""

    def open_jobs(self, tenant_id: TenantId) -> list[Job]:
        """Jobs that have not ended, oldest first."""
        ...

    def shut(self, tenant_id: TenantId) -> None:
        """End the sessions and links of all its people, and ask its running answers to stop."""
        ...

    def versions_of(
        self, document_ids: Sequence[DocumentId], *, tenant_id: TenantId
    ) -> dict[DocumentId, list[DocumentVersion]]:
        """The versions of some of its documents, oldest first; absent when there are none."""
        ...

    def memberships_of(self, tenant_id: TenantId) -> list[Membership]:
        """Which of its people are in which of its groups, by group, then person."""
        ...

    def contents_of(self, tenant_id: TenantId) -> list[str]:
        """SHA-256 of the file contents that its documents, versions and jobs name, sorted."""
        ...

    def texts_of(self, tenant_id: TenantId) -> list[str]:
        """Hashes of the embedded texts of its versions, sorted."""
        ...

    def retire(self, tenant_id: TenantId, *, now: datetime) -> list[VersionId]:
        """Delete all its documents for readers, and retire every version; the versions it has."""
        ...

    def quoting_answers(self, tenant_id: TenantId) -> list[AnswerId]:
        """Answers of other tenants that were given passages of its documents, oldest first."""
        ...

    def erase_quotes(self, answer_ids: Sequence[AnswerId], *, tenant_id: TenantId) -> None:
        """Take its passages, and all their text, out of some answers of other tenants.

        As the erasure of a document does: questions, times and sources of others stay.
        """
        ...

    def clear(self, tenant_id: TenantId) -> None:
        """Delete every row of it but the tenant's own."""
        ...

    def remains(
        self, tenant_id: TenantId, *, texts: Sequence[str], contents: Sequence[str]
    ) -> dict[str, int]:
        """Number of rows of a tenant by table, for every table of the schema but its own row.

        Rows that belong to a row of the tenant count, and those whose row is gone; vectors and
        records of contents count when they are among those given and no other tenant uses them.
        """
        ...

    def contents_of_others(self, hashes: Sequence[str], *, tenant_id: TenantId) -> frozenset[str]:
        """Those of the contents that documents, versions or open jobs of other tenants name."""
        ...

    def forget_tenant(self, tenant_id: TenantId) -> None:
        """Delete the row of a tenant in state DELETED of which nothing else is left."""
        ...
