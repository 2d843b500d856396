"""The documents page of administrators."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.alone import click_alone
from tests.ui.scripted import ScriptedClient, document, job, link, problem
from ui.document_rows import row
from ui.jobs import progress_line
from ui.links import link_html


def test_page_is_for_administrators(api: ScriptedClient, documents_page: AppTest) -> None:
    api.is_admin = False

    page = documents_page.run()
    assert not page.exception, page.exception

    assert "réservée aux administrateurs" in page.warning[0].value


def test_states_are_counted(api: ScriptedClient, documents_page: AppTest) -> None:
    api.documents = [document("a.pdf"), document("b.pdf", state="failed"), document("c.pdf")]

    page = documents_page.run()
    assert not page.exception, page.exception

    assert page.segmented_control[0].options == [
        "Tous (3)",
        "Consultables (2)",
        "En attente (0)",
        "En échec (1)",
        "Exclus (0)",
    ]
    assert page.caption[0].value == "120 passages consultables"


def test_no_document_says_what_to_do(api: ScriptedClient, documents_page: AppTest) -> None:
    api.documents = []

    page = documents_page.run()
    assert not page.exception, page.exception

    assert "Aucun document pour l'instant" in page.info[0].value


def test_filter_without_match_says_so(documents_page: AppTest) -> None:
    page = documents_page.run()
    assert not page.exception, page.exception

    page.text_input("name").set_value("inconnu").run()

    assert page.info[0].value == "Aucun document ne correspond à ces critères."


def test_long_lists_are_paged(api: ScriptedClient, documents_page: AppTest) -> None:
    api.documents = [document(f"{number:03}.pdf") for number in range(60)]
    page = documents_page.run()
    assert not page.exception, page.exception

    page.button("page-next").click().run()
    page.button("page-next").click().run()

    assert page.caption[-1].value == "Documents 51 à 60"
    assert page.button("page-next").disabled
    page.text_input("name").set_value("00").run()
    assert [one for one in page.button if one.key == "page-next"] == []


def test_row_tells_the_state_and_the_reason() -> None:
    failed = row(document("a.pdf", state="failed", reason="Le fichier est vide.", chunk_count=0))
    kept = row(document("b.pdf", reason="Le fichier est endommagé."))

    assert (failed["state"], failed["state_label"]) == ("failed", "En échec")
    assert failed["reason"] == "Le fichier est vide."
    assert failed["chunks"] == "–"
    assert kept["state_label"] == "Ancienne version consultable"
    assert kept["url"] == "/api/v1/documents/id-b.pdf/original"


def test_running_job_shows_progress_and_can_be_cancelled(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    api.jobs = [job()]

    page = documents_page.run()
    assert not page.exception, page.exception
    page.button("cancel-job-1").click().run()

    assert api.calls == [("cancel-job", "job-1")]


def test_progress_line_is_complete() -> None:
    assert progress_line(job()) == "4 sur 10 fichiers · 0,5 fichiers/s · encore 12 s environ"
    assert progress_line(job("queued", files_per_s=None, left_s=None)) == "4 sur 10 fichiers"
    assert progress_line(job("succeeded", done=10)) == "10 sur 10 fichiers"


def test_failures_are_listed_and_retried(api: ScriptedClient, documents_page: AppTest) -> None:
    api.jobs = [job("partly_failed", done=10, counts={"failed": 1, "indexed": 9})]
    page = documents_page.run()
    assert not page.exception, page.exception

    page.button("failures-job-1").click().run()
    assert any("protégé par un mot de passe" in str(one.value) for one in page.html)
    page.button("retry-job-1").click().run()

    assert ("retry-job", "job-1") in api.calls


def test_cancelled_files_are_retried(api: ScriptedClient, documents_page: AppTest) -> None:
    api.jobs = [job("cancelled", done=10, counts={"cancelled": 1, "indexed": 9})]
    page = documents_page.run()
    assert not page.exception, page.exception

    page.button("retry-job-1").click().run()

    assert api.calls == [("retry-job", "job-1")]
    assert page.button("retry-job-1").label == "Relancer"
    assert [one for one in page.button if one.key == "failures-job-1"] == []


def test_reindex_all_is_confirmed(api: ScriptedClient, documents_page: AppTest) -> None:
    page = documents_page.run()
    assert not page.exception, page.exception

    page.button("reindex-all").click().run()
    assert api.calls == []
    page.button("reindex-confirm").click().run()

    assert api.calls == [("reindex", None)]
    assert page.success[0].value == "Réindexation lancée."


def test_failed_cancel_is_told(api: ScriptedClient, documents_page: AppTest) -> None:
    api.jobs = [job()]
    documents_page.run()
    api.refuse_changes = problem("conflict", status=409, detail="Déjà terminé.")

    documents_page.button("cancel-job-1").click().run()

    assert documents_page.error[0].value == "Déjà terminé."


def test_proposed_links_are_confirmed_and_rejected(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    api.links = [link("link-1"), link("link-2", kind="version_of")]
    page = documents_page.run()
    assert not page.exception, page.exception

    assert page.expander[0].label == "2 liens proposés entre documents"
    page.button("link-confirm-link-1").click().run()
    page.button("link-reject-link-2").click().run()

    assert api.calls == [("decide-link", "link-1", True), ("decide-link", "link-2", False)]
    assert [one for one in page.button if str(one.key).startswith("link-")] == []


def test_a_refused_decision_is_told(api: ScriptedClient, documents_page: AppTest) -> None:
    api.links = [link()]
    documents_page.run()
    api.refuse_changes = problem("not_found", status=404, detail="Ce lien n'existe plus.")

    documents_page.button("link-confirm-link-1").click().run()

    assert documents_page.error[0].value == "Ce lien n'existe plus."


def test_a_link_is_a_sentence_with_its_evidence() -> None:
    html = link_html(link(evidence="<b>remplace</b>"))

    assert (
        "<strong>Délibération n° 2 (20 mars 2025)</strong> remplace <strong>Délibération n° 1"
        in html
    )
    assert "Indice : &lt;b&gt;remplace&lt;/b&gt;" in html


def test_documents_of_one_title_and_day_are_told_apart_by_their_files() -> None:
    new = link().source
    html = link_html(link(kind="same_act", target=new.model_copy(update={"name": "autre.odt"})))

    assert "(20 mars 2025, nouveau.pdf)</strong> contient le même texte que" in html
    assert "(20 mars 2025, autre.odt)" in html


def test_row_tells_how_well_the_document_was_read() -> None:
    quality = {
        "level": "warning",
        "warnings": ["Ce document contient des phrases qui ressemblent à des ordres."],
        "letters_per_page": 1520.4,
        "ocr_share": 0.5,
        "ocr_confidence": 0.81,
        "headings": 3,
        "tables": 1,
        "links": 0,
        "french_share": 0.4,
        "suspicions": [],
    }
    act = {
        "number": "2024-117",
        "authority": "conseil régional",
        "subject": "Aide aux communes",
        "date": None,
        "status": "draft",
        "in_force_on": "2025-04-01",
    }

    shown = row(document("a.pdf", quality=quality, act=act))["quality"]

    assert shown["label"] == "Qualité de lecture : contenu suspect"
    assert shown["warnings"] == quality["warnings"]
    assert shown["facts"] == [
        "1\u202f520 caractères par page",
        "50 % des pages lues sur image, certitude 81 %",
        "Titres : 3, tableaux : 1, liens : 0",
        "Acte n° 2024-117",
        "Auteur : conseil régional",
        "Objet : Aide aux communes",
        "Projet, non adopté",
        "En vigueur au 1er avril 2025",
    ]
    assert row(document("b.pdf"))["quality"] is None


def test_what_stands_around_the_list_is_drawn_when_a_click_on_it_asks_for_that(
    api: ScriptedClient, documents_page: AppTest
) -> None:
    page = documents_page.run()

    click_alone(page, "reindex-all")

    assert "reindex-confirm" in {button.key for button in page.button}


def test_a_job_taken_up_again_is_followed(api: ScriptedClient, documents_page: AppTest) -> None:
    api.jobs = [job("cancelled", done=10, counts={"cancelled": 1, "indexed": 9})]
    page = documents_page.run()

    api.jobs = [job("queued")]
    click_alone(page, "retry-job-1")

    assert page.title
    assert "cancel-job-1" in {button.key for button in page.button}


def test_turning_a_page_draws_the_list_alone(api: ScriptedClient, documents_page: AppTest) -> None:
    api.documents = [document(f"{number:03}.pdf") for number in range(60)]
    page = documents_page.run()

    click_alone(page, "page-next")

    assert page.caption[-1].value == "Documents 26 à 50"
    assert not page.title
