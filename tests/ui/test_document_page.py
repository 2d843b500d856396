"""The page of one document, and what the list asks for."""

from __future__ import annotations

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from assistant.schemas.curation import CorrectionIn, ReadLabelsOut
from ingest.model import DocumentKind, FileFormat
from tests.ui.scripted import document, link, problem
from tests.ui.scripted_documents import CuratingClient, made_dossier, seen_chunk, version
from ui.document_chunks import chunk_html
from ui.document_correction import wanted_of
from ui.document_rows import row
from ui.messages import catalogue

ID = "id-reglement.pdf"


def _script(client: object) -> None:
    from typing import cast

    from assistant.client import AssistantClient
    from ui import documents

    api = cast("AssistantClient", client)
    documents.show(api, api.me())


@pytest.fixture
def curating() -> CuratingClient:
    return CuratingClient()


def opened(api: CuratingClient, document_id: str = ID) -> AppTest:
    """The page of a document, run."""
    page = AppTest.from_function(_script, default_timeout=20, args=(api,))
    if document_id:
        page.query_params["document"] = document_id
    page.run()
    assert not page.exception, page.exception
    return page


def said(page: AppTest) -> str:
    """All that is written, without what keeps it from being Markdown."""
    parts = (*page.html, *page.info, *page.caption)
    return "\n".join(str(each.value) for each in parts).translate({0x5C: None, 0x2060: None})


def test_it_tells_its_state_its_reading_and_its_passages(curating: CuratingClient) -> None:
    curating.dossier = made_dossier(
        versions=[version(), version(id="v0", number=1, state="retired")]
    )

    page = opened(curating)

    assert page.title[0].value == "Reglement"
    told = said(page)
    assert "Il est cherché, lu et cité." in told
    assert "Lu dans le document : « Reglement », Règlement, 3 février 2024." in told
    assert "Retirée" in told
    assert "Zoé Martin" in told
    assert "Le taux 0 est de 30 %." in told
    assert "/api/v1/documents/id-reglement.pdf/original" in told


def test_a_failed_document_says_why_and_what_to_do(curating: CuratingClient) -> None:
    failed = document("reglement.pdf", state="failed", reason="Le fichier est vide.", chunk_count=0)
    curating.dossier = made_dossier(document=failed, read=None, versions=[])

    page = opened(curating)

    assert page.error[0].value == "Le fichier est vide."
    assert "réindexez-le ou renvoyez-le" in said(page)
    assert "encore jamais été lu" in said(page)


def test_an_unknown_document_leads_to_the_list(curating: CuratingClient) -> None:
    page = opened(curating, "inconnu")

    assert "n'existe pas" in page.warning[0].value
    assert page.title[0].value == "Documents"


def test_back_leads_to_the_list(curating: CuratingClient) -> None:
    page = opened(curating)

    page.button("back").click().run()

    assert page.title[0].value == "Documents"
    assert "document" not in page.query_params


def test_a_title_is_corrected_and_reverted(curating: CuratingClient) -> None:
    page = opened(curating)

    page.text_input(f"title-{ID}-0").set_value("Règlement des aides")
    page.button(f"keep-{ID}-0").click().run()

    assert not page.exception, page.exception
    assert curating.calls == [("correct", ID, {"title": "Règlement des aides", "revision": 0})]
    assert page.title[0].value == "Règlement des aides"
    assert "aussi cherché par son nouveau titre" in page.success[0].value
    assert "Corrigé par Zoé Martin le 2 mars 2026" in page.info[0].value
    page.button("revert").click().run()
    assert curating.calls[-1] == ("correct", ID, {"revision": 1})
    assert page.title[0].value == "Reglement"
    assert [each for each in page.button if each.key == "revert"] == []


def test_a_correction_of_somebody_else_is_told(curating: CuratingClient) -> None:
    page = opened(curating)
    sentence = "Quelqu'un a corrigé ce document pendant que vous le faisiez."
    curating.refuse_changes = problem("correction_outdated", status=409, detail=sentence)

    page.text_input(f"title-{ID}-0").set_value("Autre")
    page.button(f"keep-{ID}-0").click().run()

    assert not page.exception, page.exception
    assert page.error[0].value == sentence


def test_what_is_as_it_was_read_is_left_to_the_reading() -> None:
    read = ReadLabelsOut(title="Lu", kind="note", date=date(2024, 1, 1))
    found = made_dossier(read=read)

    def wanted(title: str = "Lu", kind: str = "note", day: date | None = read.date) -> CorrectionIn:
        return wanted_of(found, title=title, kind=kind, day=day)

    assert wanted() == CorrectionIn(revision=0)
    assert wanted(title="Dit") == CorrectionIn(title="Dit", revision=0)
    assert wanted(kind="arrete") == CorrectionIn(kind="arrete", revision=0)
    assert wanted(day=None) == CorrectionIn(is_undated=True, revision=0)
    assert wanted(day=date(2025, 2, 3)) == CorrectionIn(date=date(2025, 2, 3), revision=0)


@pytest.mark.parametrize("typed", ["hier", "31/02/2024", "1/2/24", "2024-02-01", "١/٢/٢٠٢٤"])
def test_what_is_no_date_is_told_and_nothing_kept(curating: CuratingClient, typed: str) -> None:
    page = opened(curating)

    page.text_input(f"date-{ID}-0").set_value(typed)
    page.button(f"keep-{ID}-0").click().run()

    assert "31/12/2025" in page.error[0].value
    assert curating.calls == []


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (" 1/2/2024 ", {"date": date(2024, 2, 1)}),
        ("", {"is_undated": True}),
        ("03/02/2024", {}),
    ],
)
def test_a_day_is_written_as_in_france(
    curating: CuratingClient, typed: str, sent: dict[str, object]
) -> None:
    page = opened(curating)

    page.text_input(f"date-{ID}-0").set_value(typed)
    page.button(f"keep-{ID}-0").click().run()

    assert not page.exception, page.exception
    assert curating.calls == [("correct", ID, {**sent, "revision": 0})]


def test_it_is_excluded_after_confirmation_and_brought_back(curating: CuratingClient) -> None:
    page = opened(curating)

    page.button("exclude").click().run()
    assert curating.calls == []
    page.button("exclude-confirm").click().run()

    assert not page.exception, page.exception
    assert curating.calls == [("exclude", ID)]
    assert "Exclu par Zoé Martin le 2 mars 2026" in said(page)
    page.button("include").click().run()
    assert curating.calls[-1] == ("include", ID)
    assert "Il est cherché, lu et cité." in said(page)


def test_it_is_read_again(curating: CuratingClient) -> None:
    page = opened(curating)

    page.button("reindex").click().run()

    assert curating.calls == [("reindex", [ID])]


def test_links_are_decided_on_again(curating: CuratingClient) -> None:
    curating.links = [link(state="confirmed")]

    page = opened(curating)

    keys = [str(each.key) for each in page.button if str(each.key).startswith("link-")]
    assert keys == ["link-reject-link-1"]
    assert "les réponses en tiennent compte" in said(page)


def test_a_thousand_passages_are_reached_by_their_number(curating: CuratingClient) -> None:
    curating.chunks = 1234
    curating.dossier = made_dossier(document=document("reglement.pdf", chunk_count=1234))
    page = opened(curating)
    assert curating.asked == [(20, 0)]

    page.number_input("chunk-number").set_value(1234).run()

    assert curating.asked[-1] == (20, 1220)
    assert page.caption[-1].value == "Passages 1\u202f221 à 1\u202f234 sur 1\u202f234"
    page.button("page-previous").click().run()
    assert curating.asked[-1] == (20, 1200)


def test_a_passage_tells_what_is_searched_beside_what_is_shown() -> None:
    html = chunk_html(seen_chunk())

    assert "Règlement des aides &gt; Titre II</pre>" in html
    assert '<pre class="chunk-text">Le taux 0 est de 30 %.</pre>' in html
    assert "nom de fichier : reglement" in html
    assert "page 3 · 9 jetons" in html
    bare = chunk_html(seen_chunk(embedded="Le taux 0 est de 30 %.", other_words="", view_url=""))
    assert "Cherché" not in bare
    assert "<a " not in bare


def test_hostile_text_stays_text(curating: CuratingClient) -> None:
    hostile = "<script>alert(1)</script>"
    curating.dossier = made_dossier(
        document=document("reglement.pdf", title=hostile),
        versions=[version(asked_by=hostile)],
    )

    page = opened(curating)

    assert hostile not in "".join(str(each.value) for each in page.html)


def test_the_list_is_filtered_and_ordered(curating: CuratingClient) -> None:
    curating.collections = ["Actes", "Notes"]
    page = opened(curating, "")

    page.selectbox("format").set_value("ods")
    page.selectbox("collection").set_value("Notes")
    page.selectbox("order").set_value("date")
    page.toggle("problems").set_value(True)
    page.segmented_control("state").set_value("excluded")
    page.run()

    assert not page.exception, page.exception
    assert curating.wanted == {
        "state": "excluded",
        "name": "",
        "format": "ods",
        "collections": ["Notes"],
        "order": "date",
        "only_problems": True,
        "limit": 26,
        "offset": 0,
    }


def test_one_collection_is_no_choice(curating: CuratingClient) -> None:
    curating.collections = ["Actes"]
    page = opened(curating, "")

    assert [each.key for each in page.selectbox] == ["format", "order"]


def test_a_row_tells_what_people_changed() -> None:
    excluded = row(document("a.pdf", state="excluded", corrected=["title"]))

    assert (excluded["state"], excluded["state_label"]) == ("excluded", "Exclu")
    assert excluded["corrected"] == "Corrigé"
    assert excluded["page_url"] == "/documents?document=id-a.pdf"
    assert row(document("b.pdf"))["corrected"] == ""


@pytest.mark.parametrize("kind", FileFormat)
def test_every_format_has_its_row(kind: FileFormat) -> None:
    assert row(document("a", format=kind.value))["format"] == catalogue()[f"format.{kind.value}"]


@pytest.mark.parametrize("kind", DocumentKind)
def test_every_type_has_its_name(kind: DocumentKind) -> None:
    assert catalogue()[f"kind.{kind.value}"]
