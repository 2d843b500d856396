"""Sign-in by address and password.

No transaction is open while a hash is computed: attempts are counted before, a session begun after.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assistant.domain.audit import Act
from assistant.domain.errors import (
    AssistantError,
    Forbidden,
    QuotaExceeded,
    StorageError,
    Unauthenticated,
)
from assistant.domain.passwords import Password, normal_password
from assistant.domain.people import Person, PersonState, Standing, normalised_email
from assistant.domain.sessions import Session
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.passwords import PasswordHasher
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.sign_in_guard import (
    Attempted,
    SignInGuard,
    give_back,
    of_account,
    of_address,
    pardon,
)
from assistant.services.sign_in_refusals import Way, tell_refusal

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody signs in with."""

    email: str
    """As typed. So is the next one."""
    password: str
    address: str
    """Of the network, as far as it is known."""
    device: str = ""
    """The browser in words."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    standing: Standing
    password: Password

    @property
    def rank(self) -> tuple[bool, datetime]:
        """Who may come in stands before who may not, the last one seen before the others."""
        return self.standing.is_admitted, self.standing.person.seen_at or _NEVER


class PasswordSignIn:
    """Signs people in by their password. Blocking, for the time of a slow hash.

    Somebody of several tenants has a password in each: the password says which one is meant.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        hasher: PasswordHasher | None,
        sessions: BrowserSessions,
        audit: AuditTrail,
    ) -> None:
        """Prepare.

        Args:
            open_work: Opens units of work.
            clock: Tells the time.
            hasher: Of passwords; None where there are no local accounts.
            sessions: Opens sessions.
            audit: Told of who was refused.
        """
        self._open_work = open_work
        self._clock = clock
        self._hasher = hasher
        self._sessions = sessions
        self._audit = audit
        self._guard = SignInGuard(open_work, clock)

    def sign_in(self, given: Credentials) -> tuple[str, Session]:
        """The secret of a new session (the cookie's value) and the session.

        An unknown address costs what a wrong password does, and is refused in the same words.

        Raises:
            QuotaExceeded: Too many attempts failed of late ("sign_in_throttled").
            Unauthenticated: No such address, or not its password ("sign_in_wrong").
            Forbidden: The right password of somebody who is suspended ("access_suspended") or whose
                tenant is closed ("tenant_closed"); no local accounts here ("local_accounts_off").
        """
        if self._hasher is None:
            raise Forbidden("local_accounts_off")
        email = normalised_email(given.email) or given.email.strip().casefold()
        try:
            return self._signed_in(given, email=email, hasher=self._hasher)
        except (QuotaExceeded, Unauthenticated, Forbidden) as error:
            self._tell(error, email=email)
            raise

    def _signed_in(
        self, given: Credentials, *, email: str, hasher: PasswordHasher
    ) -> tuple[str, Session]:
        account, address = of_account(email), of_address(given.address)
        self._guard.enter(account, address)
        password = normal_password(given.password)
        found = self._proven(password, email=email, hasher=hasher)
        kept = found.password
        if hasher.is_outdated(kept.hash):
            kept = replace(kept, hash=hasher.hash(password))
        return self._open(found, kept=kept, device=given.device, attempts=(account, address))

    def _proven(self, password: str, *, email: str, hasher: PasswordHasher) -> _Candidate:
        candidates = self._candidates(email)
        if not candidates:
            hasher.verify(password, against=None)
        proven = [
            each for each in candidates if hasher.verify(password, against=each.password.hash)
        ]
        if not proven:
            raise Unauthenticated("sign_in_wrong")
        return max(proven, key=lambda each: each.rank)

    def _candidates(self, email: str) -> list[_Candidate]:
        found: list[_Candidate] = []
        with self._open_work() as work:
            for person in work.people.list_by_email(email):
                standing = work.people.standing(person.id)
                password = work.passwords.find(person.id)
                if standing is not None and password is not None:
                    found.append(_Candidate(standing, password))
        return found

    def _open(
        self,
        found: _Candidate,
        *,
        kept: Password,
        device: str,
        attempts: tuple[Attempted, Attempted],
    ) -> tuple[str, Session]:
        """The session, unless its person changed in the time of the hash."""
        person_id = found.standing.person.id
        account, address = attempts
        with self._open_work() as work:
            work.lock()
            standing = work.people.standing(person_id)
            if standing is None or work.passwords.find(person_id) != found.password:
                raise Unauthenticated("sign_in_wrong")
            _check_admitted(standing)
            if kept != found.password:
                work.passwords.put(kept)
            give_back(work, account, address)
            pardon(work, standing.person)
            secret, session = self._sessions.begin(work, standing.principal(), device=device)
            self._sessions.tell(Act.SIGNED_IN, session, work=work)
            work.commit()
        return secret, session

    def _tell(self, error: AssistantError, *, email: str) -> None:
        people: list[Person] = []
        # A busy database leaves the refusal what it is; it is told without its person.
        with suppress(StorageError), self._open_work() as work:
            people = work.people.list_by_email(email)
        tell_refusal(self._audit, error.code, way=Way.PASSWORD, people=people)


def _check_admitted(standing: Standing) -> None:
    """Keep out who has proven itself but may not come in."""
    if standing.person.state is not PersonState.ACTIVE:
        raise Forbidden("access_suspended")
    if standing.is_shut_out:
        raise Forbidden("tenant_closed")
