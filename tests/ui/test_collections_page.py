"""The collections page of administrators: who reads what."""

from __future__ import annotations

import pytest

from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import problem
from tests.ui.scripted_organisation import OrganisingClient, collection, group, tenant

ID = "collection-actes"


@pytest.fixture
def api() -> OrganisingClient:
    return OrganisingClient()


def test_page_is_for_administrators(api: OrganisingClient) -> None:
    api.roles = ("agent",)

    page = opened(api, "collections")

    assert "réservée aux administrateurs" in page.warning[0].value
    assert keys(page) == []


def test_each_collection_says_who_reads_it(api: OrganisingClient) -> None:
    api.groups = [group("élus")]
    api.collections = [
        collection("Actes", label="Diffusion restreinte"),
        collection("Budget", audience="groups", groups=["group-élus"]),
        collection("Secret", audience="groups"),
        collection("Aides", audience="descendants"),
        collection("Notes", audience="tenants", tenants=["x", "y"]),
        collection("Public", audience="everyone"),
    ]

    words = said(opened(api, "collections"))

    assert '<span class="tag plain">Diffusion restreinte</span>' in words
    assert "Lue par tous les membres de « Region »" in words
    assert "Lue par les groupes : Élus." in words
    assert "Personne ne la lit" in words
    assert "« Region » et des organismes qui lui sont rattachés" in words
    assert "Partagée avec 2 autres organismes." in words
    assert "toutes les personnes de la plateforme" in words


def test_collection_is_created_with_its_label(api: OrganisingClient) -> None:
    page = click(opened(api, "collections"), "ask-create-collection")
    assert page.button("dialog-confirm").disabled
    page.text_input("collection-name-new").set_value("Budget")
    page.text_input("collection-label-new").set_value("Interne").run()

    click(page, "dialog-confirm")

    assert api.changes() == [
        ("create-collection", {"name": "Budget", "label": "Interne"}, "region")
    ]


def test_label_may_be_taken_away(api: OrganisingClient) -> None:
    api.collections = [collection("Actes", label="Interne")]
    page = click(opened(api, "collections"), f"ask-collection-change-{ID}")

    page.text_input(f"collection-label-{ID}").set_value("").run()
    click(page, "dialog-confirm")

    assert api.changes() == [("change-collection", ID, {"name": "Actes", "label": ""}, "region")]


def test_sharing_says_who_will_read_before_it_is_saved(api: OrganisingClient) -> None:
    page = click(opened(api, "collections"), f"ask-collection-share-{ID}")
    assert page.button("dialog-confirm").disabled

    page.radio(f"audience-{ID}").set_value("descendants").run()
    assert "organismes qui lui sont rattachés, à tous les niveaux" in said(page)
    assert api.changes() == []
    click(page, "dialog-confirm")

    assert api.changes() == [("change-collection", ID, {"audience": "descendants"}, "region")]


def test_groups_are_picked(api: OrganisingClient) -> None:
    api.groups = [group("élus"), group("rh")]
    page = click(opened(api, "collections"), f"ask-collection-share-{ID}")
    page.radio(f"audience-{ID}").set_value("groups").run()

    page.multiselect(f"pick-groups-{ID}").set_value(["group-rh"]).run()
    click(page, "dialog-confirm")

    sent = {"audience": "groups", "groups": ["group-rh"]}
    assert api.changes() == [("change-collection", ID, sent, "region")]


def test_without_groups_it_says_where_to_make_one(api: OrganisingClient) -> None:
    page = click(opened(api, "collections"), f"ask-collection-share-{ID}")

    page.radio(f"audience-{ID}").set_value("groups").run()

    assert "page « Groupes »" in page.info[0].value


def test_other_organisations_are_listed_for_the_platform_only(api: OrganisingClient) -> None:
    api.tenants += [tenant("commune"), tenant("ville")]
    page = click(opened(api, "collections"), f"ask-collection-share-{ID}")
    assert "L'organisme et une liste d'organismes" not in page.radio(f"audience-{ID}").options

    api.roles = ("agent", "platform_admin")
    page = click(opened(api, "collections"), f"ask-collection-share-{ID}")
    page.radio(f"audience-{ID}").set_value("tenants").run()
    assert page.multiselect(f"pick-tenants-{ID}").options == ["Commune", "Ville"]
    page.multiselect(f"pick-tenants-{ID}").set_value(["ville"]).run()
    click(page, "dialog-confirm")

    sent = {"audience": "tenants", "tenants": ["ville"]}
    assert api.changes() == [("change-collection", ID, sent, "region")]


def test_who_is_not_listed_keeps_reading(api: OrganisingClient) -> None:
    api.roles = ("agent", "platform_admin")
    api.tenants.append(tenant("ville"))
    api.collections = [collection("Actes", audience="tenants", tenants=["archived"])]
    page = click(opened(api, "collections"), f"ask-collection-share-{ID}")

    page.multiselect(f"pick-tenants-{ID}").set_value(["ville"]).run()
    click(page, "dialog-confirm")

    sent = {"audience": "tenants", "tenants": ["archived", "ville"]}
    assert api.changes() == [("change-collection", ID, sent, "region")]


def test_collection_in_use_is_not_deleted(api: OrganisingClient) -> None:
    api.refuse_changes = problem("collection_in_use", status=409, detail="Elle contient des actes.")
    page = click(opened(api, "collections"), f"ask-collection-delete-{ID}")
    assert "C'est définitif" in said(page)

    click(page, "dialog-confirm")

    assert page.error[0].value == "Elle contient des actes."
