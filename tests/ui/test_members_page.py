"""The members page of administrators."""

from __future__ import annotations

import pytest

from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import problem
from tests.ui.scripted_organisation import OrganisingClient, invitation, person, tenant


@pytest.fixture
def api() -> OrganisingClient:
    return OrganisingClient()


@pytest.mark.parametrize("roles", [("agent",), ("agent", "auditor")])
def test_page_is_for_administrators(api: OrganisingClient, roles: tuple[str, ...]) -> None:
    api.roles = roles

    page = opened(api, "members")

    assert "réservée aux administrateurs" in page.warning[0].value
    assert api.calls == []


def test_people_are_listed_with_roles_standing_and_last_use(api: OrganisingClient) -> None:
    api.people = [person("alice", id="me"), person("<b>", seen_at=None, state="suspended")]

    page = opened(api, "members")

    words = said(page)
    assert "Alice (vous)" in words
    assert "vu(e) le 2 mars 2026 à 10 h 30" in words
    assert "jamais connecté(e)" in words
    assert "&lt;b&gt;" in words
    assert "ask-restore-id-<b>" in keys(page)
    assert "ask-suspend-id-<b>" not in keys(page)


def test_invitation_shows_its_link_until_it_is_dismissed(api: OrganisingClient) -> None:
    page = click(opened(api, "members"), "ask-invite")
    assert page.button("dialog-confirm").disabled
    page.text_input("invite-name").set_value("Chloé")
    page.text_input("invite-email").set_value("chloe@region.example")
    page.checkbox("role-tenant_admin").check().run()

    click(page, "dialog-confirm")

    roles = ["agent", "tenant_admin"]
    assert api.changes() == [("invite", "Chloé", "chloe@region.example", roles, [], "region")]
    assert [each.value for each in page.code] == ["https://assistant.example/invitation/secret"]
    assert "Une invitation en attente" in said(page)
    click(page, "told-once-done")
    assert not page.code


def test_refused_invitation_says_why_and_keeps_what_was_typed(api: OrganisingClient) -> None:
    api.refuse_changes = problem("email_taken", status=409, detail="Cette adresse est prise.")
    page = click(opened(api, "members"), "ask-invite")
    page.text_input("invite-name").set_value("Chloé")
    page.text_input("invite-email").set_value("chloe@region.example").run()

    click(page, "dialog-confirm")

    assert page.error[0].value == "Cette adresse est prise."
    assert page.text_input("invite-name").value == "Chloé"
    assert not page.code


def test_invitation_is_withdrawn_after_a_warning(api: OrganisingClient) -> None:
    api.invitations = [invitation("chloe")]
    page = click(opened(api, "members"), "ask-withdraw-invitation-chloe")
    assert "C'est définitif" in said(page)
    assert api.changes() == []

    click(page, "dialog-confirm")

    assert api.changes() == [("withdraw", "invitation-chloe", "region")]
    assert "est retirée" in page.success[0].value


def test_new_link_replaces_the_old_one_with_the_same_roles(api: OrganisingClient) -> None:
    api.invitations = [invitation("chloe")]
    page = click(opened(api, "members"), "ask-relink-invitation-chloe")
    assert "l'ancien ne marche plus" in said(page)

    click(page, "dialog-confirm")

    assert api.changes() == [("invite", "Chloe", "chloe@region.example", ["agent"], [], "region")]
    assert page.code


def test_suspension_says_what_it_ends_and_can_be_undone(api: OrganisingClient) -> None:
    page = click(opened(api, "members"), "ask-suspend-id-bruno")
    assert "Vous pourrez la rétablir" in said(page)

    click(page, "dialog-confirm")
    click(page, "ask-restore-id-bruno")
    click(page, "dialog-confirm")

    assert api.changes() == [("suspend", "id-bruno"), ("restore", "id-bruno")]


def test_a_link_to_set_a_password_is_made_after_a_warning_and_shown_once(
    api: OrganisingClient,
) -> None:
    api.local_accounts = True
    page = click(opened(api, "members"), "ask-password-id-bruno")
    assert "vous ne le voyez jamais" in said(page)
    assert "ne le remettez à personne d'autre" in said(page)
    assert api.changes() == []

    click(page, "dialog-confirm")

    assert api.changes() == [("password-link", "id-bruno")]
    assert page.code[0].value == "https://assistant.example/password/secret"
    click(page, "told-once-done")
    assert not page.code


def test_no_link_where_nobody_has_or_may_use_a_password(api: OrganisingClient) -> None:
    assert not [key for key in keys(opened(api, "members")) if "password" in key]

    api.local_accounts = True
    api.people += [person("chloe", state="suspended"), person("owner", email="")]
    offered = [key for key in keys(opened(api, "members")) if "password" in key]

    assert offered == ["ask-password-me", "ask-password-id-bruno"]


def test_roles_are_changed_and_those_of_the_platform_are_kept(api: OrganisingClient) -> None:
    api.people = [person("bruno", roles=["agent", "auditor", "platform_admin"])]
    page = click(opened(api, "members"), "ask-roles-id-bruno")
    assert [box.key for box in page.checkbox] == ["role-tenant_admin"]
    assert page.button("dialog-confirm").disabled

    page.checkbox("role-tenant_admin").check().run()
    click(page, "dialog-confirm")

    kept = ["agent", "auditor", "platform_admin", "tenant_admin"]
    assert api.changes() == [("roles", "id-bruno", kept)]


def test_the_platform_alone_is_offered_to_name_auditors(api: OrganisingClient) -> None:
    page = click(opened(api, "members"), "ask-invite")
    assert [box.key for box in page.checkbox] == ["role-tenant_admin"]

    api.roles = ("agent", "platform_admin")
    page = click(opened(api, "members"), "ask-roles-id-bruno")
    page.checkbox("role-auditor").check().run()
    click(page, "dialog-confirm")

    assert api.changes() == [("roles", "id-bruno", ["agent", "auditor"])]


def test_the_link_of_an_invited_auditor_is_renewed_by_the_platform(api: OrganisingClient) -> None:
    made = invitation("chloe")
    auditor = made.person.model_copy(update={"roles": ["agent", "auditor"]})
    api.invitations = [made.model_copy(update={"person": auditor})]
    relink, withdraw = (f"ask-{each}-invitation-chloe" for each in ("relink", "withdraw"))
    assert (relink in keys(opened(api, "members")), withdraw in keys(opened(api, "members"))) == (
        False, True,
    )  # fmt: skip

    api.roles = ("agent", "platform_admin")
    assert {relink, withdraw} <= {*keys(opened(api, "members"))}


def test_taking_a_role_from_oneself_is_warned_of(api: OrganisingClient) -> None:
    page = click(opened(api, "members"), "ask-roles-me")
    page.checkbox("role-tenant_admin").uncheck().run()

    assert "un de vos propres rôles" in page.warning[0].value


def test_many_people_are_searched_and_paged(api: OrganisingClient) -> None:
    api.people = [person(f"agent{number:02}") for number in range(60)]
    page = opened(api, "members")
    click(page, "page-next")
    assert "Membres 26 à 50" in said(page)

    page.text_input("member-search").set_value("agent07 region").run()

    assert [key for key in keys(page) if key.startswith("ask-roles")] == ["ask-roles-id-agent07"]


def test_platform_acts_for_the_organisation_it_picks(api: OrganisingClient) -> None:
    api.roles = ("agent", "platform_admin")
    api.tenants.append(tenant("commune"))
    page = opened(api, "members")
    assert api.calls[-1] == ("list-people", "region")

    page.selectbox("organisation").select("commune").run()

    assert api.calls[-1] == ("list-people", "commune")


def test_own_organisation_only_for_its_administrators(api: OrganisingClient) -> None:
    page = opened(api, "members")

    assert not page.selectbox
    assert api.calls[-1] == ("list-people", "region")


def test_refused_act_is_told_in_its_dialog(api: OrganisingClient) -> None:
    page = click(opened(api, "members"), "ask-suspend-id-bruno")
    api.refuse_changes = problem("person_is_owner", status=409, detail="C'est le propriétaire.")

    click(page, "dialog-confirm")

    assert page.error[0].value == "C'est le propriétaire."
    assert "ask-suspend-id-bruno" in keys(page)


def test_sessions_of_a_person_are_shown_and_ended_together(api: OrganisingClient) -> None:
    page = click(opened(api, "members"), "ask-sessions-id-bruno")

    assert "Chromium, Windows" in said(page)
    assert "inscrite au journal d'audit" in said(page)
    assert api.changes() == []
    click(page, "dialog-confirm")
    assert api.changes() == [("end-sessions-of", "id-bruno")]
    assert "Bruno est déconnecté" in page.success[0].value


def test_a_suspended_person_has_no_sessions_to_look_at(api: OrganisingClient) -> None:
    api.people = [person("bruno", state="suspended")]

    assert "ask-sessions-id-bruno" not in keys(opened(api, "members"))
