"""Everybody's own page, and the charter before anything else."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.service import CharterState
from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import problem
from tests.ui.scripted_organisation import OrganisingClient, access_key, group, session
from tests.ui.test_shell import show_shell


@pytest.fixture
def api() -> OrganisingClient:
    return OrganisingClient(roles=("agent",))


def test_agents_see_who_they_are_here(api: OrganisingClient) -> None:
    api.groups = [group("élus", api.people[0]), group("rh")]

    words = said(opened(api, "account"))

    assert "Rôles : Agent" in words
    assert "Groupes : Élus" in words


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((12, 50), "12 questions sur 50 aujourd'hui. Le compteur repart de zéro le 2 mars 2026"),
        ((1, 50), "Une question sur 50 aujourd'hui."),
        ((0, None), "Aucune question aujourd'hui, sans limite par personne."),
    ],
)
def test_everybody_sees_what_it_asked_today(
    api: OrganisingClient, asked: tuple[int, int | None], words: str
) -> None:
    api.asked_today = asked

    assert words in said(opened(api, "account")).replace("\\", "")


def test_consent_to_leave_is_given_and_taken_back(api: OrganisingClient) -> None:
    page = opened(api, "account")
    assert not page.checkbox("export-consent").value

    page.checkbox("export-consent").check().run()
    page.checkbox("export-consent").uncheck().run()

    assert api.changes() == [("consent", True), ("consent", False)]


def test_refused_consent_is_told_and_not_shown_as_given(api: OrganisingClient) -> None:
    api.refuse_changes = problem("forbidden", status=403, detail="Refusé.")
    page = opened(api, "account")

    page.checkbox("export-consent").check().run()

    assert page.error[0].value == "Refusé."
    assert not page.checkbox("export-consent").value


def test_retention_is_told_where_conversations_are(api: OrganisingClient) -> None:
    assert "effacée automatiquement" not in said(shell(api))
    api.retention_days = 90

    sentence = "Une conversation qui n'a pas servi depuis 90 jours est effacée automatiquement."
    assert sentence in said(shell(api))
    assert sentence in said(opened(api, "account"))


def test_one_session_is_ended_and_never_the_present_one(api: OrganisingClient) -> None:
    api.sessions.append(session("Chrome, Android"))
    page = opened(api, "account")
    assert [key for key in keys(page) if key.startswith("ask-end-session")] == [
        "ask-end-session-session-Chrome, Android"
    ]

    click(page, "ask-end-session-session-Chrome, Android")
    assert "déconnecté aussitôt" in said(page)
    click(page, "dialog-confirm")

    assert api.changes() == [("end-session", "session-Chrome, Android")]
    assert "ask-end-others" not in keys(page)


def test_all_others_are_ended_at_once(api: OrganisingClient) -> None:
    api.sessions += [session("Chrome, Android"), session("")]
    page = opened(api, "account")
    assert "Navigateur inconnu" in said(page)

    click(click(page, "ask-end-others"), "dialog-confirm")

    assert api.changes() == [("end-others",)]


def permissions(page: AppTest) -> list[str]:
    """Those that the open dialog offers."""
    names = [box.key or "" for box in page.checkbox]
    return [each.removeprefix("permission-") for each in names if each.startswith("permission-")]


def test_password_is_changed_by_who_has_one(api: OrganisingClient) -> None:
    api.local_accounts = api.has_password = True
    page = click(opened(api, "account"), "ask-change-password")
    assert "Vos autres sessions seront fermées" in said(page)
    click(page, "password-confirm")
    assert "Tapez votre mot de passe actuel" in page.warning[0].value

    page.text_input("password-current").set_value("un ancien mot")
    page.text_input("password-new").set_value("girafe tiroir lundi")
    page.text_input("password-again").set_value("girafe tiroir mardi")
    click(page, "password-confirm")
    assert "ne sont pas les mêmes" in page.warning[0].value
    page.text_input("password-again").set_value("girafe tiroir lundi")
    api.refuse_changes = problem("password_wrong", status=403, detail="Ce n'est pas le bon.")
    click(page, "password-confirm")
    assert page.error[0].value == "Ce n'est pas le bon."
    api.refuse_changes = None
    click(page, "password-confirm")

    assert api.changes() == [("password", "un ancien mot", "girafe tiroir lundi")]
    assert "Votre mot de passe est changé" in page.success[0].value


@pytest.mark.parametrize(("local_accounts", "has_password"), [(False, True), (True, False)])
def test_no_password_is_spoken_of_to_who_has_none(
    api: OrganisingClient, local_accounts: bool, has_password: bool
) -> None:
    api.local_accounts, api.has_password = local_accounts, has_password

    assert "ask-change-password" not in keys(opened(api, "account"))


def test_key_is_made_within_ones_roles_and_shown_once(api: OrganisingClient) -> None:
    page = click(opened(api, "account"), "ask-create-key")
    assert permissions(page) == ["read", "ask"]
    page.text_input("key-name").set_value("Veille")
    page.checkbox("permission-ask").check()
    page.selectbox("key-days").select(30).run()

    click(page, "dialog-confirm")

    assert api.changes() == [("create-key", "Veille", ["read", "ask"], 30)]
    assert [each.value for each in page.code] == ["ar_secret"]
    click(page, "told-once-done")
    assert not page.code


@pytest.mark.parametrize(
    ("role", "offered"), [("tenant_admin", ["ingest", "admin"]), ("platform_admin", ["admin"])]
)
def test_administrators_may_make_keys_for_more(
    api: OrganisingClient, role: str, offered: list[str]
) -> None:
    api.roles = ("agent", role)

    page = click(opened(api, "account"), "ask-create-key")

    assert permissions(page) == ["read", "ask", *offered]


def test_key_without_permission_is_not_made(api: OrganisingClient) -> None:
    page = click(opened(api, "account"), "ask-create-key")
    page.text_input("key-name").set_value("Veille")
    page.checkbox("permission-read").uncheck().run()

    assert page.button("dialog-confirm").disabled


def test_own_key_is_revoked(api: OrganisingClient) -> None:
    api.keys = [access_key("veille"), access_key("autre", person_id="id-bruno")]
    page = opened(api, "account")
    assert "ask-revoke-key-key-autre" not in keys(page)

    click(click(page, "ask-revoke-key-key-veille"), "dialog-confirm")

    assert api.changes() == [("revoke-key", "key-veille", None)]


def test_refused_key_is_told_and_no_secret_is_shown(api: OrganisingClient) -> None:
    api.refuse_changes = problem("tenant_suspended", status=403, detail="Organisme suspendu.")
    page = click(opened(api, "account"), "ask-create-key")
    page.text_input("key-name").set_value("Veille").run()

    click(page, "dialog-confirm")

    assert page.error[0].value == "Organisme suspendu."
    assert not page.code


def shell(api: OrganisingClient) -> AppTest:
    shown = AppTest.from_function(show_shell, default_timeout=20, args=(api,)).run()
    assert not shown.exception, shown.exception
    return shown


def test_charter_comes_before_the_first_question(api: OrganisingClient) -> None:
    text = "Relisez <b>tout</b>.\n\nNe collez rien de secret."
    api.charter = CharterState(version=1, text=text, is_accepted=False)
    page = shell(api)
    assert page.title[0].value == "Charte d'utilisation"
    assert "<p>Relisez &lt;b&gt;tout&lt;/b&gt;.</p><p>Ne collez rien de secret.</p>" in said(page)
    assert not page.chat_input
    assert not page.sidebar.page_link
    assert page.button("accept").disabled

    page.checkbox("charter-read-1").check().run()
    click(page, "accept")

    assert api.changes() == [("accept", 1)]
    assert page.chat_input


def test_charter_that_changed_meanwhile_is_told(api: OrganisingClient) -> None:
    api.charter = CharterState(version=2, text="Relisez.", is_accepted=False)
    api.refuse_changes = problem("charter_required", status=403, detail="Acceptez la version 3.")
    page = shell(api)
    assert "a changé" in said(page)
    page.checkbox("charter-read-2").check().run()

    click(page, "accept")

    assert page.error[0].value == "Acceptez la version 3."
    assert not page.chat_input


def test_accepted_charter_is_read_again(api: OrganisingClient) -> None:
    api.charter = CharterState(version=2, text="Relisez.", is_accepted=True)

    page = opened(api, "account")

    assert [each.label for each in page.expander] == ["Charte acceptée (version 2)"]
    assert "<p>Relisez.</p>" in said(page)


def test_page_wears_the_look_of_the_organisation(api: OrganisingClient) -> None:
    api.welcome = "Bienvenue à la <mairie>."
    api.logo_url = "/api/v1/tenants/region/logo"

    words = said(shell(api))

    assert "<p>Bienvenue à la &lt;mairie&gt;.</p>" in words
    assert '<img src="/api/v1/tenants/region/logo" alt="Logo de Region">' in words
    assert 'style="border-color:#000091"' in words


def test_logo_waits_for_the_charter_as_everything_does(api: OrganisingClient) -> None:
    api.logo_url = "/api/v1/tenants/region/logo"
    api.charter = CharterState(version=1, text="Relisez.", is_accepted=False)

    assert "<img" not in said(shell(api))
