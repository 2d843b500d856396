"""People, their groups, their invitations and their keys."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.ids import GroupId, InvitationId, KeyId, PersonId, TenantId
from assistant.domain.tenancy import Permission, Principal, Role
from assistant.domain.tenants import OPEN_STATES, Charter, TenantState

_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]+@[^@\s\"(),:;<>\[\\\]]+\.[^@\s\"(),:;<>\[\\\]]{2,}")
_EMAIL_CHARS = 254
KEY_PREFIX = "ar_"
"""What every API key begins with, so that it is told from the local token, and found by scanners."""


class PersonState(StrEnum):
    """Whether a person may sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who belongs to a tenant."""

    id: PersonId
    tenant_id: TenantId
    name: str
    """As shown to others."""
    email: str
    """As `normalised_email` gives it, of one person of the tenant; empty for the machine's owner."""
    roles: frozenset[Role]
    state: PersonState
    created_at: datetime
    charter_version: int = 0
    """Of the charter accepted last; 0 for none."""
    seen_at: datetime | None = None
    """Last use, to the hour; None before the first."""
    export_consent: bool = False
    """True when it lets its conversations leave with its tenant."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person and what its tenant says of it now: all that is needed to let it in."""

    person: Person
    tenant_state: TenantState
    charter: Charter

    @property
    def is_shut_out(self) -> bool:
        """True when the tenant is closed to this person."""
        is_platform_admin = Role.PLATFORM_ADMIN in self.person.roles
        return self.tenant_state not in OPEN_STATES and not is_platform_admin

    @property
    def is_admitted(self) -> bool:
        """True when the person may come in now."""
        return self.person.state is PersonState.ACTIVE and not self.is_shut_out

    @property
    def owes_charter(self) -> bool:
        """True when the person has to accept the charter first."""
        return self.charter.asks(self.person.charter_version)

    def principal(self, key: ApiKey | None = None) -> Principal:
        """Who calls: the person itself, or a key of it."""
        person = self.person
        own = Principal(person_id=person.id, tenant_id=person.tenant_id, roles=person.roles)
        return Principal(
            person_id=own.person_id,
            tenant_id=own.tenant_id,
            roles=own.roles,
            permissions=own.permissions if key is None else key.permissions,
            is_read_only=self.tenant_state is not TenantState.ACTIVE,
            key_id=None if key is None else key.id,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Some people of a tenant, to whom collections may be open."""

    id: GroupId
    tenant_id: TenantId
    name: str
    """Of one group of the tenant."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a group."""

    group_id: GroupId
    person_id: PersonId
    provider: str
    """The identity provider that named the group; empty when an administrator gave it."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A single-use code that makes an invited person active and signs it in. Only its hash is kept."""

    id: InvitationId
    tenant_id: TenantId
    person_id: PersonId
    code_hash: str
    created_by: PersonId
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A credential for programs, in the name of a person. Only a hash of it is kept."""

    id: KeyId
    tenant_id: TenantId
    person_id: PersonId
    name: str
    """What it is for, in its person's words."""
    prefix: str
    """Its first characters, to recognise it by."""
    secret_hash: str
    """SHA-256 of the whole key, hexadecimal."""
    permissions: frozenset[Permission]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    """Last use, to the hour; None before the first."""


def normalised_email(text: str) -> str | None:
    """An address without surrounding space, in lower case and Unicode form NFKC; None when it is none."""
    address = unicodedata.normalize("NFKC", text).strip().lower()
    if len(address) > _EMAIL_CHARS or not _EMAIL.fullmatch(address):
        return None
    return address
