"""How people get, change and recover the password of a local account; nobody else ever sees or sets it.

No transaction is open while a hash is computed: what was read before is read again after it.
"""

from __future__ import annotations

from datetime import timedelta

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, Forbidden, Unauthenticated
from assistant.domain.ids import PersonId, SessionId
from assistant.domain.passwords import PasswordLink, checked_password, normal_password
from assistant.domain.people import Person, PersonState
from assistant.domain.sessions import Session
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.passwords import PasswordHasher
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import LOCAL_PERSON
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.people import check_given, found_person
from assistant.services.roles import changeable_tenant
from assistant.services.secrets import digest, new_secret
from assistant.services.sign_in import SignInService
from assistant.services.sign_in_guard import SignInGuard, of_own, renew_password
from assistant.services.sign_in_refusals import Way, tell_refusal

LINK_LIFE = timedelta(hours=24)
"""How long a link to set a new password is good: time to hand it over, and no more."""


class PasswordService:
    """Sets passwords of local accounts. Blocking, for the time of a slow hash."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        hasher: PasswordHasher | None,
        sign_in: SignInService,
        sessions: BrowserSessions,
        audit: AuditTrail,
        least_chars: int,
    ) -> None:
        """Prepare.

        Args:
            open_work: Opens units of work.
            clock: Tells the time.
            hasher: Of passwords; None where there are no local accounts.
            sign_in: Accepts invitations.
            sessions: Opens and ends sessions.
            audit: Told of what was set, and of who was refused.
            least_chars: Least length of a new password.
        """
        self._open_work = open_work
        self._clock = clock
        self._hasher = hasher
        self._sign_in = sign_in
        self._sessions = sessions
        self._audit = audit
        self._guard = SignInGuard(open_work, clock)
        self.least_chars = least_chars
        """Least length of a new password."""

    @property
    def is_on(self) -> bool:
        """True where people may have a local account."""
        return self._hasher is not None

    def join(self, code: str, *, password: str, device: str = "") -> tuple[str, Session]:
        """Accept an invitation with a first password: as `SignInService.accept_invitation`.

        Raises:
            Unauthenticated: Unknown, spent, withdrawn or expired ("invitation_spent").
            InvalidInput: The password is refused; the invitation stays good.
            Forbidden: There are no local accounts ("local_accounts_off").
        """
        with self._open_work() as work:
            invitation = work.invitations.find_by_code(digest(code), now=self._clock.now())
            standing = work.people.standing(invitation.person_id) if invitation else None
        if standing is None:
            # It says so itself, and tells the log.
            return self._sign_in.accept_invitation(code, device)
        hashed = self._hash(password, person=standing.person)
        return self._sign_in.accept_invitation(code, device, password_hash=hashed)

    def issue_link(
        self, person_id: PersonId, *, principal: Principal
    ) -> tuple[Person, PasswordLink, str]:
        """A person, and a link by which it sets a new password, in place of an older one.

        The former password is good until then.

        Raises:
            NotFound: Unknown or foreign.
            Forbidden: No administrator; an administrator of the platform or an auditor, and the principal
                does not administer the platform ("platform_forbidden", "auditor_by_platform"); a suspended
                tenant ("tenant_suspended"); no local accounts ("local_accounts_off").
            Conflict: Suspended, or not yet joined ("person_not_active"); the machine's owner, who has no
                address ("person_without_address"); a person who signs in through an identity provider and
                has no password ("person_by_provider").
        """
        code, now = new_secret(), self._clock.now()
        with self._open_work() as work:
            work.lock()
            person = found_person(work, person_id, principal=principal)
            changeable_tenant(work, person.tenant_id, principal=principal)
            check_given(person.roles, principal=principal)
            self._required()
            if person.id == LOCAL_PERSON or not person.email:
                raise Conflict("person_without_address")
            if person.state is not PersonState.ACTIVE:
                raise Conflict("person_not_active")
            _refuse_second_door(work, person)
            link = PasswordLink(
                code_hash=digest(code),
                person_id=person.id,
                tenant_id=person.tenant_id,
                created_by=principal.person_id,
                created_at=now,
                expires_at=now + LINK_LIFE,
            )
            work.passwords.put_link(link)
            self._tell(work, Act.PASSWORD_LINKED, person, by=principal)
            work.commit()
        return person, link, code

    def set_by_link(self, code: str, *, password: str, device: str = "") -> tuple[str, Session]:
        """Spend a link: its person has another password, all its sessions end and one begins.

        However often a wrong password was tried, sign-in is open to it again.

        Raises:
            Unauthenticated: Unknown, spent or expired, or of somebody who is suspended
                ("password_link_spent").
            InvalidInput: The password is refused; the link stays good.
            Forbidden: The tenant is closed ("tenant_closed"); no local accounts
                ("local_accounts_off").
        """
        person = self._linked(code)
        hashed = self._hash(password, person=person)
        opened = self._reset(code, hashed=hashed, device=device)
        if opened is None:
            raise self._spent(person)
        return opened

    def change(
        self, principal: Principal, *, current: str, new: str, session_id: SessionId | None
    ) -> int:
        """Replace one's password; how many other sessions ended by it.

        Args:
            principal: Who has the password.
            current: The former one.
            new: The one to have.
            session_id: The session that asks, which goes on.

        Raises:
            Forbidden: Not the former password ("password_wrong"); a key cannot; no local accounts
                ("local_accounts_off").
            Conflict: There is none to change ("password_absent").
            QuotaExceeded: The former one was tried too often ("sign_in_throttled").
            InvalidInput: The new one is refused.
        """
        if principal.is_key:
            raise Forbidden
        hasher = self._required()
        with self._open_work() as work:
            person = found_person(work, principal.person_id, principal=principal)
            kept = work.passwords.find(person.id)
        if kept is None:
            raise Conflict("password_absent")
        checked = self._checked(new, person=person)
        self._guard.enter(of_own(person.id))
        if not hasher.verify(normal_password(current), against=kept.hash):
            raise Forbidden("password_wrong")
        hashed = hasher.hash(checked)
        with self._open_work() as work:
            work.lock()
            if work.passwords.find(person.id) != kept:
                raise Forbidden("password_wrong")
            renew_password(work, person, hashed=hashed, now=self._clock.now())
            ended = self._sessions.end_others_in(work, by=principal, but=session_id)
            self._tell(work, Act.PASSWORD_CHANGED, person, by=principal)
            work.commit()
        return ended

    def _linked(self, code: str) -> Person:
        """Whose password a link sets."""
        with self._open_work() as work:
            link = work.passwords.find_link(digest(code), now=self._clock.now())
            standing = work.people.standing(link.person_id) if link else None
        if standing is None or standing.person.state is not PersonState.ACTIVE:
            raise self._spent(None if standing is None else standing.person)
        if standing.is_shut_out:
            self._tell_refusal("tenant_closed", standing.person)
            raise Forbidden("tenant_closed")
        return standing.person

    def _reset(self, code: str, *, hashed: str, device: str) -> tuple[str, Session] | None:
        """The session that a link opens; None when it was spent, or its person shut out, meanwhile."""
        now = self._clock.now()
        with self._open_work() as work:
            link = work.passwords.take_link(digest(code), now=now)
            standing = work.people.standing(link.person_id) if link else None
            if standing is None or not standing.is_admitted:
                return None
            renew_password(work, standing.person, hashed=hashed, now=now)
            work.sessions.revoke_of(standing.person.id)
            opened = self._sessions.begin(work, standing.principal(), device=device)
            self._tell(work, Act.PASSWORD_RESET, standing.person, by=standing.principal())
            self._sessions.tell(Act.SIGNED_IN, opened[1], work=work)
            work.commit()
        return opened

    def _spent(self, person: Person | None) -> Unauthenticated:
        self._tell_refusal("password_link_spent", person)
        return Unauthenticated("password_link_spent")

    def _tell_refusal(self, code: str, person: Person | None) -> None:
        people = () if person is None else (person,)
        tell_refusal(self._audit, code, way=Way.PASSWORD_LINK, people=people)

    def _hash(self, password: str, *, person: Person) -> str:
        hasher = self._required()
        return hasher.hash(self._checked(password, person=person))

    def _checked(self, password: str, *, person: Person) -> str:
        return checked_password(
            password, least_chars=self.least_chars, name=person.name, email=person.email
        )

    def _required(self) -> PasswordHasher:
        if self._hasher is None:
            raise Forbidden("local_accounts_off")
        return self._hasher

    def _tell(self, work: UnitOfWork, act: Act, person: Person, *, by: Principal) -> None:
        self._audit.record_in(work, act, by=by, tenant_id=person.tenant_id, subject=person.id)


def _refuse_second_door(work: UnitOfWork, person: Person) -> None:
    """A first password made by others would open, unseen, what its person opens by a provider."""
    has_password = work.passwords.find(person.id) is not None
    if not has_password and work.identities.list_of(person.id, tenant_id=person.tenant_id):
        raise Conflict("person_by_provider")
