"""Sign-in: single-use links and the opaque sessions they open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assistant.domain.ids import PersonId, SessionId, TenantId


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. Only a hash of its secret is kept."""

    id: SessionId
    secret_hash: str
    """SHA-256 of the cookie's value, hexadecimal."""
    person_id: PersonId
    tenant_id: TenantId
    created_at: datetime
    expires_at: datetime
    """It ends then, however much it is used."""
    seen_at: datetime
    """Last use, to some minutes."""
    idle_until: datetime
    """It ends then, unless it is used before."""
    device: str = ""
    """Browser and system in words, such as "Firefox sur Windows"; empty when unknown."""


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A single-use code that opens a session. Only its hash is kept."""

    code_hash: str
    person_id: PersonId
    tenant_id: TenantId
    expires_at: datetime
