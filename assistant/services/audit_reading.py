"""The audit log read, exported and verified, each reader within its reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.domain.audit import Act
from assistant.domain.audit_chain import AuditEntry, Head, Verdict, walk
from assistant.domain.errors import Forbidden, NotFound
from assistant.domain.ids import TenantId
from assistant.domain.people import Person
from assistant.domain.tenancy import Permission, Principal, Role
from assistant.ports.audit import AuditFilter, AuditScope, AuditTrail
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory

_BATCH = 500


class AuditReader:
    """Entries for those who may see them. Blocking.

    Administrators and auditors of a tenant see those of their own tenant, the platform's
    administrators all. Every method raises `NotFound` for a tenant that is foreign and `Forbidden`
    for who is neither.
    """

    def __init__(self, open_work: UnitOfWorkFactory, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._audit = audit

    def page(
        self,
        wanted: AuditFilter,
        *,
        tenant_id: TenantId | None,
        principal: Principal,
        before: str,
        limit: int,
    ) -> list[AuditEntry]:
        """Entries, newest first, from those right before one of them on; the newest when it is empty."""
        scope = audit_scope(principal, tenant_id=tenant_id)
        with self._open_work() as work:
            return work.audit.page(wanted, scope=scope, before=before, limit=limit)

    def export(
        self, wanted: AuditFilter, *, tenant_id: TenantId | None, principal: Principal
    ) -> Iterator[AuditEntry]:
        """Entries up to now, oldest first, as they are read; refused before the first, or recorded then.

        No transaction is open between them.
        """
        scope = audit_scope(principal, tenant_id=tenant_id)
        is_all = scope.tenant_id is None
        with self._open_work() as work:
            work.lock()
            last = work.audit.last()
            self._audit.record_in(
                work,
                Act.AUDIT_EXPORTED,
                by=principal,
                tenant_id=scope.tenant_id or principal.tenant_id,
                details={"all_tenants": int(is_all)},
            )
            work.commit()
        return self._export(wanted, scope=scope, upto=0 if last is None else last.number)

    def resolve(self, pseudonym: str, *, principal: Principal) -> Person:
        """The person that a pseudonym stands for; nobody is named unless it is recorded who asked.

        Raises:
            NotFound: Unknown, foreign, or erased since.
            StorageError: It cannot be recorded.
        """
        scope = audit_scope(principal, tenant_id=None)
        with self._open_work() as work:
            person_id = work.audit.person_of(pseudonym, scope=scope)
            standing = None if person_id is None else work.people.standing(person_id)
            if standing is None:
                raise NotFound
            person = standing.person
            self._audit.record_in(
                work,
                Act.PERSON_RESOLVED,
                by=principal,
                tenant_id=person.tenant_id,
                subject=person.id,
            )
            work.commit()
        return person

    def _export(self, wanted: AuditFilter, *, scope: AuditScope, upto: int) -> Iterator[AuditEntry]:
        after = 0
        while True:
            with self._open_work() as work:
                found = work.audit.stretch(wanted, scope=scope, after=after, limit=_BATCH)
            yield from (entry for entry in found if entry.number <= upto)
            if len(found) < _BATCH or found[-1].number >= upto:
                return
            after = found[-1].number


def audit_scope(principal: Principal, *, tenant_id: TenantId | None) -> AuditScope:
    """Whose entries a principal sees.

    Args:
        principal: Who reads.
        tenant_id: The tenant that was asked for; None for all that it may see.

    Raises:
        NotFound: Another tenant than its own, and it does not administer the platform.
        Forbidden: It is neither administrator nor auditor.
    """
    if principal.is_platform_admin:
        return AuditScope(tenant_id)
    if tenant_id not in {None, principal.tenant_id}:
        raise NotFound
    is_auditor = Role.AUDITOR in principal.roles and Permission.READ in principal.permissions
    if not is_auditor and not principal.administers(principal.tenant_id):
        raise Forbidden
    return AuditScope(principal.tenant_id)


def verify(open_work: UnitOfWorkFactory, *, heads: Sequence[Head]) -> Verdict:
    """Walk along the whole chain as it stands now, in one snapshot.

    Args:
        open_work: The store.
        heads: What the second sink holds.
    """
    with open_work() as work:
        return walk(_chain(work), heads=heads)


def _chain(work: UnitOfWork) -> Iterator[AuditEntry]:
    # From below 1: an entry inserted there is found as well.
    after = -(2**31)
    while found := work.audit.walk_on(after=after, limit=_BATCH):
        yield from found
        after = found[-1].number
