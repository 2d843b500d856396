"""Tenants, people, groups, keys and collections as their administrators tend them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from assistant.domain.audit import Act
from assistant.domain.errors import (
    AssistantError,
    CharterRequired,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthenticated,
)
from assistant.domain.ids import GroupId, PersonId, TenantId
from assistant.domain.people import PersonState
from assistant.domain.tenancy import Audience, Permission, Principal, Role
from assistant.domain.tenants import Quotas, TenantKind, TenantState
from assistant.services.collections import CollectionChange
from assistant.services.invitations import Invited
from assistant.services.tenants import TenantChange
from tests.house import House
from tests.unit.assistant.services.organisations import Region


@pytest.fixture
def region(house: House) -> Region:
    return Region(house)


def code_of(error: type[AssistantError], act: Any) -> str:
    with pytest.raises(error) as raised:
        act()
    assert raised.value.sentence
    return raised.value.code


def test_a_tenant_is_made_whole_and_changed(region: Region) -> None:
    tenants = region.organisation.tenants
    change = TenantChange(
        name="  Communauté ",
        kind=TenantKind.EPCI,
        siren="732 829 320",
        sirets=frozenset({"732 829 320 00074"}),
        parent_id=region.owner.tenant_id,
        colour="#1A2B3C",
        time_zone="Indian/Reunion",
        charter_text="Je relis.",
        retention_days=90,
        quotas=Quotas(documents=10),
        allowed_models=("mistral-small", "mistral-small"),
    )
    made = tenants.create(change, principal=region.owner)

    assert (made.name, made.siren, made.colour) == ("Communauté", "732829320", "#1a2b3c")
    assert made.sirets == {"73282932000074"}
    assert made.allowed_models == ("mistral-small",)
    assert (made.charter.version, made.retention_days) == (1, 90)
    changed = tenants.change(
        made.id,
        TenantChange(siren="", sirets=frozenset(), parent_id=TenantId(""), retention_days=0),
        principal=region.owner,
    )
    assert (changed.siren, changed.parent_id, changed.retention_days) == ("", None, None)
    assert tenants.get(made.id, principal=region.owner) == changed
    assert (Act.TENANT_CREATED, region.owner.person_id, made.id) in region.audit.acts


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "name_refused"),
        ({"name": "a\u202eb"}, "name_refused"),
        ({"siren": "732829321"}, "siren_refused"),
        ({"sirets": frozenset({"1"})}, "siret_refused"),
        ({"colour": "red"}, "colour_refused"),
        ({"colour": "#ffff00"}, "colour_too_pale"),
        ({"time_zone": "Mars/Base"}, "time_zone_refused"),
        ({"time_zone": "../../etc/passwd"}, "time_zone_refused"),
        ({"welcome": "a" * 20_001}, "text_too_long"),
        ({"retention_days": -1}, "retention_refused"),
        ({"allowed_models": ("a",) * 51}, "models_refused"),
    ],
)
def test_a_faulty_field_is_named(region: Region, fields: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {"name": "Commune", **fields}
    change = TenantChange(**given)
    tenants = region.organisation.tenants
    assert code_of(InvalidInput, lambda: tenants.create(change, principal=region.owner)) == code


def test_numbers_are_of_one_tenant_and_parents_never_below(region: Region) -> None:
    tenants, owner = region.organisation.tenants, region.owner
    first = tenants.create(TenantChange(name="A", siren="732829320"), principal=owner)
    second = tenants.create(TenantChange(name="B", parent_id=first.id), principal=owner)

    def change(**fields: Any) -> Any:
        tenant = fields.pop("of")
        return lambda: tenants.change(tenant.id, TenantChange(**fields), principal=owner)

    assert code_of(Conflict, change(of=second, siren="732829320")) == "tenant_number_taken"
    assert code_of(Conflict, change(of=first, parent_id=second.id)) == "tenant_parent_below"
    assert code_of(Conflict, change(of=first, parent_id=first.id)) == "tenant_parent_below"
    assert code_of(NotFound, change(of=first, parent_id=TenantId("x"))) == "not_found"


def test_its_own_administrator_changes_looks_and_texts_only(region: Region) -> None:
    tenants, commune = region.organisation.tenants, region.commune

    changed = tenants.change(
        commune.id, TenantChange(welcome="Bonjour", colour="#000091"), principal=region.admin
    )

    assert changed.welcome == "Bonjour"
    for change in (TenantChange(name="Ville"), TenantChange(quotas=Quotas())):
        act = partial(tenants.change, commune.id, change, principal=region.admin)
        assert code_of(Forbidden, act) == "platform_forbidden"
    agent = region.joined("agent-2")
    assert code_of(
        Forbidden, lambda: tenants.change(commune.id, TenantChange(welcome=""), principal=agent)
    )
    other = tenants.create(TenantChange(name="Autre"), principal=region.owner)
    assert code_of(NotFound, lambda: tenants.get(other.id, principal=region.admin)) == "not_found"
    assert [each.id for each in tenants.list_all(principal=region.admin)] == [commune.id]
    assert len(tenants.list_all(principal=region.owner)) == 3


def test_states_move_by_legal_steps_only(region: Region) -> None:
    tenants, commune, owner = region.organisation.tenants, region.commune, region.owner

    def move(state: TenantState) -> Any:
        return lambda: tenants.move(commune.id, state, principal=owner)

    assert code_of(Conflict, move(TenantState.CLOSED)) == "tenant_move_illegal"
    for state in ("suspended", "active", "suspended", "closed", "suspended", "closed", "archived"):
        assert move(TenantState(state))().state is TenantState(state)
    assert code_of(Conflict, move(TenantState.DELETED)) == "tenant_move_illegal"
    assert commune.id not in {each.id for each in tenants.list_all(principal=owner)}
    assert commune.id in {each.id for each in tenants.list_all(principal=owner, with_archived=True)}


def test_a_suspended_tenant_reads_and_asks_but_changes_nothing(region: Region) -> None:
    secret = region.session_of(region.admin)
    region.ingest("a.txt", "Un texte de la commune.")
    region.organisation.tenants.move(
        region.commune.id, TenantState.SUSPENDED, principal=region.owner
    )

    principal = region.sign_in.principal_of(secret)

    assert principal.is_read_only
    scope = region.scope_of(principal)
    [document] = region.house.documents.list_page(scope=scope, limit=9)
    acts = (
        lambda: region.house.documents.delete(document.id, principal=principal, scope=scope),
        lambda: region.organisation.groups.create(
            "G", tenant_id=region.commune.id, principal=principal
        ),
        lambda: region.organisation.keys.create(
            "K", permissions=frozenset({Permission.ASK}), days=1, principal=principal
        ),
        lambda: region.organisation.tenants.change(
            region.commune.id, TenantChange(welcome="x"), principal=principal
        ),
    )
    assert {code_of(Forbidden, act) for act in acts} == {"tenant_suspended"}


def test_a_closed_tenant_keeps_its_people_out_and_its_documents_in(region: Region) -> None:
    code = region.sign_in.issue_link(region.admin)
    secret = region.session_of(region.admin)
    key, key_secret = region.organisation.keys.create(
        "K", permissions=frozenset({Permission.READ}), days=1, principal=region.admin
    )
    region.ingest("a.txt", "Un texte de la commune.")
    for state in (TenantState.SUSPENDED, TenantState.CLOSED):
        region.organisation.tenants.move(region.commune.id, state, principal=region.owner)

    assert code_of(Unauthenticated, lambda: region.sign_in.principal_of(secret))
    assert code_of(Unauthenticated, lambda: region.sign_in.redeem(code)) == "link_spent"
    assert key.prefix == key_secret[:11]
    refused = lambda: region.sign_in.principal_of_key(key_secret)  # noqa: E731
    assert code_of(Forbidden, refused) == "tenant_closed"
    assert region.scope_of(region.admin).is_empty


def test_an_invitation_is_accepted_once_and_expires(region: Region) -> None:
    invitations, admin = region.organisation.invitations, region.admin
    group = region.organisation.groups.create("G", tenant_id=admin.tenant_id, principal=admin)
    invited = Invited(" Zoé ", "ZOE@Exemple.fr ", frozenset({Role.TENANT_ADMIN}), [group.id])
    _, person, old = invitations.invite(invited, tenant_id=admin.tenant_id, principal=admin)
    invitation, again, code = invitations.invite(
        invited, tenant_id=admin.tenant_id, principal=admin
    )

    assert (again.id, again.email, again.state) == (
        person.id,
        "zoe@exemple.fr",
        PersonState.INVITED,
    )
    assert invitations.list_all(tenant_id=admin.tenant_id, principal=admin) == [(invitation, again)]
    spent = "invitation_spent"
    assert code_of(Unauthenticated, lambda: region.sign_in.accept_invitation(old)) == spent
    secret, _ = region.sign_in.accept_invitation(code)
    principal = region.sign_in.principal_of(secret)
    assert principal.roles == {Role.AGENT, Role.TENANT_ADMIN}
    _, groups = region.organisation.people.get(person.id, principal=admin)
    assert groups == [group]
    assert code_of(Unauthenticated, lambda: region.sign_in.accept_invitation(code)) == spent
    act = lambda: invitations.invite(invited, tenant_id=admin.tenant_id, principal=admin)  # noqa: E731
    assert code_of(Conflict, act) == "email_taken"

    late = Invited("Léo", "leo@exemple.fr")
    _, _, code = invitations.invite(late, tenant_id=admin.tenant_id, principal=admin)
    region.house.clock.advance(7 * 86400 + 1)
    assert code_of(Unauthenticated, lambda: region.sign_in.accept_invitation(code)) == spent


def test_a_withdrawn_invitation_forgets_its_person(region: Region) -> None:
    invitations, admin = region.organisation.invitations, region.admin
    invited = Invited("Zoé", "zoe@exemple.fr")
    made, person, code = invitations.invite(invited, tenant_id=admin.tenant_id, principal=admin)

    invitations.withdraw(made.id, tenant_id=admin.tenant_id, principal=admin)

    assert code_of(Unauthenticated, lambda: region.sign_in.accept_invitation(code))
    assert code_of(NotFound, lambda: region.organisation.people.get(person.id, principal=admin))


def test_roles_count_from_the_next_request_on(region: Region) -> None:
    agent = region.joined("agent-2")
    secret = region.session_of(agent)
    people = region.organisation.people

    people.change(agent.person_id, principal=region.admin, roles=frozenset({Role.TENANT_ADMIN}))
    assert region.sign_in.principal_of(secret).is_admin
    people.change(agent.person_id, principal=region.admin, roles=frozenset())
    assert region.sign_in.principal_of(secret).roles == {Role.AGENT}

    def give(role: Role) -> Any:
        return lambda: people.change(
            agent.person_id, principal=region.admin, roles=frozenset({role})
        )

    assert code_of(Forbidden, give(Role.PLATFORM_ADMIN)) == "platform_forbidden"
    assert code_of(Forbidden, give(Role.AUDITOR)) == "auditor_by_platform"


def test_the_platform_alone_takes_the_auditors_role_and_keeps_it_from_itself(
    region: Region,
) -> None:
    auditor, people = region.joined("auditrice", Role.AUDITOR), region.organisation.people

    def give(*roles: Role, to: Principal = auditor, by: Principal = region.admin) -> Any:
        return lambda: people.change(to.person_id, principal=by, roles=frozenset(roles))

    assert code_of(Forbidden, give()) == "auditor_by_platform"
    assert give(Role.AUDITOR, Role.TENANT_ADMIN)().roles >= {Role.AUDITOR, Role.TENANT_ADMIN}
    assert give(by=region.owner)().roles == {Role.AGENT}
    assert give(Role.AUDITOR, by=region.owner)().roles == {Role.AGENT, Role.AUDITOR}
    boss = region.joined("boss", Role.PLATFORM_ADMIN)
    to_itself = give(Role.PLATFORM_ADMIN, Role.AUDITOR, to=boss, by=boss)
    assert code_of(Forbidden, to_itself) == "auditor_by_oneself"


def test_an_invitation_makes_nobody_an_auditor_unless_the_platform_says_so(
    region: Region,
) -> None:
    invitations, commune = region.organisation.invitations, region.commune.id
    asked = Invited("Ana", "ana@exemple.fr", frozenset({Role.AUDITOR}))

    def invite(invited: Invited, by: Principal) -> Any:
        return lambda: invitations.invite(invited, tenant_id=commune, principal=by)

    assert code_of(Forbidden, invite(asked, region.admin)) == "auditor_by_platform"
    _, person, code = invite(asked, region.owner)()
    assert person.roles == {Role.AGENT, Role.AUDITOR}
    for again in (asked, replace(asked, roles=frozenset())):
        assert code_of(Forbidden, invite(again, region.admin)) == "auditor_by_platform"

    region.sign_in.accept_invitation(code)


def test_suspension_ends_sessions_and_keys_at_once(region: Region) -> None:
    agent = region.joined("agent-2")
    secret = region.session_of(agent)
    _, key = region.organisation.keys.create(
        "K", permissions=frozenset({Permission.READ}), days=1, principal=agent
    )
    people = region.organisation.people
    assert region.sign_in.principal_of_key(key).permissions == {Permission.READ}

    people.suspend(agent.person_id, principal=region.admin)

    for act in (
        lambda: region.sign_in.principal_of(secret),
        lambda: region.sign_in.principal_of_key(key),
        lambda: region.session_of(agent),
    ):
        assert code_of(Unauthenticated, act)
    assert region.scope_of(agent).is_empty

    def suspend(of: PersonId) -> Any:
        return lambda: people.suspend(of, principal=region.admin)

    assert code_of(Conflict, suspend(agent.person_id)) == "person_not_active"
    assert code_of(Conflict, suspend(region.admin.person_id)) == "person_is_self"
    assert code_of(NotFound, suspend(PersonId("local"))) == "not_found"
    owner = lambda: people.suspend(PersonId("local"), principal=region.owner)  # noqa: E731
    assert code_of(Conflict, owner) == "person_is_owner"
    people.restore(agent.person_id, principal=region.admin)
    assert region.session_of(agent)
    assert code_of(Unauthenticated, lambda: region.sign_in.principal_of_key(key))


def test_the_charter_is_accepted_first_and_again_when_it_changes(region: Region) -> None:
    secret = region.session_of(region.admin)
    tenants = region.organisation.tenants

    def publish(text: str) -> None:
        tenants.change(region.commune.id, TenantChange(charter_text=text), principal=region.owner)

    publish("Je relis.")
    with pytest.raises(CharterRequired) as raised:
        region.sign_in.principal_of(secret)
    assert (raised.value.version, raised.value.text) == (1, "Je relis.")
    assert "version 1" in raised.value.sentence
    member = region.sign_in.principal_of(secret, checks_charter=False)
    with pytest.raises(CharterRequired):
        region.sign_in.accept_charter(member, version=2)
    region.sign_in.accept_charter(member, version=1)
    assert region.sign_in.principal_of(secret) == region.admin
    publish("Je relis.")
    assert region.sign_in.principal_of(secret)
    publish("Je relis deux fois.")
    assert code_of(CharterRequired, lambda: region.sign_in.principal_of(secret))
    publish("")
    assert region.sign_in.principal_of(secret)


def test_a_key_allows_no_more_than_its_person_may(region: Region) -> None:
    keys, agent = region.organisation.keys, region.joined("agent-2")

    def make(permission: Permission, principal: Any, days: int = 9) -> Any:
        return lambda: keys.create(
            "K", permissions=frozenset({permission}), days=days, principal=principal
        )

    assert code_of(Forbidden, make(Permission.INGEST, agent))
    assert code_of(Forbidden, make(Permission.ADMIN, agent))
    assert code_of(InvalidInput, make(Permission.READ, agent, 367)) == "key_refused"
    key, secret = make(Permission.ADMIN, region.admin)()
    principal = region.sign_in.principal_of_key(secret)
    assert principal.administers(region.commune.id)
    assert not principal.is_admin
    assert code_of(Forbidden, make(Permission.READ, principal)) == "key_by_key"
    raw = b"".join(path.read_bytes() for path in region.house.root.glob("assistant.sqlite3*"))
    assert secret.encode() not in raw
    assert key.secret_hash != secret


def test_the_use_of_a_key_is_noted_to_the_hour(region: Region) -> None:
    keys, admin = region.organisation.keys, region.admin
    _, secret = keys.create("K", permissions=frozenset({Permission.READ}), days=1, principal=admin)
    first = region.house.clock.now()
    region.sign_in.principal_of_key(secret)
    region.house.clock.advance(1800)
    region.sign_in.principal_of_key(secret)
    assert [each.used_at for each in keys.list_own(principal=admin)] == [first]
    region.house.clock.advance(1800)
    region.sign_in.principal_of_key(secret)
    assert keys.list_own(principal=admin)[0].used_at == region.house.clock.now()
    region.house.clock.advance(86400)
    assert code_of(Unauthenticated, lambda: region.sign_in.principal_of_key(secret))


def test_keys_are_ended_by_who_owns_or_administers_them(region: Region) -> None:
    keys, agent, admin = region.organisation.keys, region.joined("agent-2"), region.admin
    made = [
        keys.create("K", permissions=frozenset({Permission.READ}), days=1, principal=principal)[0]
        for principal in (agent, agent, admin)
    ]

    def revoke(number: int, principal: Any) -> Any:
        return lambda: keys.revoke(
            made[number].id, tenant_id=region.commune.id, principal=principal
        )

    assert code_of(NotFound, revoke(2, agent))
    assert code_of(NotFound, revoke(0, region.house.agent))
    revoke(0, agent)()
    revoke(1, admin)()
    left = keys.list_of_tenant(tenant_id=region.commune.id, principal=admin)
    assert [each.id for each in left] == [made[2].id]


def test_a_collection_opens_to_a_group_and_closes_at_once(region: Region) -> None:
    organisation, admin = region.organisation, region.admin
    agent, own = region.joined("agent-2"), region.commune.id
    group = organisation.groups.create("RH", tenant_id=own, principal=admin)
    organisation.groups.add_members(group.id, [agent.person_id], tenant_id=own, principal=admin)
    made = organisation.collections.create(
        CollectionChange(name="RH", label="Interne", audience=Audience.GROUPS, groups=[group.id]),
        tenant_id=own,
        principal=admin,
    )

    assert made.id in region.scope_of(agent).collection_ids
    assert made.id not in region.scope_of(admin).collection_ids
    assert made.id in region.house.access.owned_scope(admin).collection_ids
    assert region.house.access.owned_scope(agent).is_empty
    organisation.groups.remove_member(group.id, agent.person_id, tenant_id=own, principal=admin)
    assert made.id not in region.scope_of(agent).collection_ids


def test_foreign_groups_and_unknown_tenants_are_refused(region: Region) -> None:
    collections, admin = region.organisation.collections, region.admin
    foreign = region.organisation.groups.create(
        "G", tenant_id=region.owner.tenant_id, principal=region.owner
    )

    def create(**fields: Any) -> Any:
        return lambda: collections.create(
            CollectionChange(name="C", **fields), tenant_id=admin.tenant_id, principal=admin
        )

    assert code_of(NotFound, create(audience=Audience.GROUPS, groups=[foreign.id]))
    assert code_of(NotFound, create(audience=Audience.GROUPS, groups=[GroupId("x")]))
    assert code_of(NotFound, create(audience=Audience.TENANTS, tenants=[TenantId("x")]))
    assert code_of(InvalidInput, create(label="a" * 61)) == "label_refused"


def test_what_a_region_shares_is_read_by_its_communes_and_changed_by_none(region: Region) -> None:
    house, owner, admin = region.house, region.owner, region.admin
    house.ingest({"aide.txt": "L'aide régionale est de 40 %."})
    shared = house.access.ensure_default()
    change = CollectionChange(audience=Audience.DESCENDANTS, label="Public")
    region.organisation.collections.change(
        shared.id, change, tenant_id=owner.tenant_id, principal=owner
    )
    assert shared.id not in region.scope_of(admin).collection_ids
    region.organisation.tenants.change(
        region.commune.id, TenantChange(parent_id=owner.tenant_id), principal=owner
    )

    scope = region.scope_of(admin)
    [document] = house.documents.list_page(scope=scope, limit=9)
    [chunk] = house.documents.passages(document.id, scope=scope, limit=9)

    assert (chunk.text, chunk.label) == ("L'aide régionale est de 40 %.", "Public")
    owned = house.access.owned_scope(admin)
    assert code_of(
        NotFound, lambda: house.documents.delete(document.id, principal=admin, scope=owned)
    )
    assert house.documents.get(document.id, scope=scope)


def test_a_collection_in_use_or_alone_is_not_deleted(region: Region) -> None:
    collections, admin = region.organisation.collections, region.admin
    own = admin.tenant_id
    [first] = collections.list_owned(tenant_id=own, principal=admin)

    def delete(collection: Any) -> Any:
        return lambda: collections.delete(collection.id, tenant_id=own, principal=admin)

    assert code_of(Conflict, delete(first)) == "collection_last"
    second = collections.create(CollectionChange(name="B"), tenant_id=own, principal=admin)
    region.ingest("a.txt", "Texte.")
    assert code_of(Conflict, delete(first)) == "collection_in_use"
    delete(second)()
    assert collections.list_owned(tenant_id=own, principal=admin) == [first]


def image(kind: str, size: tuple[int, int] = (1000, 10)) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "navy").save(written, kind)
    return written.getvalue() + b"<script>"


def test_a_logo_is_drawn_again(region: Region) -> None:
    tenants, admin = region.organisation.tenants, region.admin
    for kind in ("PNG", "JPEG"):
        tenants.set_logo(region.commune.id, image(kind), principal=admin)
        kept = tenants.logo(region.commune.id, principal=admin)
        assert kept.startswith(b"\x89PNG")
        assert b"<script>" not in kept
        assert Image.open(BytesIO(kept)).size == (512, 5)
    tenants.set_logo(region.commune.id, None, principal=admin)
    assert code_of(NotFound, lambda: tenants.logo(region.commune.id, principal=admin))


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", image("GIF"), image("PNG", (4001, 1)),
     image("PNG")[:60], b"\x89PNG" + b"0" * 500_000],
)  # fmt: skip
def test_other_logos_are_refused(region: Region, content: bytes) -> None:
    act = lambda: region.organisation.tenants.set_logo(  # noqa: E731
        region.commune.id, content, principal=region.admin
    )
    assert code_of(InvalidInput, act) == "logo_refused"
