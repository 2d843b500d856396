"""Corrected and excluded documents, from the act of a person to what is found and read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from assistant.domain.audit import Act
from assistant.domain.corrections import TITLE_CHARS, CorrectedFields
from assistant.domain.documents import Document, ListFilter
from assistant.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from assistant.domain.ids import DocumentId
from assistant.domain.jobs import ItemState
from assistant.domain.retrieval import Vector
from assistant.services.curation import Corrected
from ingest.model import DocumentKind
from tests.house import House

TITLE = "Schéma des mobilités"


def only(house: House) -> Document:
    """The only document that readers see."""
    (found,) = house.all_documents().values()
    return found


def correct(house: House, fields: CorrectedFields, *, based_on: int = 0) -> Corrected:
    return house.curation.correct(
        only(house).id,
        fields,
        based_on=based_on,
        principal=house.principal,
        scope=house.scope,
    )


def exclude(house: House, document: Document) -> int:
    return house.curation.exclude([document.id], principal=house.principal, scope=house.scope)


def include(house: House, document: Document) -> int:
    return house.curation.include([document.id], principal=house.principal, scope=house.scope)


def told(house: House) -> list[str]:
    """What the audit log was told of documents, oldest first."""
    with house.open_work() as work:
        entries = work.audit.walk_on(after=0, limit=99)
    return [entry.act for entry in entries if entry.act.startswith("document.")]


def test_a_title_shows_at_once_and_is_searched_once_read_again(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})

    corrected = correct(house, CorrectedFields(title=TITLE))

    assert (corrected.document.title, only(house).title) == (TITLE, TITLE)
    assert house.search("unique")[0].title == TITLE
    assert house.search("mobilités") == []
    dossier = house.curation.dossier(only(house).id, scope=house.scope)
    assert dossier.awaits_title
    assert dossier.read is not None
    assert dossier.read.title == "Aide unique"

    house.settle()

    assert [chunk.title for chunk in house.search("mobilités")] == [TITLE]
    dossier = house.curation.dossier(only(house).id, scope=house.scope)
    assert not dossier.awaits_title
    assert dossier.read is not None
    assert dossier.read.title == "Aide unique"
    (chunk,) = house.curation.chunks(only(house).id, scope=house.scope, limit=9, offset=0)
    assert chunk.embedded == f"{TITLE} > Article 1 - Objet\nAide unique"


def test_kind_and_date_need_no_new_reading(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})

    corrected = correct(house, CorrectedFields(kind=DocumentKind.ARRETE, date=date(2024, 2, 29)))

    assert corrected.job_id is None
    (chunk,) = house.search("unique")
    assert (chunk.kind, chunk.date) == (DocumentKind.ARRETE, date(2024, 2, 29))


def test_a_correction_outlives_other_contents_and_readings(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    correct(house, CorrectedFields(title=TITLE, date=date(2024, 2, 29)))
    house.settle()

    house.ingest({"a.txt": "Autre aide"})
    house.ingestion.reindex(None, force=True, principal=house.principal, scope=house.scope)
    house.settle()

    (chunk,) = house.search("mobilités")
    assert (chunk.text, chunk.title, chunk.date) == ("Autre aide", TITLE, date(2024, 2, 29))


def test_an_unchanged_source_is_not_read_again_for_its_title(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    correct(house, CorrectedFields(title=TITLE))
    house.settle()
    live = only(house).live_version_id

    house.ingest({"a.txt": "Aide unique"})

    assert only(house).live_version_id == live


def test_taken_back_it_is_found_by_what_was_read(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    correct(house, CorrectedFields(title=TITLE))
    house.settle()

    correct(house, CorrectedFields(), based_on=1)
    house.settle()

    assert only(house).title == "Aide unique"
    assert house.search("mobilités") == []
    assert told(house).count(Act.DOCUMENT_CORRECTED) == 2


def test_a_title_given_while_its_file_is_embedded_is_not_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.ingest({"a.txt": "Aide unique"})
    embed, given = house.embedder.embed_passages, False

    def embed_late(texts: Sequence[str]) -> list[Vector]:
        nonlocal given
        if not given:
            given = True
            correct(house, CorrectedFields(title=TITLE))
        return embed(texts)

    monkeypatch.setattr(house.embedder, "embed_passages", embed_late)
    job = house.ingest({"a.txt": "Autre aide"})

    assert given
    assert house.states(job) == {"a.txt": ItemState.INDEXED}
    assert [chunk.text for chunk in house.search("mobilités")] == ["Autre aide"]
    with house.open_work() as work:
        version = work.documents.live_versions([only(house).id], scope=house.scope)
    assert version[only(house).id].searched_title == TITLE


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (CorrectedFields(title=""), "title_refused"),
        (CorrectedFields(title=" \u200b\n"), "title_refused"),
        (CorrectedFields(title="a\x00b"), "title_refused"),
        (CorrectedFields(title="t" * (TITLE_CHARS + 1)), "title_refused"),
        (CorrectedFields(date=date(999, 12, 31)), "date_refused"),
        (CorrectedFields(date=date(9999, 1, 1)), "date_refused"),
        (CorrectedFields(date=date(2024, 1, 1), is_undated=True), "date_refused"),
    ],
)
def test_what_cannot_be_is_refused(house: House, fields: CorrectedFields, code: str) -> None:
    house.ingest({"a.txt": "Aide unique"})
    with pytest.raises(InvalidInput) as raised:
        correct(house, fields)
    assert raised.value.code == code
    assert only(house).correction is None


def test_the_later_of_two_administrators_is_told(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    correct(house, CorrectedFields(title=TITLE))
    with pytest.raises(Conflict) as raised:
        correct(house, CorrectedFields(title="Autre"))
    assert raised.value.code == "correction_outdated"
    assert only(house).title == TITLE
    assert told(house).count(Act.DOCUMENT_CORRECTED) == 1


def test_agents_change_nothing(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    document = only(house)
    with pytest.raises(Forbidden):
        house.curation.exclude([document.id], principal=house.agent, scope=house.scope)
    with pytest.raises(Forbidden):
        house.curation.correct(
            document.id,
            CorrectedFields(title=TITLE),
            based_on=0,
            principal=house.agent,
            scope=house.scope,
        )
    assert only(house) == document


def test_an_excluded_document_is_found_by_nobody_and_kept(house: House) -> None:
    house.ingest({"a.txt": "Aide unique", "b.txt": "Autre aide"})
    document = house.all_documents()["a.txt"]
    (chunk,) = house.search("unique")

    assert exclude(house, document) == 1
    assert exclude(house, document) == 0

    assert house.search("unique") == []
    assert [*house.all_documents()] == ["b.txt"]
    for read in (house.documents.passage, house.documents.section):
        with pytest.raises(NotFound):
            read(chunk.id, scope=house.scope)
    with pytest.raises(NotFound):
        house.documents.original(document.id, principal=house.principal, scope=house.scope)
    path, _ = house.documents.original(
        document.id, principal=house.principal, scope=house.scope, managed=house.scope
    )
    assert path.read_text("utf-8") == "Aide unique"
    assert house.documents.counts(scope=house.scope, managed=house.scope).excluded == 1
    dossier = house.curation.dossier(document.id, scope=house.scope)
    assert dossier.document.exclusion is not None
    assert told(house).count(Act.DOCUMENT_EXCLUDED) == 1


def test_its_source_does_not_bring_it_back(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    document = only(house)
    exclude(house, document)

    house.ingest({"a.txt": "Aide unique"})
    house.ingest({"a.txt": "Aide nouvelle"})
    house.ingestion.reindex(None, force=True, principal=house.principal, scope=house.scope)
    house.settle()

    assert house.search("aide") == []
    assert house.all_documents() == {}
    assert include(house, document) == 1
    assert [chunk.text for chunk in house.search("aide")] == ["Aide nouvelle"]
    assert only(house).id == document.id


def test_it_goes_with_its_source(house: House) -> None:
    house.ingest({"a.txt": "Aide unique", "b.txt": "Autre"})
    document = house.all_documents()["a.txt"]
    exclude(house, document)

    house.ingest({"b.txt": "Autre"})

    found = house.documents.list_page(
        scope=house.scope, wanted=ListFilter(is_excluded=True), limit=9, managed=house.scope
    )
    assert found == []
    with pytest.raises(NotFound):
        include(house, document)


def test_one_unknown_document_changes_none(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    with pytest.raises(NotFound):
        house.curation.exclude(
            [only(house).id, DocumentId("unknown")], principal=house.principal, scope=house.scope
        )
    assert len(house.search("unique")) == 1
