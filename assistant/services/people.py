"""People of a tenant: listed, changed, suspended and restored by its administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, Forbidden, NotFound
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.people import Group, Person, PersonState
from assistant.domain.sessions import Session
from assistant.domain.tenancy import Principal, Role, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import LOCAL_PERSON
from assistant.services.roles import administered_tenant, changeable_tenant
from assistant.services.tenants import checked_name

_PLATFORM_ROLES = frozenset({Role.PLATFORM_ADMIN})


class PeopleService:
    """People of tenants. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit

    def list_page(
        self, *, tenant_id: TenantId, principal: Principal, limit: int, offset: int = 0
    ) -> list[Person]:
        """People of a tenant, oldest first.

        Raises:
            NotFound: The tenant is unknown or foreign.
            Forbidden: No administrator of it.
        """
        with self._open_work() as work:
            administered_tenant(work, tenant_id, principal=principal)
            found = work.people.list_page(tenant_id=tenant_id, limit=limit, offset=offset)
        self._audit.record(
            Act.PEOPLE_LISTED, by=principal, tenant_id=tenant_id, details={"people": len(found)}
        )
        return found

    def get(self, person_id: PersonId, *, principal: Principal) -> tuple[Person, list[Group]]:
        """A person and the groups it is in; everybody may see itself.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: Somebody else, and the principal is no administrator.
        """
        with self._open_work() as work:
            person = found_person(work, person_id, principal=principal)
            groups = work.groups.groups_of(person_id, tenant_id=person.tenant_id)
        self._tell_look(person, principal)
        return person, groups

    def change(
        self,
        person_id: PersonId,
        *,
        principal: Principal,
        name: str | None = None,
        roles: frozenset[Role] | None = None,
    ) -> Person:
        """Give a person another name or other roles; they count from its next request on.

        A further role ends an unused link to set its password.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator; a role that only the platform's administrators give
                or take ("platform_forbidden", "auditor_by_platform"), or that nobody gives to itself
                ("auditor_by_oneself"); a suspended tenant ("tenant_suspended").
            InvalidInput: The name is refused ("name_refused").
            Conflict: The roles of the machine's owner ("person_is_owner").
        """
        with self._open_work() as work:
            work.lock()
            person = found_person(work, person_id, principal=principal)
            changeable_tenant(work, person.tenant_id, principal=principal)
            kept = person.roles if roles is None else roles | {Role.AGENT}
            check_given(kept ^ person.roles, principal=principal)
            if Role.AUDITOR in kept - person.roles and person_id == principal.person_id:
                raise Forbidden("auditor_by_oneself")
            if person_id == LOCAL_PERSON and kept != person.roles:
                raise Conflict("person_is_owner")
            changed = replace(
                person, name=person.name if name is None else checked_name(name), roles=kept
            )
            work.people.update(changed)
            if kept - person.roles:
                # Who made a link for somebody of fewer roles might not make one now.
                work.passwords.drop_link(person_id)
            self._tell(work, Act.PERSON_CHANGED, changed, principal, roles=" ".join(sorted(kept)))
            work.commit()
        return changed

    def suspend(self, person_id: PersonId, *, principal: Principal) -> Person:
        """Keep a person out: its sessions, keys and running answers end at once.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator, or a suspended tenant ("tenant_suspended").
            Conflict: Suspended, or not yet joined ("person_not_active"); oneself ("person_is_self");
                the machine's owner ("person_is_owner").
        """
        with self._open_work() as work:
            work.lock()
            person = found_person(work, person_id, principal=principal)
            changeable_tenant(work, person.tenant_id, principal=principal)
            check_given(person.roles & _PLATFORM_ROLES, principal=principal)
            _check_suspendable(person, principal=principal)
            suspended = replace(person, state=PersonState.SUSPENDED)
            work.people.update(suspended)
            work.sessions.revoke_of(person_id)
            work.keys.delete_of(person_id)
            work.answers.request_cancel_of(person_id)
            self._tell(work, Act.PERSON_SUSPENDED, suspended, principal)
            work.commit()
        return suspended

    def restore(self, person_id: PersonId, *, principal: Principal) -> Person:
        """Let a suspended person sign in again; its former keys stay worthless.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator, or a suspended tenant ("tenant_suspended").
            Conflict: It is not suspended ("person_not_suspended").
        """
        with self._open_work() as work:
            work.lock()
            person = found_person(work, person_id, principal=principal)
            changeable_tenant(work, person.tenant_id, principal=principal)
            check_given(person.roles & _PLATFORM_ROLES, principal=principal)
            if person.state is not PersonState.SUSPENDED:
                raise Conflict("person_not_suspended")
            restored = replace(person, state=PersonState.ACTIVE)
            work.people.update(restored)
            self._tell(work, Act.PERSON_RESTORED, restored, principal)
            work.commit()
        return restored

    def sessions(self, person_id: PersonId, *, principal: Principal) -> list[Session]:
        """Where a person is signed in, the last used first; that somebody else looked is recorded.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: Somebody else, and the principal is no administrator.
        """
        with self._open_work() as work:
            person = found_person(work, person_id, principal=principal)
            own = Scope(person.tenant_id, person.id, frozenset())
            found = work.sessions.list_own(scope=own, now=self._clock.now())
        self._tell_look(person, principal, sessions=len(found))
        return found

    def end_sessions(self, person_id: PersonId, *, principal: Principal) -> int:
        """Sign a person out everywhere at once; how many sessions ended.

        Its unused links, to sign in or to set a password, end too. It may sign in again, and its keys
        go on.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator; a person with roles of the platform, and the principal has none
                ("platform_forbidden"); a suspended tenant ("tenant_suspended").
        """
        with self._open_work() as work:
            work.lock()
            person = found_person(work, person_id, principal=principal)
            changeable_tenant(work, person.tenant_id, principal=principal)
            check_given(person.roles & _PLATFORM_ROLES, principal=principal)
            own = Scope(person.tenant_id, person.id, frozenset())
            ended = len(work.sessions.list_own(scope=own, now=self._clock.now()))
            work.sessions.revoke_of(person_id)
            self._tell(work, Act.SESSIONS_ENDED, person, principal, sessions=ended)
            work.commit()
        return ended

    def consent(self, principal: Principal, *, export: bool) -> None:
        """Note whether one's conversations may leave with the tenant, also while it is suspended.

        Raises:
            Forbidden: A key cannot consent for its person.
            NotFound: There is no such person any more.
        """
        if principal.is_key:
            raise Forbidden
        with self._open_work() as work:
            work.lock()
            person = found_person(work, principal.person_id, principal=principal)
            work.people.update(replace(person, export_consent=export))
            self._tell(
                work, Act.CONSENT_CHANGED, person, principal, export="yes" if export else "no"
            )
            work.commit()

    def _tell_look(self, person: Person, by: Principal, **details: str | int) -> None:
        """Record that somebody looked at another person; at itself everybody may look unseen."""
        if person.id != by.person_id:
            self._audit.record(
                Act.PERSON_READ,
                by=by,
                tenant_id=person.tenant_id,
                subject=person.id,
                details=details,
            )

    def _tell(
        self, work: UnitOfWork, act: Act, person: Person, by: Principal, **details: str | int
    ) -> None:
        self._audit.record_in(
            work, act, by=by, tenant_id=person.tenant_id, subject=person.id, details=details
        )


def found_person(work: UnitOfWork, person_id: PersonId, *, principal: Principal) -> Person:
    """A person that a principal may know of: itself, and for administrators those of their tenants.

    Raises:
        NotFound: Unknown or foreign.
        Forbidden: The principal is no administrator and asks for somebody else, whether there or not.
    """
    if person_id != principal.person_id:
        administered_tenant(work, principal.tenant_id, principal=principal)
    standing = work.people.standing(person_id)
    if standing is None:
        raise NotFound
    is_own = standing.person.tenant_id == principal.tenant_id
    if not is_own and not principal.is_platform_admin:
        raise NotFound
    return standing.person


def check_given(roles: frozenset[Role], *, principal: Principal) -> None:
    """Keep what only the platform's administrators give and take: their own role and the auditor's.

    A tenant's administrator who named its auditors could be one under an invented name.

    Raises:
        Forbidden: One of them is among these, and the principal does not administer the platform
            ("platform_forbidden", "auditor_by_platform").
    """
    if principal.is_platform_admin:
        return
    if roles & _PLATFORM_ROLES:
        raise Forbidden("platform_forbidden")
    if Role.AUDITOR in roles:
        raise Forbidden("auditor_by_platform")


def found_people(
    work: UnitOfWork, person_ids: Sequence[PersonId], *, tenant_id: TenantId
) -> list[Person]:
    """People of a tenant.

    Raises:
        NotFound: One of them is unknown there.
    """
    found = [work.people.find(each, tenant_id=tenant_id) for each in dict.fromkeys(person_ids)]
    known = [person for person in found if person is not None]
    if len(known) != len(found):
        raise NotFound
    return known


def _check_suspendable(person: Person, *, principal: Principal) -> None:
    if person.id == LOCAL_PERSON:
        raise Conflict("person_is_owner")
    if person.id == principal.person_id:
        raise Conflict("person_is_self")
    if person.state is not PersonState.ACTIVE:
        raise Conflict("person_not_active")
