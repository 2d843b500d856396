"""Passwords by person, links by hash of their code, failed attempts by key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from assistant.adapters.sql.password_tables import password_links, passwords, sign_in_failures
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import PersonId
from assistant.domain.passwords import Password, PasswordLink
from assistant.domain.throttling import Failures

_FIELDS = ("person_id", "tenant_id", "hash", "set_at")
_LINK_FIELDS = (
    "code_hash", "person_id", "tenant_id", "created_by", "created_at", "expires_at",
)  # fmt: skip


class SqlPasswordRepository:
    """Implements `PasswordRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put(self, password: Password) -> None:
        """Keep a password in place of an older one of its person."""
        own = passwords.c.person_id == password.person_id
        self._transaction.write(passwords.delete().where(own))
        values = {name: getattr(password, name) for name in _FIELDS}
        self._transaction.write(passwords.insert().values(**values))

    def find(self, person_id: PersonId) -> Password | None:
        """The password of a person; None when it has none."""
        query = select(passwords).where(passwords.c.person_id == person_id)
        row = self._transaction.first(query)
        return None if row is None else Password(*(getattr(row, name) for name in _FIELDS))

    def put_link(self, link: PasswordLink) -> None:
        """Keep a link in place of an older one of its person."""
        self.drop_link(link.person_id)
        values = {name: getattr(link, name) for name in _LINK_FIELDS}
        self._transaction.write(password_links.insert().values(**values))

    def find_link(self, code_hash: str, *, now: datetime) -> PasswordLink | None:
        """A link, without spending it; None when unknown, spent or expired."""
        row = self._transaction.first(
            select(password_links).where(
                password_links.c.code_hash == code_hash, password_links.c.expires_at > now
            )
        )
        return None if row is None else PasswordLink(*(getattr(row, name) for name in _LINK_FIELDS))

    def take_link(self, code_hash: str, *, now: datetime) -> PasswordLink | None:
        """Spend a link; None when unknown, spent or expired. Only one caller ever gets it."""
        self._transaction.lock()
        found = self.find_link(code_hash, now=now)
        this = password_links.c.code_hash == code_hash
        if found is None or self._transaction.write(password_links.delete().where(this)) == 0:
            return None
        return found

    def drop_link(self, person_id: PersonId) -> None:
        """Make the link of a person worthless; no error when it has none."""
        own = password_links.c.person_id == person_id
        self._transaction.write(password_links.delete().where(own))

    def failures(self, key: str) -> Failures | None:
        """Failed attempts under a key; None when there are none."""
        query = select(sign_in_failures).where(sign_in_failures.c.key == key)
        row = self._transaction.first(query)
        return None if row is None else Failures(row.failures, row.last_at)

    def put_failures(self, key: str, failures: Failures) -> None:
        """Replace the failed attempts under a key."""
        self.drop_failures(key)
        values = {"key": key, "failures": failures.count, "last_at": failures.last_at}
        self._transaction.write(sign_in_failures.insert().values(**values))

    def drop_failures(self, key: str) -> None:
        """Forget the failed attempts under a key; no error when there are none."""
        self._transaction.write(sign_in_failures.delete().where(sign_in_failures.c.key == key))

    def forget_failures(self, *, before: datetime) -> None:
        """Forget all failed attempts whose last one was before a moment."""
        old = sign_in_failures.c.last_at < before
        self._transaction.write(sign_in_failures.delete().where(old))
