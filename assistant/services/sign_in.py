"""Single-use sign-in links and invitations, and who a credential speaks for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from assistant.domain.audit import Act
from assistant.domain.errors import CharterRequired, Forbidden, StorageError, Unauthenticated
from assistant.domain.people import PersonState, Standing
from assistant.domain.sessions import Session, SignInLink
from assistant.domain.tenancy import Principal
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.secrets import digest, is_worth_noting, new_secret
from assistant.services.sign_in_guard import renew_password
from assistant.services.sign_in_refusals import Way, tell_refusal


class SignInService:
    """Issues links, redeems links and invitations once, and knows who sessions and keys speak for."""

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        sessions: BrowserSessions,
        audit: AuditTrail,
        link_minutes: int,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._sessions = sessions
        self._audit = audit
        self._link_life = timedelta(minutes=link_minutes)

    def issue_link(self, principal: Principal) -> str:
        """A new code that signs this principal in once, before it expires."""
        code = new_secret()
        link = SignInLink(
            code_hash=digest(code),
            person_id=principal.person_id,
            tenant_id=principal.tenant_id,
            expires_at=self._clock.now() + self._link_life,
        )
        with self._open_work() as work:
            work.sessions.add_link(link)
            work.commit()
        return code

    def redeem(self, code: str, device: str = "") -> tuple[str, Session]:
        """Spend a code: the secret of a new session (the cookie's value) and the session.

        Args:
            code: Of a link.
            device: The browser in words.

        Raises:
            Unauthenticated: Unknown, spent or expired code, or of somebody who may not sign in
                ("link_spent").
        """
        with self._open_work() as work:
            link = work.sessions.take_link(digest(code), now=self._clock.now())
            standing = work.people.standing(link.person_id) if link else None
            opened = None
            if standing is not None and _is_active(standing):
                opened = self._sessions.begin(work, standing.principal(), device=device)
                self._sessions.tell(Act.SIGNED_IN, opened[1], work=work)
                work.commit()
        if opened is None:
            raise self._refused("link_spent", standing, way=Way.LINK)
        return opened

    def accept_invitation(
        self, code: str, device: str = "", *, password_hash: str | None = None
    ) -> tuple[str, Session]:
        """Spend an invitation: its person becomes active and is signed in, as by `redeem`.

        Args:
            code: Of the invitation.
            device: The browser in words.
            password_hash: Of the person's first password; None leaves it without.

        Raises:
            Unauthenticated: Unknown, spent, withdrawn or expired ("invitation_spent").
        """
        now = self._clock.now()
        with self._open_work() as work:
            invitation = work.invitations.take(digest(code), now=now)
            standing = work.people.standing(invitation.person_id) if invitation else None
            opened = None
            if standing is not None and standing.person.state is PersonState.INVITED:
                work.people.update(replace(standing.person, state=PersonState.ACTIVE))
                opened = self._sessions.begin(work, standing.principal(), device=device)
                self._sessions.tell(Act.PERSON_JOINED, opened[1], work=work)
                if password_hash is not None:
                    renew_password(work, standing.person, hashed=password_hash, now=now)
                    self._tell_own(work, Act.PASSWORD_SET, standing.principal())
                self._sessions.tell(Act.SIGNED_IN, opened[1], work=work)
                work.commit()
        if standing is None or opened is None:
            raise self._refused("invitation_spent", standing, way=Way.INVITATION)
        return opened

    def principal_of(self, secret: str, *, checks_charter: bool = True) -> Principal:
        """Who a session speaks for, with the roles that its person has now; this counts as its use.

        Args:
            secret: The cookie's value.
            checks_charter: False for what must work before the charter is accepted.

        Raises:
            Unauthenticated: Unknown, revoked or expired session, or a person who may not sign in.
            Forbidden: The tenant is closed ("tenant_closed").
            CharterRequired: The person has to accept the charter of its tenant first.
        """
        session = self._sessions.use(secret)
        with self._open_work() as work:
            found = work.people.standing(session.person_id)
        standing = _admitted(found)
        person, now = standing.person, self._clock.now()
        if is_worth_noting(person.seen_at, now=now):
            self._note(lambda work: work.people.note_seen(person.id, at=now))
        if checks_charter and standing.owes_charter:
            charter = standing.charter
            raise CharterRequired(version=charter.version, text=charter.text)
        return standing.principal()

    def principal_of_key(self, secret: str) -> Principal:
        """Who an API key speaks for, with the roles that its person has now.

        Raises:
            Unauthenticated: Unknown, revoked or expired key, or of somebody who may not sign in.
            Forbidden: The tenant is closed ("tenant_closed").
        """
        now = self._clock.now()
        with self._open_work() as work:
            key = work.keys.find(digest(secret), now=now)
            standing = work.people.standing(key.person_id) if key else None
        checked = _admitted(standing)
        if key is None:
            raise Unauthenticated
        if is_worth_noting(key.used_at, now=now):
            self._note(lambda work: work.keys.note_used(key.id, at=now))
        return checked.principal(key)

    def accept_charter(self, principal: Principal, *, version: int) -> None:
        """Note that a person accepts the charter of its tenant as it stands.

        Raises:
            Forbidden: A key cannot accept for its person.
            Unauthenticated: There is no such person any more.
            CharterRequired: The text has changed since: another version is to be accepted.
        """
        if principal.is_key:
            raise Forbidden
        with self._open_work() as work:
            work.lock()
            standing = work.people.standing(principal.person_id)
            if standing is None:
                raise Unauthenticated
            charter = standing.charter
            if version != charter.version:
                raise CharterRequired(version=charter.version, text=charter.text)
            work.people.update(replace(standing.person, charter_version=version))
            self._tell_own(work, Act.CHARTER_ACCEPTED, principal, version=version)
            work.commit()

    def sign_out(self, secret: str) -> None:
        """End a session at once; nothing happens when it is unknown."""
        self._sessions.end(secret)

    def _refused(self, code: str, standing: Standing | None, *, way: Way) -> Unauthenticated:
        people = () if standing is None else (standing.person,)
        tell_refusal(self._audit, code, way=way, people=people)
        return Unauthenticated(code)

    def _tell_own(self, work: UnitOfWork, act: Act, principal: Principal, **details: int) -> None:
        """Record what a person did about itself, in the transaction that does it."""
        self._audit.record_in(
            work,
            act,
            by=principal,
            tenant_id=principal.tenant_id,
            subject=principal.person_id,
            details=details,
        )

    def _note(self, write: Callable[[UnitOfWork], None]) -> None:
        """Write what may be lost: nobody is kept out because the database is busy."""
        with suppress(StorageError), self._open_work() as work:
            write(work)
            work.commit()


def _is_active(standing: Standing) -> bool:
    return standing.person.state is PersonState.ACTIVE


def _admitted(standing: Standing | None) -> Standing:
    if standing is None or not _is_active(standing):
        raise Unauthenticated
    if standing.is_shut_out:
        raise Forbidden("tenant_closed")
    return standing
