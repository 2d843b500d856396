"""Attempts to sign in, counted before anything is computed for them, in the database of all processes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.domain.errors import QuotaExceeded
from assistant.domain.ids import PersonId
from assistant.domain.passwords import Password
from assistant.domain.people import Person
from assistant.domain.throttling import OF_ACCOUNT, OF_ADDRESS, Failures, Throttle
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.secrets import digest

_KEPT = max(OF_ACCOUNT.forgotten, OF_ADDRESS.forgotten)


@dataclass(frozen=True, slots=True)
class Attempted:
    """Whose attempts are counted together."""

    key: str
    """A hash: the table names nobody."""
    throttle: Throttle


def of_account(email: str) -> Attempted:
    """All attempts for an address of a person, whether there is one or not."""
    return Attempted(digest(f"account {email}"), OF_ACCOUNT)


def of_own(person_id: PersonId) -> Attempted:
    """Attempts of who is signed in to show the former password."""
    return Attempted(digest(f"own {person_id}"), OF_ACCOUNT)


def of_address(address: str) -> Attempted:
    """All attempts from a network address."""
    return Attempted(digest(f"address {address}"), OF_ADDRESS)


class SignInGuard:
    """Lets attempts through, or says how long they wait. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._open_work = open_work
        self._clock = clock

    def enter(self, *attempted: Attempted) -> None:
        """Count an attempt as failed until it is known better; one that has to wait is not counted.

        Counted at once, so that any number of attempts together is not more than one after another.

        Raises:
            QuotaExceeded: It has to wait ("sign_in_throttled").
        """
        now = self._clock.now()
        with self._open_work() as work:
            work.lock()
            known = [(each, work.passwords.failures(each.key)) for each in attempted]
            wait = max(each.throttle.wait(failures, now=now) for each, failures in known)
            if wait:
                raise _throttled(wait)
            work.passwords.forget_failures(before=now - _KEPT)
            for each, failures in known:
                work.passwords.put_failures(each.key, each.throttle.counted(failures, now=now))
            work.commit()


def give_back(work: UnitOfWork, *attempted: Attempted) -> None:
    """Take one attempt back that did succeed, within the transaction that lets its person in.

    The others stay: who has an account may try those of others from the same network address.
    """
    for each in attempted:
        failures = work.passwords.failures(each.key)
        if failures is not None:
            left = Failures(max(0, failures.count - 1), failures.last_at)
            work.passwords.put_failures(each.key, left)


def pardon(work: UnitOfWork, person: Person) -> None:
    """Let attempts for a person's address begin anew, within the transaction that knows the person.

    Not where people of other tenants have that address: whoever makes an account at somebody's address
    would win attempts at the other's password.
    """
    if len(work.people.list_by_email(person.email)) == 1:
        work.passwords.drop_failures(of_account(person.email).key)


def renew_password(work: UnitOfWork, person: Person, *, hashed: str, now: datetime) -> None:
    """Give a person another password: failures with the former one and a link made before count no more."""
    work.passwords.put(Password(person.id, person.tenant_id, hashed, now))
    pardon(work, person)
    work.passwords.drop_failures(of_own(person.id).key)
    work.passwords.drop_link(person.id)


def _throttled(wait: timedelta) -> QuotaExceeded:
    wait_s = wait.total_seconds()
    return QuotaExceeded("sign_in_throttled", retry_after_s=wait_s, minutes=math.ceil(wait_s / 60))
