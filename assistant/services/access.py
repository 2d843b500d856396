"""Who the machine's owner is, and what a principal may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.domain.errors import NotFound
from assistant.domain.ids import CollectionId, PersonId, TenantId, new_id
from assistant.domain.people import Person, PersonState
from assistant.domain.tenancy import Collection, Principal, Role, Scope
from assistant.domain.tenants import Tenant
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory

LOCAL_PERSON = PersonId("local")
"""The owner of the machine: the command line, and whoever redeems its sign-in link."""
OWNER_ROLES = frozenset({Role.AGENT, Role.TENANT_ADMIN, Role.PLATFORM_ADMIN})
DEFAULT_TENANT_NAME = "Organisme"
DEFAULT_COLLECTION_NAME = "Documents"
OWNER_NAME = "Propriétaire de la machine"


@dataclass(frozen=True, slots=True)
class Profile:
    """A person with its tenant."""

    person: Person
    tenant: Tenant
    has_logo: bool
    """True when its tenant has a logo."""
    has_password: bool
    """True when it has a local account."""


class AccessService:
    """The default tenant, its owner, and scopes."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    def ensure_default(self) -> Collection:
        """The oldest collection of the owner's tenant; all three are made on first use. Idempotent."""
        with self._open_work() as work:
            tenant_id = owner_tenant(work)
            owned = work.tenancy.list_collections(tenant_id=tenant_id) if tenant_id else []
            if owned:
                return owned[0]
            work.lock()
            collection = self._made(work)
            work.commit()
            return collection

    def local_principal(self) -> Principal:
        """The machine's owner: administrator of the platform and of the default tenant."""
        with self._open_work() as work:
            tenant_id = owner_tenant(work)
        if tenant_id is None:
            tenant_id = self.ensure_default().tenant_id
        return Principal(person_id=LOCAL_PERSON, tenant_id=tenant_id, roles=OWNER_ROLES)

    def scope_of(self, principal: Principal) -> Scope:
        """What a principal may read now."""
        with self._open_work() as work:
            return work.tenancy.scope_of(principal)

    def owned_scope(self, principal: Principal) -> Scope:
        """What a principal administers: all collections of its tenant, or none for who does not."""
        if not principal.is_admin:
            return Scope(principal.tenant_id, principal.person_id, frozenset())
        with self._open_work() as work:
            return work.tenancy.owned_scope(principal)

    def profile(self, principal: Principal) -> Profile:
        """Who calls, with its tenant.

        Raises:
            NotFound: There is no such person any more.
        """
        with self._open_work() as work:
            person = work.people.find(principal.person_id, tenant_id=principal.tenant_id)
            tenant = work.tenancy.find_tenant(principal.tenant_id)
            if person is None or tenant is None:
                raise NotFound
            has_logo = work.tenancy.logo_of(tenant.id) is not None
            has_password = work.passwords.find(person.id) is not None
        return Profile(person, tenant, has_logo=has_logo, has_password=has_password)

    def _made(self, work: UnitOfWork) -> Collection:
        """What is missing of tenant, owner and collection."""
        tenant_id = owner_tenant(work) or work.tenancy.oldest_tenant()
        if tenant_id is None:
            tenant_id = TenantId(new_id())
            work.tenancy.add_tenant(Tenant(tenant_id, DEFAULT_TENANT_NAME))
        if work.people.find(LOCAL_PERSON, tenant_id=tenant_id) is None:
            work.people.add(
                Person(
                    id=LOCAL_PERSON,
                    tenant_id=tenant_id,
                    name=OWNER_NAME,
                    email="",
                    roles=OWNER_ROLES,
                    state=PersonState.ACTIVE,
                    created_at=self._clock.now(),
                )
            )
        owned = work.tenancy.list_collections(tenant_id=tenant_id)
        if owned:
            return owned[0]
        collection = Collection(CollectionId(new_id()), tenant_id, DEFAULT_COLLECTION_NAME)
        work.tenancy.add_collection(collection)
        return collection


def owner_tenant(work: UnitOfWork) -> TenantId | None:
    """The tenant of the machine's owner; None before it was made."""
    standing = work.people.standing(LOCAL_PERSON)
    return None if standing is None else standing.person.tenant_id


def default_collection(work: UnitOfWork, *, scope: Scope) -> Collection:
    """The oldest collection of the reader's tenant within the scope.

    Raises:
        NotFound: There is none.
    """
    for collection in work.tenancy.list_collections(tenant_id=scope.tenant_id):
        if scope.allows(tenant_id=collection.tenant_id, collection_id=collection.id):
            return collection
    raise NotFound


def author_now(work: UnitOfWork, person_id: PersonId, *, tenant_id: TenantId) -> Principal | None:
    """Who began something, as it stands now; None when nothing may be done for it any more.

    That is a person who is gone, suspended or of another tenant, or whose tenant is not active.
    """
    standing = work.people.standing(person_id)
    if standing is None or standing.person.state is not PersonState.ACTIVE:
        return None
    principal = standing.principal()
    return None if principal.is_read_only or principal.tenant_id != tenant_id else principal


def scope_now(work: UnitOfWork, reader: Principal, *, now: datetime) -> Scope | None:
    """What somebody who came in before may read now.

    None when it could not come in any more: a person who is gone, suspended or of another tenant, a
    closed tenant, a key that was revoked or has expired.
    """
    standing = work.people.standing(reader.person_id)
    if standing is None or not standing.is_admitted:
        return None
    if standing.person.tenant_id != reader.tenant_id:
        return None
    if reader.is_key:
        keys = work.keys.list_all(tenant_id=reader.tenant_id, person_id=reader.person_id)
        if not any(key.id == reader.key_id and key.expires_at > now for key in keys):
            return None
    return work.tenancy.scope_of(reader)


def narrowed(scope: Scope, wanted: Sequence[str] | None) -> Scope:
    """The part of a scope within the collections that were asked for; None asks for all of it.

    Raises:
        NotFound: One of them is unknown, or not readable.
    """
    if wanted is None:
        return scope
    kept = frozenset(map(CollectionId, wanted))
    if not kept <= frozenset(scope.collection_ids):
        raise NotFound
    return scope.narrowed_to(kept)
