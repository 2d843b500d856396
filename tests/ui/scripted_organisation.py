"""An API in memory for the pages of administration: one organisation, its people and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from assistant.client import ClientError
from assistant.schemas.collections import CollectionChangeIn, CollectionDetail
from assistant.schemas.conversations import InspectedConversation
from assistant.schemas.feedback import FeedbackReportOut
from assistant.schemas.inspections import ConversationFactsOut, OwnInspectionOut
from assistant.schemas.people import (
    GroupDetail,
    GroupOut,
    InvitationIn,
    InvitationMade,
    InvitationOut,
    KeyIn,
    KeyMade,
    KeyOut,
    MeChangeIn,
    PasswordLinkMade,
    PersonChangeIn,
    PersonDetail,
    PersonOut,
)
from assistant.schemas.service import CharterState, MeOut, TenantBrief
from assistant.schemas.sessions import EndedSessionsOut, SessionOut
from assistant.schemas.tenants import (
    ErasureOut,
    QuotasIO,
    RemainsOut,
    TenantChangeIn,
    TenantIn,
    TenantOut,
    TenantStateIn,
)
from assistant.schemas.usage import QuotaUseOut, UsageOut, UsageRowOut
from tests.ui.scripted import NOW, ScriptedClient, problem


def person(name: str, **changes: object) -> PersonOut:
    values: dict[str, object] = {
        "id": f"id-{name}",
        "tenant_id": "region",
        "name": name.capitalize(),
        "email": f"{name}@region.example",
        "roles": ["agent"],
        "state": "active",
        "charter_version": 0,
        "created_at": NOW,
        "seen_at": NOW,
    }
    return PersonOut.model_validate(values | changes)


def tenant(name: str, **changes: object) -> TenantOut:
    values: dict[str, object] = {
        "id": name,
        "name": name.capitalize(),
        "kind": "commune",
        "siren": "",
        "sirets": [],
        "parent_id": None,
        "state": "active",
        "state_since": None,
        "colour": "#000091",
        "time_zone": "Europe/Paris",
        "welcome": "",
        "charter_version": 0,
        "charter_text": "",
        "retention_days": None,
        "quotas": QuotasIO(),
        "allowed_models": [],
    }
    return TenantOut.model_validate(values | changes)


def group(name: str, *people: PersonOut) -> GroupDetail:
    return GroupDetail(
        group=GroupOut(id=f"group-{name}", name=name.capitalize()), people=list(people)
    )


def collection(name: str, **changes: object) -> CollectionDetail:
    values: dict[str, object] = {
        "id": f"collection-{name.lower()}",
        "tenant_id": "region",
        "name": name,
        "label": "",
        "audience": "tenant",
        "groups": [],
        "tenants": [],
    }
    return CollectionDetail.model_validate(values | changes)


def access_key(name: str, **changes: object) -> KeyOut:
    values: dict[str, object] = {
        "id": f"key-{name}",
        "person_id": "me",
        "name": name,
        "prefix": "ar_12345678",
        "permissions": ["read"],
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=36_500),
        "used_at": None,
    }
    return KeyOut.model_validate(values | changes)


def session(name: str, **changes: object) -> SessionOut:
    values: dict[str, object] = {
        "id": f"session-{name}",
        "device": name,
        "created_at": NOW,
        "seen_at": NOW,
        "expires_at": NOW,
        "is_current": False,
    }
    return SessionOut.model_validate(values | changes)


def invitation(name: str) -> InvitationOut:
    invited = person(name, state="invited", seen_at=None)
    return InvitationOut(
        id=f"invitation-{name}",
        person=invited,
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )


def remains(**changes: object) -> RemainsOut:
    """What is found of a tenant: nothing."""
    fields: dict[str, object] = {
        "rows": {},
        "files": 0,
        "points": 0,
        "quotes": 0,
        "parts": 0,
        "total": 0,
    }
    return RemainsOut.model_validate(fields | changes)


@dataclass
class OrganisingClient(ScriptedClient):
    """As `ScriptedClient`, for who tends an organisation; changes are noted in `calls`."""

    roles: tuple[str, ...] = ("agent", "tenant_admin")
    people: list[PersonOut] = field(
        default_factory=lambda: [
            person("alice", id="me", roles=["agent", "tenant_admin"]),
            person("bruno"),
        ]
    )
    invitations: list[InvitationOut] = field(default_factory=list[InvitationOut])
    groups: list[GroupDetail] = field(default_factory=list[GroupDetail])
    collections: list[CollectionDetail] = field(default_factory=lambda: [collection("Actes")])
    tenants: list[TenantOut] = field(default_factory=lambda: [tenant("region", kind="region")])

    keys: list[KeyOut] = field(default_factory=list[KeyOut])
    sessions: list[SessionOut] = field(
        default_factory=lambda: [session("Firefox, Linux", is_current=True)]
    )
    charter: CharterState | None = None
    welcome: str = ""
    logo_url: str | None = None
    retention_days: int | None = None
    export_consent: bool = False
    inspections: list[OwnInspectionOut] = field(default_factory=list[OwnInspectionOut])
    audited: list[ConversationFactsOut] = field(default_factory=list[ConversationFactsOut])
    asked_today: tuple[int, int | None] = (12, 50)
    """Questions asked, and their bound."""
    report: FeedbackReportOut = field(
        default_factory=lambda: FeedbackReportOut(month="2026-03", counts=[], comments=[])
    )
    local_accounts: bool = False
    has_password: bool = False
    erasure_left: int = 0
    """Files that an erasure leaves behind."""

    def me(self) -> MeOut:
        self._check()
        return MeOut(
            person_id="me",
            roles=list(self.roles),
            is_admin="tenant_admin" in self.roles,
            max_file_mb=50,
            name="Alice",
            tenant=TenantBrief(
                id="region",
                name="Region",
                state="active",
                colour="#000091",
                time_zone="Europe/Paris",
                welcome=self.welcome,
                logo_url=self.logo_url,
                retention_days=self.retention_days,
            ),
            charter=self.charter,
            export_consent=self.export_consent,
            unseen_inspections=sum(each.seen_at is None for each in self.inspections),
            has_password=self.has_password,
            local_accounts=self.local_accounts,
        )

    def change_me(self, asked: MeChangeIn) -> MeOut:
        self._note("consent", asked.export_consent)
        self.export_consent = asked.export_consent
        return self.me()

    def own_quotas(self) -> list[QuotaUseOut]:
        used, limit = self.asked_today
        return [
            QuotaUseOut(name="questions_per_person", used=used, limit=limit, resets_at=NOW),
            QuotaUseOut(name="concurrent_per_person", used=0, limit=None, resets_at=None),
        ]

    def quotas(self, *, tenant_id: str | None = None) -> list[QuotaUseOut]:
        return [
            QuotaUseOut(name="questions_per_day", used=1200, limit=2000, resets_at=NOW),
            QuotaUseOut(name="documents", used=3, limit=None, resets_at=None),
        ]

    def usage(self, month: str, *, tenant_id: str | None = None) -> UsageOut:
        row = UsageRowOut(
            tenant_id="region",
            tenant="Region",
            unit="prompt_tokens",
            quantity="12.5",
            price="0.2",
            amount="2.50",
        )
        return UsageOut(month=month, currency="EUR", rows=[row], totals=[], total="2.50")

    def feedback(self, month: str, *, tenant_id: str | None = None) -> FeedbackReportOut:
        return self.report

    def list_own_inspections(self) -> list[OwnInspectionOut]:
        return self.inspections

    def note_inspections_seen(self) -> None:
        self._note("seen")
        self.inspections = [each.model_copy(update={"seen_at": NOW}) for each in self.inspections]

    def list_audited_conversations(
        self, *, tenant_id: str | None = None, pseudonym: str = "", limit: int = 50, offset: int = 0
    ) -> list[ConversationFactsOut]:
        self.calls.append(("audited", tenant_id, pseudonym))
        found = [each for each in self.audited if pseudonym in {"", each.pseudonym}]
        return found[offset : offset + limit]

    def inspect_conversation(self, conversation_id: str, *, reason: str) -> InspectedConversation:
        self._note("inspect", conversation_id, reason)
        detail = self.conversations[conversation_id]
        return InspectedConversation(
            pseudonym="p-1",
            reason=reason,
            made_at=NOW,
            conversation=detail.conversation,
            messages=detail.messages,
        )

    def list_tenants(self, *, archived: bool = False) -> list[TenantOut]:
        put_away = {"archived", "deleted"}
        return [each for each in self.tenants if archived or each.state not in put_away]

    def get_tenant(self, tenant_id: str) -> TenantOut:
        for each in self.tenants:
            if each.id == tenant_id:
                return each
        raise ClientError(problem("not_found", status=404))

    def create_tenant(self, asked: TenantIn) -> TenantOut:
        self._note("create-tenant", asked.model_dump(exclude_none=True))
        self.tenants.append(tenant("new").model_copy(update={"name": asked.name}))
        return self.tenants[-1]

    def change_tenant(self, tenant_id: str, asked: TenantChangeIn) -> TenantOut:
        self._note("change-tenant", tenant_id, asked.model_dump(exclude_none=True))
        return self.get_tenant(tenant_id)

    def move_tenant(self, tenant_id: str, asked: TenantStateIn) -> TenantOut:
        self._note("move-tenant", tenant_id, asked.state)
        self.tenants = [
            each.model_copy(update={"state": asked.state}) if each.id == tenant_id else each
            for each in self.tenants
        ]
        return self.get_tenant(tenant_id)

    def erase_tenant(self, tenant_id: str) -> ErasureOut:
        self._note("erase-tenant", tenant_id)
        found = remains(rows={"chunks": 1200}, files=30, points=4, total=1234)
        if self.erasure_left:
            left = remains(files=self.erasure_left, total=self.erasure_left)
            return ErasureOut(is_complete=False, found=found, left=left)
        self.tenants = [each for each in self.tenants if each.id != tenant_id]
        left = remains()
        return ErasureOut(is_complete=True, found=found, left=left)

    def delete_logo(self, tenant_id: str) -> None:
        self._note("delete-logo", tenant_id)

    def list_people(self, *, tenant_id: str | None = None) -> list[PersonOut]:
        self._check()
        self.calls.append(("list-people", tenant_id))
        return [*self.people, *(each.person for each in self.invitations)]

    def list_invitations(self, *, tenant_id: str | None = None) -> list[InvitationOut]:
        return self.invitations

    def list_groups(self, *, tenant_id: str | None = None) -> list[GroupOut]:
        return [each.group for each in self.groups]

    def get_group(self, group_id: str, *, tenant_id: str | None = None) -> GroupDetail:
        return next(each for each in self.groups if each.group.id == group_id)

    def create_group(self, name: str, *, tenant_id: str | None = None) -> GroupOut:
        self._note("create-group", name, tenant_id)
        self.groups.append(group(name.lower()))
        return self.groups[-1].group

    def rename_group(self, group_id: str, name: str, *, tenant_id: str | None = None) -> GroupOut:
        self._note("rename-group", group_id, name, tenant_id)
        return group(name).group

    def delete_group(self, group_id: str, *, tenant_id: str | None = None) -> None:
        self._note("delete-group", group_id, tenant_id)
        self.groups = [each for each in self.groups if each.group.id != group_id]

    def add_members(
        self, group_id: str, people: Sequence[str], *, tenant_id: str | None = None
    ) -> None:
        self._note("add-members", group_id, list(people), tenant_id)

    def remove_member(self, group_id: str, person_id: str, *, tenant_id: str | None = None) -> None:
        self._note("remove-member", group_id, person_id, tenant_id)

    def list_owned_collections(self, *, tenant_id: str | None = None) -> list[CollectionDetail]:
        return self.collections

    def create_collection(
        self, asked: CollectionChangeIn, *, tenant_id: str | None = None
    ) -> CollectionDetail:
        self._note("create-collection", asked.model_dump(exclude_none=True), tenant_id)
        self.collections.append(collection(asked.name or ""))
        return self.collections[-1]

    def change_collection(
        self, collection_id: str, asked: CollectionChangeIn, *, tenant_id: str | None = None
    ) -> CollectionDetail:
        told = asked.model_dump(exclude_none=True)
        self._note("change-collection", collection_id, told, tenant_id)
        return self.collections[0]

    def delete_collection(self, collection_id: str, *, tenant_id: str | None = None) -> None:
        self._note("delete-collection", collection_id, tenant_id)

    def get_person(self, person_id: str) -> PersonDetail:
        found = next(each for each in self.people if each.id == person_id)
        mine = [each.group for each in self.groups if found in each.people]
        return PersonDetail(person=found, groups=mine)

    def list_keys(self) -> list[KeyOut]:
        return [each for each in self.keys if each.person_id == "me"]

    def list_all_keys(self, *, tenant_id: str | None = None) -> list[KeyOut]:
        return self.keys

    def create_key(self, asked: KeyIn) -> KeyMade:
        self._note("create-key", asked.name, asked.permissions, asked.days)
        return KeyMade(key=access_key(asked.name), secret="ar_secret")

    def revoke_key(self, key_id: str, *, tenant_id: str | None = None) -> None:
        self._note("revoke-key", key_id, tenant_id)
        self.keys = [each for each in self.keys if each.id != key_id]

    def list_sessions(self) -> list[SessionOut]:
        return self.sessions

    def end_session(self, session_id: str) -> None:
        self._note("end-session", session_id)
        self.sessions = [each for each in self.sessions if each.id != session_id]

    def end_other_sessions(self) -> EndedSessionsOut:
        self._note("end-others")
        self.sessions = [each for each in self.sessions if each.is_current]
        return EndedSessionsOut(ended=1)

    def accept_charter(self, version: int) -> None:
        self._note("accept", version)
        self.charter = None

    def invite(self, asked: InvitationIn, *, tenant_id: str | None = None) -> InvitationMade:
        self._note("invite", asked.name, asked.email, asked.roles, asked.groups, tenant_id)
        made = invitation(asked.name.lower())
        self.invitations = [made]
        return InvitationMade(invitation=made, url="https://assistant.example/invitation/secret")

    def withdraw_invitation(self, invitation_id: str, *, tenant_id: str | None = None) -> None:
        self._note("withdraw", invitation_id, tenant_id)
        self.invitations = []

    def change_person(self, person_id: str, asked: PersonChangeIn) -> PersonOut:
        self._note("roles", person_id, sorted(asked.roles or []))
        return person("bruno")

    def make_password_link(self, person_id: str) -> PasswordLinkMade:
        self._note("password-link", person_id)
        url = "https://assistant.example/password/secret"
        return PasswordLinkMade(url=url, name="Bruno", expires_at=NOW + timedelta(days=1))

    def change_password(self, *, current: str, new: str) -> int:
        self._note("password", current, new)
        return 1

    def suspend_person(self, person_id: str) -> PersonOut:
        self._note("suspend", person_id)
        self.people = [
            each.model_copy(update={"state": "suspended"}) if each.id == person_id else each
            for each in self.people
        ]
        return person("bruno", state="suspended")

    def sessions_of(self, person_id: str) -> list[SessionOut]:
        self._check()
        return [session("Chromium, Windows")] if person_id == "id-bruno" else []

    def end_sessions_of(self, person_id: str) -> EndedSessionsOut:
        self._note("end-sessions-of", person_id)
        return EndedSessionsOut(ended=1)

    def restore_person(self, person_id: str) -> PersonOut:
        self._note("restore", person_id)
        return person("bruno")

    def _note(self, *call: object) -> None:
        self._check_change()
        self.calls.append(call)

    def changes(self) -> Sequence[tuple[Any, ...]]:
        """What was changed, without what was only read."""
        return [call for call in self.calls if not str(call[0]).startswith("list-")]
