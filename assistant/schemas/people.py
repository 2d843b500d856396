"""People, groups, invitations and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.wire import Wire

RoleName = Literal["agent", "tenant_admin", "platform_admin", "auditor"]
PermissionName = Literal["read", "ask", "ingest", "admin"]
PersonStateName = Literal["invited", "active", "suspended"]


class GroupOut(Wire):
    """A group."""

    id: str
    name: str


class PersonOut(Wire):
    """A person of a tenant."""

    id: str
    tenant_id: str
    name: str
    email: str
    """Empty for the owner of the machine."""
    roles: list[RoleName]
    state: PersonStateName
    charter_version: int
    """Of the charter accepted last; 0 for none."""
    created_at: datetime
    seen_at: datetime | None
    """Last use, to the hour."""


class PersonDetail(Wire):
    """A person and its groups."""

    person: PersonOut
    groups: list[GroupOut]


class PersonChangeIn(Wire):
    """What to change of a person; what is left out, or null, stays as it is."""

    name: str | None = None
    roles: list[RoleName] | None = None
    """All of them; "agent" is always among them."""


class GroupIn(Wire):
    """Create or rename a group."""

    name: str


class GroupDetail(Wire):
    """A group and its people."""

    group: GroupOut
    people: list[PersonOut]


class MembersIn(Wire):
    """People to add to a group."""

    people: list[str] = Field(min_length=1, max_length=1000)
    """Their ids."""


class InvitationIn(Wire):
    """Somebody to invite."""

    name: str
    email: str
    roles: list[RoleName] = Field(default=[])
    groups: list[str] = Field(default=[], max_length=100)
    """Ids of groups to be in from the first day."""


class InvitationOut(Wire):
    """An invitation that was not accepted."""

    id: str
    person: PersonOut
    created_at: datetime
    expires_at: datetime


class InvitationMade(Wire):
    """A new invitation, with its link."""

    invitation: InvitationOut
    url: str
    """To hand to the person; told only now, spent by its first use."""


class KeyIn(Wire):
    """A key to make for oneself."""

    name: str
    """What it is for."""
    permissions: list[PermissionName] = Field(min_length=1)
    days: int = 90
    """After which it expires, from 1 to 366."""


class KeyOut(Wire):
    """An API key, without its secret."""

    id: str
    person_id: str
    name: str
    prefix: str
    """Its first characters."""
    permissions: list[PermissionName]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    """Last use, to the hour."""


class KeyMade(Wire):
    """A new key, with its secret."""

    key: KeyOut
    secret: str
    """Told only now; sent as `Authorization: Bearer …`."""


class MeChangeIn(Wire):
    """What to change of oneself."""

    export_consent: bool
    """True lets one's conversations leave with the tenant, should it move to another instance."""


class PasswordLinkMade(Wire):
    """A new link to set a password."""

    url: str
    """To hand to the person; told only now, spent by its first use."""
    name: str
    """Of the person."""
    expires_at: datetime


class PasswordChangeIn(Wire):
    """One's own password, before and after."""

    current: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class CharterIn(Wire):
    """The charter that one accepts."""

    version: int
