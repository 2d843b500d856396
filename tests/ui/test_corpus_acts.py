"""What is done about a document where the health page names it, and a document erased for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from assistant.schemas.curation import SeenChunkOut
from assistant.schemas.documents import DocumentOut, JobOut, LinkOut
from tests.ui.administration import click, keys, opened, said
from tests.ui.scripted import document, job, link
from tests.ui.scripted_documents import CuratingClient, seen_chunk
from tests.ui.test_corpus_page import ITEM, HealthClient, finding, report
from tests.ui.test_document_page import ID
from tests.ui.test_document_page import opened as opened_document
from ui.corpus_acts import _ACTS  # pyright: ignore[reportPrivateUsage]
from ui.messages import text


@dataclass
class TendedClient(HealthClient):
    """As `HealthClient`, whose documents can be read again, excluded and compared."""

    done: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    links: list[LinkOut] = field(default_factory=list[LinkOut])
    states: dict[str, str] = field(default_factory=dict[str, str])
    copies: list[DocumentOut] = field(default_factory=list[DocumentOut])

    def reindex(self, document_ids: Sequence[str] | None = None, *, force: bool = True) -> JobOut:
        del force
        self.done.append(("reindex", *(document_ids or ())))
        return job()

    def exclude_documents(self, document_ids: Sequence[str]) -> int:
        self.done.append(("exclude", *document_ids))
        return len(document_ids)

    def list_copies(self, document_id: str) -> list[DocumentOut]:
        return [each for each in self.copies if each.id != document_id]

    def keep_document(self, document_id: str, copies: Sequence[str]) -> int:
        self.done.append(("keep", document_id, *copies))
        return len(copies)

    def get_document(self, document_id: str) -> DocumentOut:
        state = self.states.get(document_id, "live")
        return document(f"{document_id}.pdf", id=document_id, state=state)

    def list_chunks(
        self, document_id: str, *, limit: int = 50, offset: int = 0
    ) -> list[SeenChunkOut]:
        del document_id, offset
        return [seen_chunk(place) for place in range(limit)]

    def list_document_links(self, document_id: str) -> list[LinkOut]:
        del document_id
        return self.links

    def decide_link(self, link: LinkOut, *, is_confirmed: bool) -> LinkOut:
        self.done.append((link.id, str(is_confirmed)))
        self.links = []
        return link


@pytest.fixture
def api() -> TendedClient:
    return TendedClient()


def test_a_poorly_read_document_is_read_again_or_excluded_where_it_is_named(
    api: TendedClient,
) -> None:
    api.health = report(finding("poor_ocr", ITEM))
    page = opened(api, "health")

    page = click(page, "corpus-reread-poor_ocr-0")
    told = [each.value for each in page.success]
    page = click(click(page, "corpus-exclude-poor_ocr-0"), "exclude-confirm")

    assert told == [text("documents.reindexed")]
    assert api.done == [("reindex", "d1"), ("exclude", "d1")]


def test_of_identical_files_one_is_kept_and_the_others_are_excluded(api: TendedClient) -> None:
    api.copies = [document(f"{each}.pdf", id=each) for each in ("d1", "d2", "unlisted")]
    api.health = report(finding("same_content", ITEM))

    page = click(opened(api, "health"), "corpus-keep-same_content-0")

    assert "d2.pdf, unlisted.pdf" in said(page)
    assert api.done == []
    click(page, "dialog-confirm")
    assert api.done == [("keep", "d1", "d2", "unlisted")]


def test_a_file_without_copies_any_more_is_told_so(api: TendedClient) -> None:
    api.health = report(finding("same_content", ITEM))

    page = click(opened(api, "health"), "corpus-keep-same_content-0")

    assert text("corpus.no_copies") in said(page)
    assert "dialog-confirm" not in keys(page)


def test_two_documents_that_look_alike_stand_side_by_side(api: TendedClient) -> None:
    api.health = report(finding("near_duplicate", ITEM))
    api.links = [link(kind="same_act"), link("decided", state="rejected", kind="same_act")]

    page = click(opened(api, "health"), "corpus-compare-near_duplicate-0")

    words = said(page)
    assert words.count('<img src="/api/v1/documents/') == 2
    assert "new.pdf" in words
    assert "old.pdf" in words
    assert "Le taux 0 est de 30 %." in words
    click(page, "corpus-keep-new-old")
    assert api.done == [("exclude", "old")]


def test_a_text_that_is_not_served_cannot_be_kept_alone(api: TendedClient) -> None:
    api.states["new"] = "failed"
    api.health = report(finding("near_duplicate", ITEM))
    api.links = [link(kind="same_act")]

    page = click(opened(api, "health"), "corpus-compare-near_duplicate-0")

    assert page.button("corpus-keep-new-old").disabled
    assert not page.button("corpus-keep-old-new").disabled


def test_two_documents_may_prove_to_be_different(api: TendedClient) -> None:
    api.health = report(finding("near_duplicate", ITEM))
    api.links = [link(kind="same_act")]
    page = click(opened(api, "health"), "corpus-compare-near_duplicate-0")

    page = click(page, "corpus-different-link-1")

    assert api.done == [("link-1", "False")]
    assert "plus rien à comparer" in said(page)


def test_a_version_is_decided_on_where_it_is_named(api: TendedClient) -> None:
    api.health = report(finding("undecided_version", ITEM))
    api.links = [link()]
    page = click(opened(api, "health"), "corpus-decide-undecided_version-0")

    click(page, "link-confirm-link-1")

    assert api.done == [("link-1", "True")]


def test_each_finding_has_something_to_do(api: TendedClient) -> None:
    api.health = report(*(finding(code, ITEM) for code in _ACTS))

    found = keys(opened(api, "health"))

    assert all(f"corpus-{act}-{code}-0" in found for code, acts in _ACTS.items() for act in acts)


def test_a_document_is_erased_by_who_types_that_it_is_meant() -> None:
    class Erasing(CuratingClient):
        def delete_document(self, document_id: str, *, erase: bool = False) -> None:
            self.calls.append(("delete", document_id, erase))

    api = Erasing()
    page = opened_document(api)
    page.button("erase").click().run()

    assert page.button("dialog-confirm").disabled
    page.text_input("erase-typed").input("effacer").run()
    assert page.button("dialog-confirm").disabled
    page.text_input("erase-typed").input("EFFACER").run()
    page.button("dialog-confirm").click().run()
    assert api.calls == [("delete", ID, True)]
    assert "document" not in page.query_params
