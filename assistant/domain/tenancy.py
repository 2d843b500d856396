"""Who calls and what they may read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from assistant.domain.ids import CollectionId, DocumentId, GroupId, KeyId, PersonId, TenantId


class Role(StrEnum):
    """What a principal may do, beyond reading within its scope."""

    AGENT = "agent"
    """Reads and asks; every person has it."""
    TENANT_ADMIN = "tenant_admin"
    """Administers the people, collections and documents of its own tenant."""
    PLATFORM_ADMIN = "platform_admin"
    """Administers the tenants of the instance; reads no more documents than its own tenant's people."""
    AUDITOR = "auditor"
    """Reads the audit log and, unless it administers as well, a conversation for a reason told to its person."""


class Permission(StrEnum):
    """What an API key may be used for; people in person have all of them, within their roles."""

    READ = "read"
    """List, search and open what the person may read."""
    ASK = "ask"
    """Ask questions, and follow their answers."""
    INGEST = "ingest"
    """Change documents and question sets, as an administrator of the tenant."""
    ADMIN = "admin"
    """Change tenants, people, groups and collections, as an administrator."""


EVERY_PERMISSION = frozenset(Permission)


class Audience(StrEnum):
    """Who reads a collection."""

    TENANT = "tenant"
    """The people of its tenant."""
    GROUPS = "groups"
    """The members of some groups of its tenant, administrators included only as members."""
    EVERYONE = "everyone"
    """The people of every tenant."""
    TENANTS = "tenants"
    """The people of its tenant and of those listed."""
    DESCENDANTS = "descendants"
    """The people of its tenant and of all tenants below it, at any depth."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A named set of documents inside a tenant."""

    id: CollectionId
    tenant_id: TenantId
    name: str
    label: str = ""
    """Classification, such as "Diffusion restreinte"; shown with every passage. Empty for none."""
    audience: Audience = Audience.TENANT
    groups: frozenset[GroupId] = frozenset()
    """For the audience GROUPS; always groups of its own tenant. Empty: nobody reads it."""
    tenants: frozenset[TenantId] = frozenset()
    """For the audience TENANTS: those it is shared with."""


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
    hidden: frozenset[DocumentId] = frozenset()
    """Documents of these collections that were excluded: those of the answer that is judged, no others."""

    @property
    def is_empty(self) -> bool:
        """True when nothing may be read."""
        return not self.grants

    @property
    def collection_ids(self) -> tuple[CollectionId, ...]:
        """Readable collections, sorted."""
        return tuple(sorted({grant.collection_id for grant in self.grants}))

    @property
    def owned(self) -> Scope:
        """The part of this scope that the reader's own tenant owns."""
        kept = frozenset(grant for grant in self.grants if grant.tenant_id == self.tenant_id)
        return replace(self, grants=kept)

    def allows(self, *, tenant_id: TenantId, collection_id: CollectionId) -> bool:
        """True when this very pair was granted."""
        return Grant(tenant_id, collection_id) in self.grants

    def within(self, other: Scope) -> Scope:
        """The part of this scope that another one of the same reader has as well."""
        kept = self.grants & other.grants
        return replace(self, grants=kept, hidden=self.hidden | other.hidden)

    def hiding(self, documents: frozenset[DocumentId]) -> Scope:
        """This scope without some documents that were excluded."""
        return replace(self, hidden=self.hidden | documents) if documents else self

    def narrowed_to(self, collection_ids: frozenset[CollectionId]) -> Scope:
        """The part of this scope within the given collections; never more than this scope."""
        kept = frozenset(grant for grant in self.grants if grant.collection_id in collection_ids)
        return replace(self, grants=kept)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a signed-in person, a key of theirs, or the command line of the machine's owner."""

    person_id: PersonId
    tenant_id: TenantId
    roles: frozenset[Role]
    permissions: frozenset[Permission] = EVERY_PERMISSION
    """What the credential allows of what the roles do; all of it but for keys."""
    is_read_only: bool = False
    """True while the tenant is suspended: reading and asking go on, changes do not."""
    key_id: KeyId | None = None
    """The API key that calls; None for people in person."""

    @property
    def is_key(self) -> bool:
        """True for an API key."""
        return self.key_id is not None

    @property
    def is_admin(self) -> bool:
        """True when it may change documents and jobs of its tenant."""
        return Role.TENANT_ADMIN in self.roles and Permission.INGEST in self.permissions

    @property
    def is_platform_admin(self) -> bool:
        """True when it may administer every tenant."""
        return Role.PLATFORM_ADMIN in self.roles and Permission.ADMIN in self.permissions

    @property
    def is_auditor(self) -> bool:
        """True when it may read conversations of others for a reason: never who administers."""
        administers = self.roles & {Role.TENANT_ADMIN, Role.PLATFORM_ADMIN}
        is_named = Role.AUDITOR in self.roles and not administers
        return is_named and Permission.READ in self.permissions

    def administers(self, tenant_id: TenantId) -> bool:
        """True when it may administer the people and collections of a tenant."""
        is_own = tenant_id == self.tenant_id and Role.TENANT_ADMIN in self.roles
        return self.is_platform_admin or (is_own and Permission.ADMIN in self.permissions)
