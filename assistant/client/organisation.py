"""Calls about tenants, people, groups, keys and collections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.client.files import opened
from assistant.client.transport import Transport
from assistant.schemas.collections import CollectionChangeIn, CollectionDetail, CollectionOut
from assistant.schemas.people import (
    CharterIn,
    GroupDetail,
    GroupIn,
    GroupOut,
    InvitationIn,
    InvitationMade,
    InvitationOut,
    KeyIn,
    KeyMade,
    KeyOut,
    MeChangeIn,
    MembersIn,
    PasswordChangeIn,
    PasswordLinkMade,
    PersonChangeIn,
    PersonDetail,
    PersonOut,
)
from assistant.schemas.service import MeOut
from assistant.schemas.sessions import EndedSessionsOut, SessionOut
from assistant.schemas.tenants import (
    ErasureOut,
    TenantChangeIn,
    TenantIn,
    TenantOut,
    TenantStateIn,
)
from assistant.schemas.usage import QuotaUseOut, UsageOut
from assistant.schemas.wire import Wire

_PAGE = 1000


class TenantCalls:
    """The part of the client that deals with tenants and collections."""

    _transport: Transport

    def accept_charter(self, version: int) -> None:
        """Accept the charter of one's tenant."""
        self._transport.send("POST", "/api/v1/me/charter", json=_body(CharterIn(version=version)))

    def change_password(self, *, current: str, new: str) -> int:
        """Change one's password; how many other sessions ended."""
        body = _body(PasswordChangeIn(current=current, new=new))
        ended = self._transport.call(
            "POST", "/api/v1/me/password", returns=EndedSessionsOut, json=body
        )
        return ended.ended

    def change_me(self, asked: MeChangeIn) -> MeOut:
        """Say whether one's conversations may leave with the tenant."""
        return self._transport.call("PATCH", "/api/v1/me", returns=MeOut, json=_body(asked))

    def list_tenants(self, *, archived: bool = False) -> list[TenantOut]:
        """The tenants one may see, oldest first."""
        query = {"archived": archived}
        return self._transport.call("GET", "/api/v1/tenants", returns=list[TenantOut], params=query)

    def create_tenant(self, asked: TenantIn) -> TenantOut:
        """A new tenant."""
        return self._transport.call("POST", "/api/v1/tenants", returns=TenantOut, json=_body(asked))

    def get_tenant(self, tenant_id: str) -> TenantOut:
        """A tenant."""
        return self._transport.call("GET", f"/api/v1/tenants/{tenant_id}", returns=TenantOut)

    def change_tenant(self, tenant_id: str, asked: TenantChangeIn) -> TenantOut:
        """Change a tenant."""
        return self._transport.call(
            "PATCH", f"/api/v1/tenants/{tenant_id}", returns=TenantOut, json=_body(asked)
        )

    def move_tenant(self, tenant_id: str, asked: TenantStateIn) -> TenantOut:
        """Bring a tenant to another state, one step away."""
        path = f"/api/v1/tenants/{tenant_id}/state"
        return self._transport.call("POST", path, returns=TenantOut, json=_body(asked))

    def erase_tenant(self, tenant_id: str) -> ErasureOut:
        """Erase an archived tenant with everything of it."""
        return self._transport.call(
            "DELETE", f"/api/v1/tenants/{tenant_id}", returns=ErasureOut, timeout=_ERASURE_S
        )

    def put_logo(self, tenant_id: str, path: Path) -> None:
        """Replace the logo of a tenant by a PNG or JPEG file."""
        with opened(path) as file:
            self._transport.send("PUT", f"/api/v1/tenants/{tenant_id}/logo", content=file.read())

    def delete_logo(self, tenant_id: str) -> None:
        """Remove the logo of a tenant."""
        self._transport.send("DELETE", f"/api/v1/tenants/{tenant_id}/logo")

    def usage(self, month: str, *, tenant_id: str | None = None) -> UsageOut:
        """What was used in a month such as "2026-11": of one's tenant, or of all one administers."""
        query = {"month": month, **_of(tenant_id)}
        return self._transport.call("GET", "/api/v1/usage", returns=UsageOut, params=query)

    def quotas(self, *, tenant_id: str | None = None) -> list[QuotaUseOut]:
        """What a tenant used of its bounds; one's own unless another one is named."""
        path = "/api/v1/usage/quotas"
        return self._transport.call("GET", path, returns=list[QuotaUseOut], params=_of(tenant_id))

    def own_quotas(self) -> list[QuotaUseOut]:
        """What one used of one's own bounds."""
        return self._transport.call("GET", "/api/v1/me/usage", returns=list[QuotaUseOut])

    def list_collections(self) -> list[CollectionOut]:
        """The collections one may read."""
        return self._transport.call("GET", "/api/v1/collections", returns=list[CollectionOut])

    def list_owned_collections(self, *, tenant_id: str | None = None) -> list[CollectionDetail]:
        """The collections of a tenant, with who reads them."""
        return self._transport.call(
            "GET",
            "/api/v1/collections/owned",
            returns=list[CollectionDetail],
            params=_of(tenant_id),
        )

    def create_collection(
        self, asked: CollectionChangeIn, *, tenant_id: str | None = None
    ) -> CollectionDetail:
        """A new collection."""
        return self._transport.call(
            "POST",
            "/api/v1/collections",
            returns=CollectionDetail,
            json=_body(asked),
            params=_of(tenant_id),
        )

    def change_collection(
        self, collection_id: str, asked: CollectionChangeIn, *, tenant_id: str | None = None
    ) -> CollectionDetail:
        """Change name, label or audience of a collection."""
        return self._transport.call(
            "PATCH",
            f"/api/v1/collections/{collection_id}",
            returns=CollectionDetail,
            json=_body(asked),
            params=_of(tenant_id),
        )

    def delete_collection(self, collection_id: str, *, tenant_id: str | None = None) -> None:
        """Delete a collection that holds nothing."""
        path = f"/api/v1/collections/{collection_id}"
        self._transport.send("DELETE", path, params=_of(tenant_id))


class PeopleCalls:
    """The part of the client that deals with people, groups and keys."""

    _transport: Transport

    def list_people(self, *, tenant_id: str | None = None) -> list[PersonOut]:
        """All people of a tenant, oldest first."""
        found: list[PersonOut] = []
        while True:
            query = {**_of(tenant_id), "limit": _PAGE, "offset": len(found)}
            page = self._transport.call(
                "GET", "/api/v1/people", returns=list[PersonOut], params=query
            )
            found += page
            if len(page) < _PAGE:
                return found

    def get_person(self, person_id: str) -> PersonDetail:
        """A person and its groups."""
        return self._transport.call("GET", f"/api/v1/people/{person_id}", returns=PersonDetail)

    def change_person(self, person_id: str, asked: PersonChangeIn) -> PersonOut:
        """Give a person another name or other roles."""
        return self._transport.call(
            "PATCH", f"/api/v1/people/{person_id}", returns=PersonOut, json=_body(asked)
        )

    def suspend_person(self, person_id: str) -> PersonOut:
        """Keep a person out at once."""
        return self._transport.call(
            "POST", f"/api/v1/people/{person_id}/suspend", returns=PersonOut
        )

    def sessions_of(self, person_id: str) -> list[SessionOut]:
        """Where a person is signed in, the last used first."""
        path = f"/api/v1/people/{person_id}/sessions"
        return self._transport.call("GET", path, returns=list[SessionOut])

    def end_sessions_of(self, person_id: str) -> EndedSessionsOut:
        """Sign a person out everywhere at once."""
        path = f"/api/v1/people/{person_id}/sessions"
        return self._transport.call("DELETE", path, returns=EndedSessionsOut)

    def restore_person(self, person_id: str) -> PersonOut:
        """Let a suspended person sign in again."""
        return self._transport.call(
            "POST", f"/api/v1/people/{person_id}/restore", returns=PersonOut
        )

    def make_password_link(self, person_id: str) -> PasswordLinkMade:
        """A link by which a person sets a new password; told only now."""
        path = f"/api/v1/people/{person_id}/password-link"
        return self._transport.call("POST", path, returns=PasswordLinkMade)

    def list_invitations(self, *, tenant_id: str | None = None) -> list[InvitationOut]:
        """Invitations that were not accepted."""
        return self._transport.call(
            "GET", "/api/v1/invitations", returns=list[InvitationOut], params=_of(tenant_id)
        )

    def invite(self, asked: InvitationIn, *, tenant_id: str | None = None) -> InvitationMade:
        """Invite a person; the link is told only now."""
        return self._transport.call(
            "POST",
            "/api/v1/invitations",
            returns=InvitationMade,
            json=_body(asked),
            params=_of(tenant_id),
        )

    def withdraw_invitation(self, invitation_id: str, *, tenant_id: str | None = None) -> None:
        """Make an invitation worthless."""
        path = f"/api/v1/invitations/{invitation_id}"
        self._transport.send("DELETE", path, params=_of(tenant_id))

    def list_groups(self, *, tenant_id: str | None = None) -> list[GroupOut]:
        """Groups of a tenant, by name."""
        return self._transport.call(
            "GET", "/api/v1/groups", returns=list[GroupOut], params=_of(tenant_id)
        )

    def create_group(self, name: str, *, tenant_id: str | None = None) -> GroupOut:
        """A new group."""
        return self._transport.call(
            "POST",
            "/api/v1/groups",
            returns=GroupOut,
            json=_body(GroupIn(name=name)),
            params=_of(tenant_id),
        )

    def get_group(self, group_id: str, *, tenant_id: str | None = None) -> GroupDetail:
        """A group and its people."""
        return self._transport.call(
            "GET", f"/api/v1/groups/{group_id}", returns=GroupDetail, params=_of(tenant_id)
        )

    def rename_group(self, group_id: str, name: str, *, tenant_id: str | None = None) -> GroupOut:
        """Give a group another name."""
        return self._transport.call(
            "PATCH",
            f"/api/v1/groups/{group_id}",
            returns=GroupOut,
            json=_body(GroupIn(name=name)),
            params=_of(tenant_id),
        )

    def delete_group(self, group_id: str, *, tenant_id: str | None = None) -> None:
        """Delete a group."""
        self._transport.send("DELETE", f"/api/v1/groups/{group_id}", params=_of(tenant_id))

    def add_members(
        self, group_id: str, people: Sequence[str], *, tenant_id: str | None = None
    ) -> None:
        """Add people to a group."""
        self._transport.send(
            "POST",
            f"/api/v1/groups/{group_id}/people",
            json=_body(MembersIn(people=list(people))),
            params=_of(tenant_id),
        )

    def remove_member(self, group_id: str, person_id: str, *, tenant_id: str | None = None) -> None:
        """Remove a person from a group."""
        path = f"/api/v1/groups/{group_id}/people/{person_id}"
        self._transport.send("DELETE", path, params=_of(tenant_id))

    def list_keys(self) -> list[KeyOut]:
        """One's own keys."""
        return self._transport.call("GET", "/api/v1/keys", returns=list[KeyOut])

    def list_all_keys(self, *, tenant_id: str | None = None) -> list[KeyOut]:
        """Keys of all people of a tenant."""
        return self._transport.call(
            "GET", "/api/v1/keys/all", returns=list[KeyOut], params=_of(tenant_id)
        )

    def create_key(self, asked: KeyIn) -> KeyMade:
        """A new key in one's own name; its secret is told only now."""
        return self._transport.call("POST", "/api/v1/keys", returns=KeyMade, json=_body(asked))

    def revoke_key(self, key_id: str, *, tenant_id: str | None = None) -> None:
        """End a key at once."""
        self._transport.send("DELETE", f"/api/v1/keys/{key_id}", params=_of(tenant_id))


_ERASURE_S = 3600.0


def _body(asked: Wire) -> dict[str, object]:
    return asked.model_dump(mode="json", exclude_none=True)


def _of(tenant_id: str | None) -> dict[str, str | int]:
    return {} if tenant_id is None else {"tenant_id": tenant_id}
