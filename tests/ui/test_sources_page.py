"""The sources page of administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import pytest

from assistant.schemas.sources import FaultOut
from tests.ui.administration import click, keys, opened, said
from tests.ui.alone import click_alone
from tests.ui.scripted import NOW, problem
from tests.ui.scripted_sources import SourcesClient, run, source


def shown(words: str) -> str:
    """Words without the signs that keep them from being taken for markup."""
    return unescape(words).replace("\u2060", "").replace("\\", "")


@pytest.fixture
def api() -> SourcesClient:
    return SourcesClient()


def test_page_is_for_administrators_of_documents(api: SourcesClient) -> None:
    api.roles = ("agent",)

    page = opened(api, "sources")

    assert "réservée aux administrateurs" in page.warning[0].value
    assert keys(page) == []


def test_a_page_without_sources_says_what_to_do(api: SourcesClient) -> None:
    page = opened(api, "sources")

    assert "Aucune source pour l'instant" in page.info[0].value
    assert keys(page) == ["ask-source-add"]


def test_a_folder_is_added_and_examined_before_anything_is_indexed(api: SourcesClient) -> None:
    page = click(opened(api, "sources"), "ask-source-add")
    assert page.button("dialog-confirm").disabled

    page.text_input("source-name-new").set_value("Délibérations").run()
    page.text_input("source-below-new").set_value("Actes/2026/").run()
    page.selectbox("source-rhythm-new").select("weekly").run()
    page.selectbox("source-weekday-new").select(4).run()
    page.text_area("source-exclude-new").set_value("brouillons\n\n *.tmp ").run()
    click(page, "dialog-confirm")

    (_, asked, password), planned = api.changes()
    assert (asked["kind"], asked["address"], password) == (
        "folder",
        "/srv/partage/Actes/2026",
        None,
    )
    assert asked["schedule"] == {"rhythm": "weekly", "at": "02:00", "weekday": 4}
    assert (asked["exclude"], asked["collection_id"]) == (
        ["brouillons", "*.tmp"],
        "collection-actes",
    )
    assert planned == ("plan-source", "source-nouvelle")
    assert "rien n'est indexé avant" in page.success[0].value


def test_a_webdav_folder_needs_a_password_and_its_way_can_be_tried(api: SourcesClient) -> None:
    page = click(opened(api, "sources"), "ask-source-add")
    page.radio("source-kind").set_value("webdav").run()
    page.text_input("source-name-new").set_value("Nuage").run()
    page.text_input("source-address-new").set_value("https://nuage.ville.fr/dav").run()
    page.text_input("source-user-new").set_value("lecture").run()
    assert page.button("dialog-confirm").disabled
    assert page.button("source-test-new").disabled
    page.text_input("source-password-new").set_value("secret").run()

    page.button("source-test-new").click().run()
    assert "On y voit : 2025, 2026" in shown(page.success[0].value)
    api.refuse_test = problem("webdav_unauthorized", status=502, detail="Mot de passe refusé.")
    page.button("source-test-new").click().run()
    assert page.error[0].value == "Mot de passe refusé."
    click(page, "dialog-confirm")

    assert api.changes()[0][2] == "secret"


def test_what_the_operator_did_not_open_is_told(api: SourcesClient) -> None:
    api.places = api.places.model_copy(update={"folders": [], "webdav_hosts": []})
    page = click(opened(api, "sources"), "ask-source-add")
    page.text_input("source-name-new").set_value("Actes").run()

    assert "sources.folders" in page.warning[0].value
    assert page.button("dialog-confirm").disabled


def test_cards_say_where_when_and_what_became(api: SourcesClient) -> None:
    api.sources = [
        source(
            schedule={"rhythm": "daily", "at": "06:05"},
            next_run_at=datetime(2026, 3, 5, 5, 5, tzinfo=UTC),
            last_run=run(
                counts={"added": 1, "changed": 2, "unchanged": 3000, "unreadable": 1},
                names={"added": ["a.pdf"], "changed": ["b.pdf", "c.pdf"]},
                faults=[{"name": "d.pdf", "code": "x", "detail": "L'accès est refusé."}],
            ),
        ),
        source("nuage", kind="webdav", address="https://nuage.ville.fr/dav", user="lecture"),
        source("logiciel", kind="push", address=""),
    ]

    words = shown(said(opened(api, "sources")))

    assert "Mise à jour tous les jours à 6 h 05. Prochaine : 5 mars 2026 à 6 h 05." in words
    assert "un fichier nouveau, 2 fichiers modifiés ou à vérifier, 3" in words
    assert "000 fichiers inchangés, un élément illisible." in words
    assert "L'accès est refusé." in words
    assert "avec l'identifiant lecture" in words
    assert "Jamais examinée" in words
    assert "Reçoit ses fichiers d'un programme" in words


def test_a_plan_tells_how_long_and_a_failure_why(api: SourcesClient) -> None:
    api.sources = [
        source(last_run=run(kind="plan", counts={"added": 9}, read_bytes=10, estimated_s=600.0)),
        source("panne", last_run=run(state="failed", reason="Le disque n'est pas monté.")),
        source("partie", last_run=run(is_complete=False, kept_back=2, counts={"unchanged": 1})),
        source("vide", last_run=run(kind="plan")),
    ]

    page = opened(api, "sources")
    words = said(page)

    assert "Lecture estimée : 10 min" in words
    assert "Le disque n'est pas monté." in page.error[0].value
    assert "2 documents manquants sont conservés" in words
    assert "aucun fichier." in words


def test_a_look_is_asked_for_and_its_course_is_told(api: SourcesClient) -> None:
    api.sources = [source()]
    page = click(opened(api, "sources"), "sync-source-actes")

    assert api.changes() == [("sync-source", "source-actes")]
    assert "La mise à jour est en cours" in said(page)
    assert page.button("sync-source-actes").disabled


def test_a_look_under_way_is_stopped(api: SourcesClient) -> None:
    api.sources = [source(open_run=run(state="running", finished_at=None))]

    page = click(opened(api, "sources"), "cancel-source-actes")

    assert api.changes() == [("cancel-source", "source-actes", "run-1")]
    assert "a été arrêtée. Ce qui était pris reste" in said(page)
    assert not page.button("sync-source-actes").disabled


def test_files_of_erased_documents_are_told_by_their_day_and_let_in_again(
    api: SourcesClient,
) -> None:
    api.sources = [source(erased=[{"id": "empreinte", "erased_at": NOW}], erased_count=1)]

    page = opened(api, "sources")
    assert "Un fichier effacé n'est plus repris" in page.expander[0].label
    page = click(page, "let-in-source-actes-0")

    assert api.changes() == [("let-in", "source-actes", "empreinte")]
    assert "La prochaine mise à jour reprendra ce fichier" in said(page)
    assert not page.expander


@pytest.mark.parametrize(
    ("count", "words"), [(2, "Et un autre, effacé auparavant"), (1500, "Et 1\u202f499 autres")]
)
def test_how_many_erased_files_are_not_shown_is_said(
    api: SourcesClient, count: int, words: str
) -> None:
    api.sources = [source(erased=[{"id": "empreinte", "erased_at": NOW}], erased_count=count)]

    assert words in said(opened(api, "sources"))


@pytest.mark.parametrize(("action", "is_approved"), [("approve", True), ("refuse", False)])
def test_a_plan_that_removes_much_is_decided_by_a_person(
    api: SourcesClient, action: str, is_approved: bool
) -> None:
    waiting = run(
        state="awaiting_approval",
        counts={"removed": 40, "unchanged": 60},
        names={"removed": ["a.pdf"]},
    )
    api.sources = [source(open_run=waiting)]
    page = opened(api, "sources")
    assert "retirerait 40 documents, plus que les 20 % prévus" in said(page)
    assert "et 39 autres" in said(page)
    click(page, f"ask-source-{action}-source-actes")
    assert api.changes() == []

    click(page, "dialog-confirm")

    assert api.changes() == [("decide-source", "source-actes", "run-1", is_approved)]


def test_one_content_for_many_files_is_not_shown_as_a_removal(api: SourcesClient) -> None:
    alike = FaultOut(name="a.pdf", code="files_alike", detail="Le contenu est le même.")
    waiting = run(state="awaiting_approval", counts={"changed": 10}, faults=[alike])
    api.sources = [source(open_run=waiting)]
    page = opened(api, "sources")
    assert "soudain tous le même contenu" in said(page)
    assert "retirerait" not in said(page)
    click(page, "ask-source-approve-source-actes")

    click(page, "dialog-confirm")

    assert api.changes() == [("decide-source", "source-actes", "run-1", True)]


def test_refusing_one_content_tells_what_was_done_already(api: SourcesClient) -> None:
    alike = FaultOut(name="a.pdf", code="files_alike", detail="Le contenu est le même.")
    waiting = run(state="awaiting_approval", counts={"removed": 3, "added": 1}, faults=[alike])
    api.sources = [source(open_run=waiting)]
    page = opened(api, "sources")
    done = "un fichier nouveau, 3 documents retirés."
    assert f"Déjà fait par cette mise à jour : {done}" in said(page).replace("\u2060", "")
    click(page, "ask-source-refuse-source-actes")

    told = said(page).replace("\u2060", "")
    assert "gardent le leur" in told
    assert f"a déjà fait reste : {done}" in told
    assert "Rien ne change" not in told
    click(page, "dialog-confirm")

    assert api.changes() == [("decide-source", "source-actes", "run-1", False)]
    assert "gardent leur contenu actuel" in page.success[0].value


def test_a_change_keeps_the_password_unless_another_is_written(api: SourcesClient) -> None:
    api.sources = [
        source(
            kind="webdav", address="https://nuage.ville.fr/dav", user="lecture", has_password=True
        )
    ]
    page = click(opened(api, "sources"), "ask-source-change-source-actes")
    page.text_input("source-name-source-actes").set_value("Autre nom").run()

    click(page, "dialog-confirm")

    [(_, source_id, asked)] = api.changes()
    assert (source_id, asked["name"], asked["password"]) == ("source-actes", "Autre nom", None)


@pytest.mark.parametrize(("choice", "keeps"), [("keep", True), ("delete", False)])
def test_removal_asks_what_becomes_of_the_documents(
    api: SourcesClient, choice: str, keeps: bool
) -> None:
    api.sources = [source()]
    page = click(opened(api, "sources"), "ask-source-remove-source-actes")
    page.radio("remove-documents-source-actes").set_value(choice).run()

    click(page, "dialog-confirm")

    assert api.changes() == [("remove-source", "source-actes", keeps)]
    assert "est retirée" in page.success[0].value


def test_hostile_names_are_shown_as_text(api: SourcesClient) -> None:
    bad = "<img src=x onerror=alert(1)>"
    told = run(
        counts={"added": 1},
        names={"added": [bad]},
        faults=[{"name": bad, "code": "x", "detail": bad}],
    )
    api.sources = [source(name=bad, last_run=told)]

    assert "<img" not in said(opened(api, "sources"))


def test_a_look_that_a_click_asked_for_is_followed(api: SourcesClient) -> None:
    api.sources = [source()]

    page = click_alone(opened(api, "sources"), "sync-source-actes")

    assert page.title
    assert "cancel-source-actes" in keys(page)


def test_a_click_on_a_card_opens_its_dialog(api: SourcesClient) -> None:
    api.sources = [source()]

    page = click_alone(opened(api, "sources"), "ask-source-remove-source-actes")

    assert "dialog-confirm" in keys(page)


def test_a_click_on_a_card_is_told_at_the_top(api: SourcesClient) -> None:
    api.sources = [source(erased=[{"id": "empreinte", "erased_at": NOW}], erased_count=1)]

    page = click_alone(opened(api, "sources"), "let-in-source-actes-0")

    assert page.success
