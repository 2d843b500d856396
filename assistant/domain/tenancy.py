"""Who calls and what they may read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assistant.domain.ids import CollectionId, PersonId, TenantId


class Role(StrEnum):
    """What a principal may do, beyond reading within its scope."""

    AGENT = "agent"
    TENANT_ADMIN = "tenant_admin"


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation; the unit of isolation."""

    id: TenantId
    name: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of documents inside a tenant."""

    id: CollectionId
    tenant_id: TenantId
    name: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One readable collection and the tenant that owns it."""

    tenant_id: TenantId
    collection_id: CollectionId


@dataclass(frozen=True, slots=True)
class Scope:
    """What one reader may read now, computed once per request. Without grants it reads no document."""

    tenant_id: TenantId
    """The reader's own tenant; conversations and jobs are read within it."""
    person_id: PersonId
    """The reader; conversations and answers are private to their person."""
    grants: frozenset[Grant]
    """The readable collections, sharing resolved."""

    @property
    def is_empty(self) -> bool:
        """True when nothing may be read."""
        return not self.grants

    @property
    def collection_ids(self) -> tuple[CollectionId, ...]:
        """Readable collections, sorted."""
        return tuple(sorted({grant.collection_id for grant in self.grants}))

    def allows(self, *, tenant_id: TenantId, collection_id: CollectionId) -> bool:
        """True when this very pair was granted."""
        return Grant(tenant_id, collection_id) in self.grants

    def narrowed_to(self, collection_ids: frozenset[CollectionId]) -> Scope:
        """The part of this scope within the given collections; never more than this scope."""
        kept = frozenset(grant for grant in self.grants if grant.collection_id in collection_ids)
        return Scope(tenant_id=self.tenant_id, person_id=self.person_id, grants=kept)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a signed-in person, or the command line of the machine's owner."""

    person_id: PersonId
    tenant_id: TenantId
    roles: frozenset[Role]

    @property
    def is_admin(self) -> bool:
        """True when it may change documents and jobs of its tenant."""
        return Role.TENANT_ADMIN in self.roles
