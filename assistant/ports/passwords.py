"""Passwords of local accounts: their slow hash, and what is kept of them and of attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from assistant.domain.ids import PersonId
from assistant.domain.passwords import Password, PasswordLink
from assistant.domain.throttling import Failures


class PasswordHasher(Protocol):
    """A slow hash. Safe to call from several threads; only so many calls compute at a time."""

    def hash(self, password: str) -> str:
        """A new hash, with its salt, method and parameters. Blocks some tens of milliseconds."""
        ...

    def verify(self, password: str, *, against: str | None) -> bool:
        """True when a hash is one of the password; None takes as long and is never right."""
        ...

    def is_outdated(self, kept: str) -> bool:
        """True for a hash made with other parameters than those of today."""
        ...


class PasswordRepository(Protocol):
    """Passwords, links that let set one, and failed attempts.

    Nothing here takes a `Scope`: it comes before anybody is known.
    """

    def put(self, password: Password) -> None:
        """Keep a password in place of an older one of its person."""
        ...

    def find(self, person_id: PersonId) -> Password | None:
        """The password of a person; None when it has none."""
        ...

    def put_link(self, link: PasswordLink) -> None:
        """Keep a link in place of an older one of its person."""
        ...

    def find_link(self, code_hash: str, *, now: datetime) -> PasswordLink | None:
        """A link, without spending it; None when unknown, spent or expired."""
        ...

    def take_link(self, code_hash: str, *, now: datetime) -> PasswordLink | None:
        """Spend a link; None when unknown, spent or expired. Only one caller ever gets it."""
        ...

    def drop_link(self, person_id: PersonId) -> None:
        """Make the link of a person worthless; no error when it has none."""
        ...

    def failures(self, key: str) -> Failures | None:
        """Failed attempts under a key; None when there are none."""
        ...

    def put_failures(self, key: str, failures: Failures) -> None:
        """Replace the failed attempts under a key."""
        ...

    def drop_failures(self, key: str) -> None:
        """Forget the failed attempts under a key; no error when there are none."""
        ...

    def forget_failures(self, *, before: datetime) -> None:
        """Forget all failed attempts whose last one was before a moment."""
        ...
