"""The groups page of administrators."""

from __future__ import annotations

import pytest

from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import problem
from tests.ui.scripted_organisation import OrganisingClient, group, person, tenant


@pytest.fixture
def api() -> OrganisingClient:
    return OrganisingClient()


def test_page_is_for_administrators(api: OrganisingClient) -> None:
    api.roles = ("agent",)

    page = opened(api, "groups")

    assert "réservée aux administrateurs" in page.warning[0].value
    assert keys(page) == []


def test_groups_are_listed_with_their_people(api: OrganisingClient) -> None:
    api.groups = [group("élus", *(person(f"élu{number}") for number in range(9))), group("vide")]

    words = said(opened(api, "groups"))

    assert "9 personnes" in words
    assert "Élu7…" in words
    assert "Personne dans ce groupe" in words


def test_group_is_created_for_the_organisation_acted_for(api: OrganisingClient) -> None:
    api.roles = ("agent", "platform_admin")
    api.tenants.append(tenant("commune"))
    page = opened(api, "groups")
    assert "Aucun groupe pour l'instant" in page.info[0].value
    page.selectbox("organisation").select("commune").run()
    click(page, "ask-create-group")
    assert page.button("dialog-confirm").disabled

    page.text_input("group-name").set_value("Élus").run()
    click(page, "dialog-confirm")

    assert api.changes() == [("create-group", "Élus", "commune")]
    assert "« Élus » est créé" in page.success[0].value.replace("\\", "")


def test_group_is_renamed(api: OrganisingClient) -> None:
    api.groups = [group("élus")]
    page = click(opened(api, "groups"), "ask-group-rename-group-élus")
    assert page.button("dialog-confirm").disabled

    page.text_input("group-name-group-élus").set_value("Conseil").run()
    click(page, "dialog-confirm")

    assert api.changes() == [("rename-group", "group-élus", "Conseil", "region")]


def test_only_who_came_and_went_is_sent(api: OrganisingClient) -> None:
    stays, goes, comes = person("stays"), person("goes"), person("comes")
    api.people = [stays, goes, comes]
    api.groups = [group("élus", stays, goes)]
    page = click(opened(api, "groups"), "ask-group-people-group-élus")
    assert not page.warning

    page.multiselect("group-people-group-élus").set_value([stays.id, comes.id]).run()
    assert "perdent aussitôt l'accès" in page.warning[0].value
    click(page, "dialog-confirm")

    assert api.changes() == [
        ("add-members", "group-élus", [comes.id], "region"),
        ("remove-member", "group-élus", goes.id, "region"),
    ]


def test_deletion_says_that_it_cannot_be_undone(api: OrganisingClient) -> None:
    api.groups = [group("élus")]
    page = click(opened(api, "groups"), "ask-group-delete-group-élus")
    assert "C'est définitif" in said(page)
    assert api.changes() == []

    click(page, "dialog-confirm")

    assert api.changes() == [("delete-group", "group-élus", "region")]
    assert "Aucun groupe pour l'instant" in page.info[0].value


def test_refused_name_is_told_in_the_dialog(api: OrganisingClient) -> None:
    api.refuse_changes = problem("group_name_taken", status=409, detail="Ce nom est pris.")
    page = click(opened(api, "groups"), "ask-create-group")
    page.text_input("group-name").set_value("Élus").run()

    click(page, "dialog-confirm")

    assert page.error[0].value == "Ce nom est pris."
    assert api.groups == []
