"""What a person is told of readings by an auditor, and the auditor's page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.inspections import ConversationFactsOut, OwnInspectionOut
from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import NOW, answer
from tests.ui.scripted_organisation import OrganisingClient
from tests.ui.test_shell import show_shell

REASON = "Vérification d'une fuite de <b>données</b>."


def inspection(**changes: object) -> OwnInspectionOut:
    values: dict[str, object] = {
        "id": "i1",
        "conversation_id": "c1",
        "title": "Aides",
        "reason": REASON,
        "is_of_platform": False,
        "made_at": NOW,
        "seen_at": None,
    }
    return OwnInspectionOut.model_validate(values | changes)


@pytest.fixture
def api() -> OrganisingClient:
    client = OrganisingClient(roles=("agent",))
    made = client.create_conversation(title="Aides")
    client.add_messages(made.id, "Quel taux ?", answer())
    return client


@pytest.fixture
def auditor(api: OrganisingClient) -> OrganisingClient:
    api.roles = ("agent", "auditor")
    api.audited = [facts(1)]
    return api


def facts(number: int) -> ConversationFactsOut:
    return ConversationFactsOut(
        id=f"c{number}",
        tenant_id="region",
        pseudonym=f"p-{number}",
        questions=3,
        created_at=NOW,
        updated_at=NOW,
    )


def shell(api: OrganisingClient, **query: str) -> AppTest:
    shown = AppTest.from_function(show_shell, default_timeout=20, args=(api,))
    for name, value in query.items():
        shown.query_params[name] = value
    shown.run()
    assert not shown.exception, shown.exception
    return shown


def test_a_person_is_told_at_its_next_visit_until_it_says_to_know(api: OrganisingClient) -> None:
    assert "auditeur a consulté" not in said(shell(api))
    api.inspections = [inspection()]
    assert "Un auditeur a consulté une de vos conversations" in said(shell(api))

    page = opened(api, "account")
    words = said(page)
    assert "Votre conversation « Aides » a été consultée le 2 mars 2026 à 10 h 30" in words
    assert "par un auditeur de votre organisme. Motif : Vérification d&#x27;une fuite" in words
    assert "<b>données" not in words
    click(page, "inspections-seen")

    assert api.changes() == [("seen",)]
    assert "inspections-seen" not in keys(opened(api, "account"))
    assert "auditeur a consulté" not in said(shell(api))


def test_what_was_deleted_or_read_by_the_platform_is_told_as_well(api: OrganisingClient) -> None:
    api.inspections = [inspection(title=None, conversation_id=None, is_of_platform=True)]

    words = said(opened(api, "account"))

    assert "Une de vos conversations, supprimée depuis, a été consultée" in words
    assert "un auditeur de la plateforme" in words


def test_the_conversation_itself_says_so(api: OrganisingClient) -> None:
    detail = api.conversations["c1"]
    seen = inspection(seen_at=NOW)
    api.conversations["c1"] = detail.model_copy(update={"inspections": [seen]})

    words = said(shell(api, c="c1"))

    assert "Votre conversation « Aides » a été consultée" in words


@pytest.mark.parametrize("roles", [(), ("tenant_admin",), ("tenant_admin", "auditor")])
def test_the_page_is_for_auditors_who_do_not_administer(
    auditor: OrganisingClient, roles: tuple[str, ...]
) -> None:
    auditor.roles = ("agent", *roles)

    page = opened(auditor, "inspections")

    assert "réservée aux auditeurs" in page.warning[0].value
    assert auditor.calls == []


def test_one_conversation_is_opened_for_a_reason_and_closed(auditor: OrganisingClient) -> None:
    page = opened(auditor, "inspections")
    assert "Personne p-1" in said(page)
    assert "3 questions" in said(page)
    assert "Quel taux" not in said(page)

    click(page, "ask-inspect-c1")
    page.text_area("reason-c1").set_value(f"  {REASON}").run()
    click(page, "dialog-confirm")

    assert ("inspect", "c1", REASON) in auditor.calls
    words = said(page)
    assert "Quel taux ?" in words
    assert 'class="answer answered"' in words
    assert not [key for key in keys(page) if key.startswith(("useful", "change"))]
    click(page, "back")
    assert "Quel taux" not in said(page)


def test_conversations_are_looked_for_by_pseudonym(auditor: OrganisingClient) -> None:
    page = opened(auditor, "inspections")
    page.text_input("audited-pseudonym").set_value(" p-9 ").run()

    assert ("audited", None, "p-9") in auditor.calls
    assert page.info[0].value == "Aucune conversation."


def test_all_conversations_are_reached_a_page_at_a_time(auditor: OrganisingClient) -> None:
    auditor.audited = [facts(number) for number in range(1, 61)]
    page = opened(auditor, "inspections")
    assert "ask-inspect-c25" in keys(page)
    assert "ask-inspect-c26" not in keys(page)

    click(page, "page-next")
    click(page, "page-next")

    assert [key for key in keys(page) if key.startswith("ask-inspect")][-1] == "ask-inspect-c60"
    assert page.button("page-next").disabled
    assert "Conversations 51 à 60" in page.caption[-1].value
    page.text_input("audited-pseudonym").set_value("p-3").run()
    assert "ask-inspect-c3" in keys(page)


def test_exactly_one_page_has_no_pager(auditor: OrganisingClient) -> None:
    auditor.audited = [facts(number) for number in range(1, 26)]

    assert "page-next" not in keys(opened(auditor, "inspections"))
