"""The organisations page of the platform's administrators, and that of one's own organisation."""

from __future__ import annotations

import json
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.feedback import FeedbackReportOut
from assistant.schemas.tenants import QuotasIO
from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import problem
from tests.ui.scripted_organisation import OrganisingClient, tenant
from ui.messages import text
from ui.tenant_form import changed, numbers
from ui.usage import last_months, month_label


@pytest.fixture
def api() -> OrganisingClient:
    api = OrganisingClient(roles=("agent", "platform_admin"))
    api.tenants.append(tenant("valbourg", siren="123456782", parent_id="region"))
    return api


def detail(api: OrganisingClient, tenant_id: str = "valbourg") -> AppTest:
    return click(opened(api, "tenants"), f"open-{tenant_id}")


def test_page_is_for_administrators(api: OrganisingClient) -> None:
    api.roles = ("agent", "auditor")

    page = opened(api, "tenants")

    assert "réservée aux administrateurs" in page.warning[0].value
    assert keys(page) == []


def test_organisations_are_listed_searched_and_archived_ones_on_request(
    api: OrganisingClient,
) -> None:
    api.tenants.append(tenant("ancien", state="archived"))
    page = opened(api, "tenants")
    assert "Commune · SIREN 123456782 · rattaché à Region" in said(page)
    assert "open-ancien" not in keys(page)

    page.toggle("with-archived").set_value(True).run()
    assert "open-ancien" in keys(page)
    page.text_input("tenant-search").set_value("1234567").run()

    assert [key for key in keys(page) if key.startswith("open-")] == ["open-valbourg"]


def test_commune_is_created_in_one_form(api: OrganisingClient) -> None:
    page = click(opened(api, "tenants"), "create-tenant")
    assert page.button("create").disabled
    page.text_input("name-new").set_value("Commune de Sarlune")
    page.selectbox("parent-new").select("region")
    page.text_input("siren-new").set_value("123 456 782")
    page.text_area("sirets-new").set_value("123 456 782 00010\n12345678200028")
    page.selectbox("zone-new").select("Indian/Reunion")
    page.text_area("charter-new").set_value("Relire avant d'envoyer.")
    page.number_input("quota-questions_per_day-new").set_value(500).run()

    click(page, "create")

    ((name, sent),) = api.changes()
    assert name == "create-tenant"
    assert isinstance(sent, dict)
    assert sent | {"quotas": None} == {
        "kind": "commune",
        "name": "Commune de Sarlune",
        "parent_id": "region",
        "siren": "123456782",
        "sirets": ["12345678200010", "12345678200028"],
        "colour": "#000091",
        "time_zone": "Indian/Reunion",
        "welcome": "",
        "charter_text": "Relire avant d'envoyer.",
        "retention_days": 0,
        "allowed_models": [],
        "quotas": None,
    }
    assert sent["quotas"] == {"questions_per_day": 500}
    assert page.title[0].value == "Commune de Sarlune"
    assert "est créé" in page.success[0].value


def test_refused_number_is_told_and_nothing_typed_is_lost(api: OrganisingClient) -> None:
    api.refuse_changes = problem("siren_refused", status=422, detail="Ce SIREN est faux.")
    page = click(opened(api, "tenants"), "create-tenant")
    page.text_input("name-new").set_value("Sarlune")
    page.text_input("siren-new").set_value("1").run()

    click(page, "create")

    assert page.error[0].value == "Ce SIREN est faux."
    assert page.text_input("name-new").value == "Sarlune"


def test_only_what_was_changed_is_sent(api: OrganisingClient) -> None:
    page = detail(api)
    assert page.button("save-valbourg").disabled

    page.text_input("siren-valbourg").set_value("")
    page.selectbox("parent-valbourg").select("").run()
    click(page, "save-valbourg")

    assert api.changes() == [("change-tenant", "valbourg", {"siren": "", "parent_id": ""})]


def test_new_charter_is_warned_of(api: OrganisingClient) -> None:
    page = detail(api)

    page.text_area("charter-valbourg").set_value("Autre texte").run()

    assert "l'accepter de nouveau" in page.warning[0].value


def test_quotas_are_sent_whole_and_an_emptied_one_is_open(api: OrganisingClient) -> None:
    had = tenant("valbourg", quotas=QuotasIO(documents=5, storage_mb=100))
    api.tenants = [had]
    page = detail(api)

    page.number_input("quota-documents-valbourg").set_value(7).run()
    click(page, "save-valbourg")

    sent = {"quotas": {"documents": 7, "storage_mb": 100}}
    assert api.changes() == [("change-tenant", "valbourg", sent)]
    emptied = QuotasIO(storage_mb=100)
    assert changed(had, {"quotas": emptied, "name": had.name}) == {"quotas": emptied}


def test_life_of_an_organisation_step_by_step(api: OrganisingClient) -> None:
    page = detail(api)
    for target in ("suspended", "active", "suspended", "closed", "archived", "closed"):
        click(page, f"ask-move-{target}")
        assert "Vous pourrez" in said(page)
        click(page, "dialog-confirm")

    states = [call[2] for call in api.changes()]
    assert states == ["suspended", "active", "suspended", "closed", "archived", "closed"]
    assert "ask-erase" not in keys(page)


def test_archived_organisation_is_erased_only_by_its_name(api: OrganisingClient) -> None:
    api.tenants = [tenant("valbourg", state="archived")]
    page = opened(api, "tenants")
    page.toggle("with-archived").set_value(True).run()
    click(click(page, "open-valbourg"), "ask-erase")
    assert "conversations et réponses" in said(page)
    assert "C'est définitif" in said(page)

    page.text_input("erase-name-valbourg").set_value("valbourg").run()
    assert page.button("dialog-confirm").disabled
    page.text_input("erase-name-valbourg").set_value("Valbourg").run()
    click(page, "dialog-confirm")

    assert api.changes() == [("erase-tenant", "valbourg")]
    assert page.title[0].value == "Organismes"
    assert "1 234 éléments effacés" in page.success[0].value


def test_unfinished_erasure_is_told_and_can_be_taken_up(api: OrganisingClient) -> None:
    api.tenants = [tenant("valbourg", state="deleted")]
    api.erasure_left = 3
    page = opened(api, "tenants")
    page.toggle("with-archived").set_value(True).run()
    click(click(page, "open-valbourg"), "ask-erase")
    assert "save-valbourg" not in keys(page)
    page.text_input("erase-name-valbourg").set_value("Valbourg").run()

    click(page, "dialog-confirm")

    assert "il reste 3 éléments" in page.success[0].value
    assert "ask-erase" in keys(page)


def test_refused_step_is_told_in_the_dialog(api: OrganisingClient) -> None:
    api.refuse_changes = problem("tenant_of_owner", status=409, detail="C'est celui de la machine.")
    page = click(detail(api), "ask-move-suspended")

    click(page, "dialog-confirm")

    assert page.error[0].value == "C'est celui de la machine."


def test_unknown_organisation_leads_back_to_the_list(api: OrganisingClient) -> None:
    page = detail(api)
    api.tenants = [tenant("region")]

    page.run()

    assert "n'existe pas ou plus" in page.warning[0].value
    assert "open-region" in keys(page)


def test_own_administrator_changes_only_what_is_its_own(api: OrganisingClient) -> None:
    api.roles = ("agent", "tenant_admin")
    page = opened(api, "tenants")
    assert page.title[0].value == "Region"
    assert [each.key for each in page.text_input] == []
    assert [key for key in keys(page) if key.startswith("ask-")] == []

    page.text_area("welcome-region").set_value("Bienvenue").run()
    click(page, "save-region")

    assert api.changes() == [("change-tenant", "region", {"welcome": "Bienvenue"})]


def test_logo_is_removed(api: OrganisingClient) -> None:
    page = click(detail(api), "logo-remove-valbourg")

    assert api.changes() == [("delete-logo", "valbourg")]
    assert "plus de logo" in page.success[0].value


def _answered(status: int, body: str) -> None:
    import streamlit as st

    from ui import tenants

    tenants.take_answer(status, body)
    for name, value in st.session_state.to_dict().items():
        if name not in {"turns-to-top", "whole-page-wanted"}:
            st.text(str(value))


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (204, "", "Le logo est enregistré."),
        (422, json.dumps(problem("logo_refused", detail="Pas une image.").model_dump()), "Pas une image."),
        (0, "", text("logo.unreachable")),
    ],
)  # fmt: skip
def test_what_became_of_a_logo_is_kept_for_the_page(status: int, body: str, told: str) -> None:
    page = AppTest.from_function(_answered, args=(status, body)).run()

    assert not page.exception
    assert [each.value for each in page.text] == [told]


def test_numbers_are_read_however_they_are_written() -> None:
    assert numbers("123 456\n 789;12, \n") == ["123456", "789", "12"]


def test_own_administrators_see_use_cost_and_feedback(api: OrganisingClient) -> None:
    api.roles = ("agent", "tenant_admin")
    count = {"verdict": "not_useful", "count": 2}
    whole = {"collection_id": None, "collection": None}
    acts = {"collection_id": "c1", "collection": "Actes <b>"}
    api.report = FeedbackReportOut.model_validate(
        {
            "month": "2026-03",
            "counts": [
                {**count, **whole, "reason": None},
                {**count, **acts, "reason": None},
                {**count, **acts, "reason": "outdated"},
            ],
            "comments": [
                {"on": "2026-03-02", "verdict": "not_useful", "reasons": [], "comment": "Vieux <i>"}
            ],
        }
    )

    page = opened(api, "tenants")

    words = said(page)
    assert "<td>Questions par jour</td><td>1\u202f200</td><td>2\u202f000</td>" in words
    assert "<td>Documents</td><td>3</td><td>sans limite</td><td>–</td>" in words
    assert "2,50 EUR" in words
    assert "<td>millions de jetons lus</td><td>12,5</td><td>0,2</td><td>2,50</td>" in words
    assert "<td>Toutes les réponses</td><td>0</td><td>2</td><td>–</td>" in words
    assert "<td>Actes &lt;b&gt;</td><td>0</td><td>2</td><td>document périmé (2)</td>" in words
    assert "<blockquote>Vieux &lt;i&gt;</blockquote>" in words


def test_months_go_back_over_the_year() -> None:
    shown = last_months(date(2026, 2, 28))

    assert (shown[0], shown[1], shown[2], len(shown)) == ("2026-02", "2026-01", "2025-12", 12)
    assert month_label(shown[2]) == "décembre 2025"


def test_saving_keeps_every_bound_and_the_models(api: OrganisingClient) -> None:
    bounds = dict.fromkeys(QuotasIO.model_fields, 7)
    api.tenants[-1] = tenant("valbourg", quotas=QuotasIO(**bounds), allowed_models=["a", "b"])
    page = detail(api)
    page.number_input("quota-documents-valbourg").set_value(9).run()
    page.text_area("models-valbourg").set_value("b\n\n b \nc").run()

    click(page, "save-valbourg")

    ((_, _, sent),) = api.changes()
    assert sent == {"quotas": bounds | {"documents": 9}, "allowed_models": ["b", "c"]}
