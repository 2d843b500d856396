"""Who the machine's owner is, and what a principal may read."""

from __future__ import annotations

from assistant.domain.errors import NotFound
from assistant.domain.ids import CollectionId, PersonId, TenantId, new_id
from assistant.domain.tenancy import Collection, Principal, Role, Scope, Tenant
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory

LOCAL_PERSON = PersonId("local")
"""The owner of the machine: the command line, and whoever redeems its sign-in link."""
DEFAULT_TENANT_NAME = "Organisme"
DEFAULT_COLLECTION_NAME = "Documents"
_ADMIN_ROLES = frozenset({Role.AGENT, Role.TENANT_ADMIN})


class AccessService:
    """Tenants, collections and scopes."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    def ensure_default(self) -> Collection:
        """The default collection of the default tenant, made on first use. Idempotent."""
        with self._open_work() as work:
            tenants = work.tenancy.list_tenants()
            owned = work.tenancy.list_collections(tenant_id=tenants[0].id) if tenants else []
            if owned:
                return owned[0]
            tenant = tenants[0] if tenants else _add_tenant(work)
            collection = Collection(CollectionId(new_id()), tenant.id, DEFAULT_COLLECTION_NAME)
            work.tenancy.add_collection(collection)
            work.commit()
            return collection

    def local_principal(self) -> Principal:
        """The machine's owner: administrator of the default tenant."""
        return Principal(
            person_id=LOCAL_PERSON,
            tenant_id=self.ensure_default().tenant_id,
            roles=_ADMIN_ROLES,
        )

    def scope_of(self, principal: Principal) -> Scope:
        """What a principal may read now."""
        with self._open_work() as work:
            return work.tenancy.scope_of(principal)


def default_collection(work: UnitOfWork, *, scope: Scope) -> Collection:
    """The oldest collection of the reader's tenant within the scope.

    Raises:
        NotFound: There is none.
    """
    for collection in work.tenancy.list_collections(tenant_id=scope.tenant_id):
        if scope.allows(tenant_id=collection.tenant_id, collection_id=collection.id):
            return collection
    raise NotFound


def author_now(work: UnitOfWork, person_id: PersonId, *, tenant_id: TenantId) -> Principal:
    """Who began what only administrators may begin, with the roles of its newest session.

    Whoever has no session left, having signed out since, is what it was: an administrator.
    """
    newest = work.sessions.newest_of(person_id, tenant_id=tenant_id)
    return Principal(person_id, tenant_id, _ADMIN_ROLES) if newest is None else newest.principal()


def _add_tenant(work: UnitOfWork) -> Tenant:
    tenant = Tenant(TenantId(new_id()), DEFAULT_TENANT_NAME)
    work.tenancy.add_tenant(tenant)
    return tenant
