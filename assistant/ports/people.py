"""People, groups, invitations, keys and identities, in the relational store.

Every read names the tenant it is within: services ask first whether the caller administers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.identity import LinkedIdentity
from assistant.domain.ids import GroupId, InvitationId, KeyId, PersonId, TenantId
from assistant.domain.people import ApiKey, Group, Invitation, Person, Standing


class PeopleRepository(Protocol):
    """People of tenants."""

    def add(self, person: Person) -> None:
        """Keep a new person. Raises `Conflict` when the id is taken, or the address in its tenant."""
        ...

    def update(self, person: Person) -> None:
        """Replace name, address, roles, state, charter and consent of a person. Raises `NotFound`."""
        ...

    def delete(self, person_id: PersonId, *, tenant_id: TenantId) -> None:
        """Delete a person with its memberships, invitation and keys; no error when unknown."""
        ...

    def find(self, person_id: PersonId, *, tenant_id: TenantId) -> Person | None:
        """A person of a tenant."""
        ...

    def find_by_email(self, email: str, *, tenant_id: TenantId) -> Person | None:
        """The person of a tenant with a normalised address."""
        ...

    def list_by_email(self, email: str) -> list[Person]:
        """The people of all tenants with a normalised address, oldest first; for who presents it."""
        ...

    def list_page(self, *, tenant_id: TenantId, limit: int, offset: int) -> list[Person]:
        """People of a tenant, oldest first."""
        ...

    def standing(self, person_id: PersonId) -> Standing | None:
        """A person of any tenant with what its tenant says of it; for who presents its credential."""
        ...

    def note_seen(self, person_id: PersonId, *, at: datetime) -> None:
        """Write when a person was seen last."""
        ...


class GroupRepository(Protocol):
    """Groups of tenants and their members."""

    def add(self, group: Group) -> None:
        """Keep a new group. Raises `Conflict` when the name is taken in its tenant."""
        ...

    def rename(self, group: Group) -> None:
        """Replace the name. Raises `Conflict` when it is taken."""
        ...

    def delete(self, group_id: GroupId, *, tenant_id: TenantId) -> None:
        """Delete a group: its members lose at once what only it opened to them."""
        ...

    def find(self, group_id: GroupId, *, tenant_id: TenantId) -> Group | None:
        """A group of a tenant."""
        ...

    def list_all(self, *, tenant_id: TenantId) -> list[Group]:
        """Groups of a tenant, by name."""
        ...

    def members(self, group_id: GroupId, *, tenant_id: TenantId) -> list[Person]:
        """People of a group, oldest first."""
        ...

    def groups_of(self, person_id: PersonId, *, tenant_id: TenantId) -> list[Group]:
        """Groups that a person is in, by name."""
        ...

    def add_members(
        self, group_id: GroupId, person_ids: Sequence[PersonId], *, tenant_id: TenantId
    ) -> None:
        """Add people of the same tenant; those already in stay. Raises `Conflict` for others."""
        ...

    def take_named(
        self,
        person_id: PersonId,
        group_ids: Sequence[GroupId],
        *,
        provider: str,
        tenant_id: TenantId,
    ) -> None:
        """Put a person in the groups that an identity provider names, and in no other of its naming.

        Memberships that administrators gave stay. Raises `Conflict` for foreign groups.
        """
        ...

    def remove_member(self, group_id: GroupId, person_id: PersonId, *, tenant_id: TenantId) -> None:
        """Remove a person; no error when it is not in."""
        ...


class InvitationRepository(Protocol):
    """Invitations, by hash of their code."""

    def put(self, invitation: Invitation) -> None:
        """Keep an invitation in place of an older one of its person."""
        ...

    def take(self, code_hash: str, *, now: datetime) -> Invitation | None:
        """Spend an invitation; None when unknown, spent or expired. Only one caller ever gets it."""
        ...

    def find_by_code(self, code_hash: str, *, now: datetime) -> Invitation | None:
        """An invitation, without spending it; None when unknown, spent or expired."""
        ...

    def find(self, invitation_id: InvitationId, *, tenant_id: TenantId) -> Invitation | None:
        """An invitation of a tenant, expired or not."""
        ...

    def find_of(self, person_id: PersonId, *, tenant_id: TenantId) -> Invitation | None:
        """The invitation of a person that was not accepted, expired or not."""
        ...

    def list_all(self, *, tenant_id: TenantId) -> list[Invitation]:
        """Invitations of a tenant that were not accepted, oldest first."""
        ...

    def delete(self, invitation_id: InvitationId, *, tenant_id: TenantId) -> None:
        """Make an invitation worthless; no error when unknown."""
        ...


class KeyRepository(Protocol):
    """API keys, by hash."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key of an existing person."""
        ...

    def find(self, secret_hash: str, *, now: datetime) -> ApiKey | None:
        """The key of a secret; None when unknown, revoked or expired."""
        ...

    def list_all(self, *, tenant_id: TenantId, person_id: PersonId | None) -> list[ApiKey]:
        """Keys of a tenant's people, or of one of them, oldest first; expired ones too."""
        ...

    def delete(self, key_id: KeyId, *, tenant_id: TenantId, person_id: PersonId | None) -> bool:
        """End a key at once; False when there is none of that tenant (and person)."""
        ...

    def delete_of(self, person_id: PersonId) -> int:
        """End all keys of a person; how many there were."""
        ...

    def note_used(self, key_id: KeyId, *, at: datetime) -> None:
        """Write when a key was used last."""
        ...


class IdentityRepository(Protocol):
    """Identities of providers that are people here."""

    def keep(self, identity: LinkedIdentity) -> None:
        """Tie an identity to a person; one that is tied stays as it is. Raises `Conflict` for nobody's."""
        ...

    def find(self, *, issuer: str, subject: str) -> LinkedIdentity | None:
        """Whom an identity is; None before it was tied."""
        ...

    def list_of(self, person_id: PersonId, *, tenant_id: TenantId) -> list[LinkedIdentity]:
        """The identities of a person, in the order they were tied."""
        ...
