"""Invitations, by hash of their code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from assistant.adapters.sql.people_tables import invitations
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import InvitationId, PersonId, TenantId
from assistant.domain.people import Invitation

_FIELDS = (
    "id", "tenant_id", "person_id", "code_hash", "created_by", "created_at", "expires_at",
)  # fmt: skip


class SqlInvitationRepository:
    """Implements `InvitationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put(self, invitation: Invitation) -> None:
        """Keep an invitation in place of an older one of its person."""
        self._transaction.write(
            invitations.delete().where(invitations.c.person_id == invitation.person_id)
        )
        values = {name: getattr(invitation, name) for name in _FIELDS}
        self._transaction.write(invitations.insert().values(**values))

    def take(self, code_hash: str, *, now: datetime) -> Invitation | None:
        """Spend an invitation; None when unknown, spent or expired. Only one caller ever gets it."""
        this = invitations.c.code_hash == code_hash
        self._transaction.lock()
        row = self._transaction.first(
            select(invitations).where(this, invitations.c.expires_at > now).with_for_update()
        )
        if row is None or self._transaction.write(invitations.delete().where(this)) == 0:
            return None
        return _invitation_of(row)

    def find_by_code(self, code_hash: str, *, now: datetime) -> Invitation | None:
        """An invitation, without spending it; None when unknown, spent or expired."""
        row = self._transaction.first(
            select(invitations).where(
                invitations.c.code_hash == code_hash, invitations.c.expires_at > now
            )
        )
        return None if row is None else _invitation_of(row)

    def find(self, invitation_id: InvitationId, *, tenant_id: TenantId) -> Invitation | None:
        """An invitation of a tenant, expired or not."""
        row = self._transaction.first(
            select(invitations).where(
                invitations.c.id == invitation_id, invitations.c.tenant_id == tenant_id
            )
        )
        return None if row is None else _invitation_of(row)

    def find_of(self, person_id: PersonId, *, tenant_id: TenantId) -> Invitation | None:
        """The invitation of a person that was not accepted, expired or not."""
        row = self._transaction.first(
            select(invitations).where(
                invitations.c.person_id == person_id, invitations.c.tenant_id == tenant_id
            )
        )
        return None if row is None else _invitation_of(row)

    def list_all(self, *, tenant_id: TenantId) -> list[Invitation]:
        """Invitations of a tenant that were not accepted, oldest first."""
        query = (
            select(invitations)
            .where(invitations.c.tenant_id == tenant_id)
            .order_by(invitations.c.created_at, invitations.c.id)
        )
        return [_invitation_of(row) for row in self._transaction.read(query)]

    def delete(self, invitation_id: InvitationId, *, tenant_id: TenantId) -> None:
        """Make an invitation worthless; no error when unknown."""
        self._transaction.write(
            invitations.delete().where(
                invitations.c.id == invitation_id, invitations.c.tenant_id == tenant_id
            )
        )


def _invitation_of(row: Row[Any]) -> Invitation:
    return Invitation(**{name: getattr(row, name) for name in _FIELDS})
