"""The audit log page of auditors and administrators."""

from __future__ import annotations

import pytest

from assistant.domain.audit import Act
from tests.ui.administration import click, keys, opened, said
from tests.ui.alone import click_alone
from tests.ui.scripted_audit import AuditingClient, chain, entry
from tests.ui.scripted_organisation import tenant
from ui.audit_entries import act_label, known_acts

PLATFORM = ("agent", "tenant_admin", "platform_admin")


@pytest.fixture
def api() -> AuditingClient:
    return AuditingClient()


def test_every_act_has_a_name_in_words() -> None:
    assert set(known_acts()) == {act.value for act in Act}
    assert all("." not in act_label(act) for act in known_acts())
    assert act_label("planted.act") == "planted.act"


def test_page_is_for_auditors_and_administrators(api: AuditingClient) -> None:
    api.roles = ("agent",)

    page = opened(api, "audit")

    assert "réservée aux auditeurs" in page.warning[0].value
    assert api.asked == []


@pytest.mark.parametrize("roles", [("agent", "auditor"), ("agent", "tenant_admin")])
def test_an_organisation_sees_its_entries_and_the_state_without_numbers(
    api: AuditingClient, roles: tuple[str, ...]
) -> None:
    api.roles = roles
    api.entries = [
        entry(
            3,
            "access.refused",
            actor="",
            details={"code": "forbidden", "count": 1200},
            is_refused=True,
        ),
        entry(2, "job.cancelled", actor="system"),
        entry(1, "planted.act"),
    ]

    page = opened(api, "audit")

    words = said(page)
    assert "vérifié le 2 mars 2026 à 10 h 30" in words
    assert "entrées justes" not in words
    assert "dernière empreinte notée ailleurs le 2 mars 2026" in words
    assert "verify-audit" not in keys(page)
    assert "Accès refusé" in words
    assert words.count("Refusé") == 1
    assert "motif : forbidden · répétitions : 1\u202f200" in words
    assert "par une personne non connectée" in words
    assert "par le système" in words
    assert "planted.act" in words
    assert api.asked == [({}, "")]


def test_a_broken_chain_and_unreadable_heads_are_said(api: AuditingClient) -> None:
    api.state = chain(is_whole=False, entries=6, fault=7, lost_heads=1, are_heads_readable=False)

    words = said(opened(api, "audit"))

    assert "rompu" in words
    assert "première entrée fausse : 7" in words
    assert "la fin du journal a été coupée" in words
    assert "illisible ou abîmé" in words


def test_a_chain_that_nobody_verified_says_so(api: AuditingClient) -> None:
    api.state = chain(verified_at=None, is_whole=None, head_noted_at=None)

    words = said(opened(api, "audit"))

    assert "Aucune vérification" in words
    assert "aucune empreinte" in words


def test_the_platform_verifies_and_picks_an_organisation(api: AuditingClient) -> None:
    api.roles, api.state = PLATFORM, chain(may_verify=True)
    api.tenants = [tenant("region"), tenant("commune")]
    page = opened(api, "audit")

    click(page, "verify-audit")
    page.selectbox("audit-tenant").select("commune").run()

    assert api.changes() == [("verify",)]
    assert "12 entrées justes" in said(page)
    assert api.asked[-1] == ({"tenant_id": "commune"}, "")


def test_filters_are_passed_on_and_into_the_exports(api: AuditingClient) -> None:
    page = opened(api, "audit")
    page.text_input("audit-since").set_value("01/03/2026")
    page.text_input("audit-until").set_value("2/3/2026")
    page.selectbox("audit-outcome").select("refused")
    page.multiselect("audit-acts").set_value(["access.refused"])
    page.text_input("audit-person").set_value(" p&1 ").run()

    wanted, _ = api.asked[-1]
    assert wanted == {
        "since": "2026-02-28T23:00:00+00:00",
        "until": "2026-03-02T23:00:00+00:00",
        "outcome": "refused",
        "act": ["access.refused"],
        "person": "p&1",
    }
    words = said(page)
    assert "person=p%261&amp;format=csv" in words
    assert "person=p%261&amp;format=jsonl" in words


@pytest.mark.parametrize("name", ["audit-since", "audit-until"])
@pytest.mark.parametrize(
    "typed",
    ["hier", "31/02/2026", "2026", "1/2/3/4", "01/12/26", "01/12/1999", "31/12/9999"],
)
def test_a_date_that_is_none_is_refused_in_words(
    api: AuditingClient, typed: str, name: str
) -> None:
    page = opened(api, "audit")
    api.asked.clear()
    page.text_input(name).set_value(typed).run()

    assert "05/11/2026" in page.error[0].value
    assert api.asked == []


def test_pages_follow_the_cursor_and_start_again_with_other_filters(api: AuditingClient) -> None:
    api.entries = [entry(number) for number in range(60)]
    page = opened(api, "audit")
    assert page.button("page-previous").disabled

    click(page, "page-next")
    click(page, "page-next")
    assert page.button("page-next").disabled
    assert [before for _, before in api.asked] == ["", "e-24", "e-49"]
    click(page, "page-previous")
    assert api.asked[-1][1] == "e-24"
    page.selectbox("audit-outcome").select("done").run()
    assert api.asked[-1] == ({"outcome": "done"}, "")


def test_a_person_is_named_only_when_asked_and_its_acts_are_found(api: AuditingClient) -> None:
    api.entries = [entry(1, "password.linked", concerned="pseudonyme-deux")]
    page = click(opened(api, "audit"), "ask-entry-e-1")
    assert "pseudonyme-un" in said(page)
    assert api.changes() == []

    click(page, "who-pseudonyme-deux")
    assert api.changes() == [("resolve", "pseudonyme-deux")]
    assert "Zoé &lt;Payet&gt;" in said(page)

    click_alone(page, "acts-of-pseudonyme-deux")
    assert api.asked[-1] == ({"person": "pseudonyme-deux"}, "")
    assert page.text_input("audit-person").value == "pseudonyme-deux"
    assert "who-pseudonyme-deux" not in keys(page)
