"""API keys, by hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from assistant.adapters.sql.people_tables import api_keys
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.ids import KeyId, PersonId, TenantId
from assistant.domain.people import ApiKey
from assistant.domain.tenancy import Permission

_PLAIN = (
    "id", "tenant_id", "person_id", "name", "prefix", "secret_hash", "created_at", "expires_at",
    "used_at",
)  # fmt: skip


class SqlKeyRepository:
    """Implements `KeyRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, key: ApiKey) -> None:
        """Keep a new key of an existing person. Raises `Conflict` when there is no such person."""
        values = {name: getattr(key, name) for name in _PLAIN}
        self._transaction.write(
            api_keys.insert().values(**values, permissions=sorted(key.permissions))
        )

    def find(self, secret_hash: str, *, now: datetime) -> ApiKey | None:
        """The key of a secret; None when unknown, revoked or expired."""
        row = self._transaction.first(
            select(api_keys).where(
                api_keys.c.secret_hash == secret_hash, api_keys.c.expires_at > now
            )
        )
        return None if row is None else _key_of(row)

    def list_all(self, *, tenant_id: TenantId, person_id: PersonId | None) -> list[ApiKey]:
        """Keys of a tenant's people, or of one of them, oldest first; expired ones too."""
        query = (
            select(api_keys)
            .where(*_owned(tenant_id=tenant_id, person_id=person_id))
            .order_by(api_keys.c.number)
        )
        return [_key_of(row) for row in self._transaction.read(query)]

    def delete(self, key_id: KeyId, *, tenant_id: TenantId, person_id: PersonId | None) -> bool:
        """End a key at once; False when there is none of that tenant (and person)."""
        owned = _owned(tenant_id=tenant_id, person_id=person_id)
        return (
            self._transaction.write(api_keys.delete().where(api_keys.c.id == key_id, *owned)) == 1
        )

    def delete_of(self, person_id: PersonId) -> int:
        """End all keys of a person; how many there were."""
        return self._transaction.write(api_keys.delete().where(api_keys.c.person_id == person_id))

    def note_used(self, key_id: KeyId, *, at: datetime) -> None:
        """Write when a key was used last."""
        self._transaction.write(update(api_keys).where(api_keys.c.id == key_id).values(used_at=at))


def _owned(*, tenant_id: TenantId, person_id: PersonId | None) -> list[ColumnElement[bool]]:
    own = [api_keys.c.tenant_id == tenant_id]
    return own if person_id is None else [*own, api_keys.c.person_id == person_id]


def _key_of(row: Row[Any]) -> ApiKey:
    return ApiKey(
        **{name: getattr(row, name) for name in _PLAIN},
        permissions=frozenset(map(Permission, row.permissions)),
    )
