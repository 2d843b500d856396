"""The frame of the pages: sessions, navigation, errors."""

from __future__ import annotations

import tomllib
from pathlib import Path

from streamlit.testing.v1 import AppTest

from assistant.schemas.sessions import SignInWayOut
from tests.ui.scripted import ScriptedClient, problem
from tests.ui.scripted_organisation import OrganisingClient

CONFIG = Path(__file__).parents[2] / "ui" / ".streamlit" / "config.toml"


def test_without_session_explains_how_to_get_a_link(api: ScriptedClient, page: AppTest) -> None:
    api.failure = problem("unauthenticated", status=401)

    page.run()

    assert page.title[0].value in {"Connexion nécessaire", "Session expirée"}
    assert any("lien" in one.value for one in page.markdown)
    assert not page.chat_input


def test_without_session_offers_the_identity_providers(api: ScriptedClient, page: AppTest) -> None:
    api.failure = problem("unauthenticated", status=401)
    url = "/api/auth/oidc/proconnect/start"
    api.ways = [SignInWayOut(label="S’identifier avec <ProConnect>", url=url)]

    page.run()

    shown = "".join(each.proto.body for each in page.get("html"))
    assert f'href="{url}">S’identifier avec &lt;ProConnect&gt;</a>' in shown


def test_session_that_ends_meanwhile_is_told(api: ScriptedClient, page: AppTest) -> None:
    page.run()
    api.failure = problem("unauthenticated", status=401)

    page.run()

    assert not page.exception
    assert not page.chat_input
    assert page.title[0].value in {"Connexion nécessaire", "Session expirée"}


def test_service_error_is_shown_with_its_number(api: ScriptedClient, page: AppTest) -> None:
    api.failure = problem("storage_error", detail="Le stockage ne répond pas.")

    page.run()

    assert page.error[0].value == "Le stockage ne répond pas."
    assert "req" in page.caption[0].value


def test_agents_do_not_see_the_documents_page(api: ScriptedClient, page: AppTest) -> None:
    api.is_admin = False

    page.run()

    assert [one.label for one in page.sidebar.page_link] == ["Mon compte"]


def test_streamlit_is_told_to_stay_at_home() -> None:
    config = tomllib.loads(CONFIG.read_text("utf-8"))

    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["fileWatcherType"] == "none"
    assert config["runner"]["postScriptGC"] is False


def test_no_icon_font_and_no_emoji_page_icon() -> None:
    ui = CONFIG.parents[1]
    sources = "".join(path.read_text("utf-8") for path in ui.rglob("*.py"))

    assert ":material/" not in sources
    assert "icon=" not in sources.replace("page_icon=", "")


def links(api: OrganisingClient, *roles: str) -> list[str]:
    api.roles = ("agent", *roles)
    shown = AppTest.from_function(show_shell, default_timeout=20, args=(api,)).run()
    assert not shown.exception, shown.exception
    return [one.label for one in shown.sidebar.page_link]


def show_shell(client: object) -> None:
    from typing import cast

    from assistant.client import AssistantClient
    from ui.shell import show

    show(cast("AssistantClient", client))


def test_links_are_those_of_the_role() -> None:
    api = OrganisingClient()

    assert links(api) == ["Mon compte"]
    assert links(api, "auditor") == [
        "Conversation",
        "Consultations",
        "Journal d'audit",
        "Mon compte",
    ]
    assert "Consultations" not in links(api, "auditor", "tenant_admin")
    administration = ["Membres", "Groupes", "Collections", "Clés d'accès", "Journal d'audit"]
    own = ["Conversation", "Documents", "Sources", "Évaluation", "Santé du fonds"]
    assert links(api, "tenant_admin") == [*own, "Mon organisme", *administration, "Mon compte"]
    assert links(api, "platform_admin") == [
        "Conversation",
        "Santé du fonds",
        "Organismes",
        *administration[:-1],
        "Générations",
        "Journal d'audit",
        "Mon compte",
    ]


def test_secret_is_not_shown_again_to_who_left_its_page() -> None:
    shown = AppTest.from_function(show_shell, default_timeout=20, args=(OrganisingClient(),))
    shown.session_state["told-once"] = ("membres", "Votre lien", "secret")

    shown.run()

    assert "told-once" not in shown.session_state
