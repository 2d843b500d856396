"""API keys: made by a person for its programs, and ended by it or its administrators."""

from __future__ import annotations

from datetime import timedelta

from assistant.domain.audit import Act
from assistant.domain.errors import Forbidden, InvalidInput, NotFound
from assistant.domain.ids import KeyId, PersonId, TenantId, new_id
from assistant.domain.people import KEY_PREFIX, ApiKey
from assistant.domain.tenancy import Permission, Principal, Role
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.roles import administered_tenant
from assistant.services.secrets import digest, new_secret
from assistant.services.tenants import checked_name

MOST_DAYS = 366
_SHOWN_CHARS = len(KEY_PREFIX) + 8
_ADMIN_ROLES = frozenset({Role.TENANT_ADMIN, Role.PLATFORM_ADMIN})


class KeyService:
    """API keys of people. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit

    def create(
        self,
        name: str,
        *,
        permissions: frozenset[Permission],
        days: int,
        principal: Principal,
    ) -> tuple[ApiKey, str]:
        """A new key in the name of the principal, and its secret, told only now.

        Args:
            name: What it is for.
            permissions: At least one, and none that its person's roles do not allow.
            days: After which it expires, from 1 to 366.
            principal: Whom it will speak for.

        Raises:
            Forbidden: Another key asks for it ("key_by_key"), or a permission is not the principal's
                to give; a suspended tenant ("tenant_suspended").
            InvalidInput: A name, a number of days or permissions that cannot be ("name_refused",
                "key_refused").
        """
        if principal.is_key:
            raise Forbidden("key_by_key")
        if principal.is_read_only:
            raise Forbidden("tenant_suspended")
        if not permissions or not 1 <= days <= MOST_DAYS:
            raise InvalidInput("key_refused", limit=MOST_DAYS)
        _check_given(permissions, principal=principal)
        secret = KEY_PREFIX + new_secret()
        now = self._clock.now()
        key = ApiKey(
            id=KeyId(new_id()),
            tenant_id=principal.tenant_id,
            person_id=principal.person_id,
            name=checked_name(name),
            prefix=secret[:_SHOWN_CHARS],
            secret_hash=digest(secret),
            permissions=permissions,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        with self._open_work() as work:
            work.keys.add(key)
            self._tell(work, Act.KEY_CREATED, key.id, key.tenant_id, principal)
            work.commit()
        return key, secret

    def list_own(self, *, principal: Principal) -> list[ApiKey]:
        """The principal's own keys, oldest first."""
        return self._list(principal.tenant_id, principal.person_id)

    def list_of_tenant(self, *, tenant_id: TenantId, principal: Principal) -> list[ApiKey]:
        """Keys of all people of a tenant, oldest first.

        Raises:
            NotFound: The tenant is unknown or foreign.
            Forbidden: No administrator of it.
        """
        with self._open_work() as work:
            administered_tenant(work, tenant_id, principal=principal)
        return self._list(tenant_id, None)

    def revoke(self, key_id: KeyId, *, tenant_id: TenantId, principal: Principal) -> None:
        """End a key at once: one's own, or any of a tenant that one administers.

        Raises:
            NotFound: There is no such key within reach.
        """
        is_admin = principal.administers(tenant_id)
        owner = None if is_admin else principal.person_id
        reach = tenant_id if is_admin else principal.tenant_id
        with self._open_work() as work:
            if not work.keys.delete(key_id, tenant_id=reach, person_id=owner):
                raise NotFound
            self._tell(work, Act.KEY_REVOKED, key_id, reach, principal)
            work.commit()

    def _list(self, tenant_id: TenantId, person_id: PersonId | None) -> list[ApiKey]:
        with self._open_work() as work:
            return work.keys.list_all(tenant_id=tenant_id, person_id=person_id)

    def _tell(
        self, work: UnitOfWork, act: Act, key_id: KeyId, tenant_id: TenantId, by: Principal
    ) -> None:
        self._audit.record_in(work, act, by=by, tenant_id=tenant_id, subject=key_id)


def _check_given(permissions: frozenset[Permission], *, principal: Principal) -> None:
    may_ingest = Role.TENANT_ADMIN in principal.roles
    may_administer = bool(principal.roles & _ADMIN_ROLES)
    if Permission.INGEST in permissions and not may_ingest:
        raise Forbidden
    if Permission.ADMIN in permissions and not may_administer:
        raise Forbidden
