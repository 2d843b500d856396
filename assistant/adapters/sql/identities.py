"""Whom the identities of providers are here."""

from __future__ import annotations

from sqlalchemy import select

from assistant.adapters.sql.sign_in_tables import identities
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.identity import LinkedIdentity
from assistant.domain.ids import PersonId, TenantId

_FIELDS = ("issuer", "subject", "provider", "person_id", "tenant_id", "linked_at")


class SqlIdentityRepository:
    """Implements `IdentityRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def keep(self, identity: LinkedIdentity) -> None:
        """Tie an identity to a person; one that is tied stays as it is. Raises `Conflict` for nobody's."""
        values = {name: getattr(identity, name) for name in _FIELDS}
        self._transaction.add_missing(identities, [values])

    def find(self, *, issuer: str, subject: str) -> LinkedIdentity | None:
        """Whom an identity is; None before it was tied."""
        query = select(identities).where(
            identities.c.issuer == issuer, identities.c.subject == subject
        )
        found = self._transaction.first(query)
        return (
            None if found is None else LinkedIdentity(*(getattr(found, each) for each in _FIELDS))
        )

    def list_of(self, person_id: PersonId, *, tenant_id: TenantId) -> list[LinkedIdentity]:
        """The identities of a person, in the order they were tied."""
        query = (
            select(identities)
            .where(identities.c.person_id == person_id, identities.c.tenant_id == tenant_id)
            .order_by(identities.c.linked_at, identities.c.issuer, identities.c.subject)
        )
        return [
            LinkedIdentity(*(getattr(row, each) for each in _FIELDS))
            for row in self._transaction.read(query)
        ]
