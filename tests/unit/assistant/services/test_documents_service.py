from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.domain.documents import DocumentState, ListFilter, SourceChunk
from assistant.domain.errors import Forbidden, IngestionError, InvalidInput, NotFound
from assistant.domain.ids import ChunkId, DocumentId
from assistant.domain.tenancy import Scope
from assistant.services.examples import questions_from
from ingest.model import DocumentKind, FileFormat, IngestedFile, Locator
from tests.house import House


def paginated(house: House) -> DocumentId:
    """A document whose live version says it has three pages."""
    read = house.reader.read

    def as_pdf(
        path: object, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        ingested = read(path, name=name, chunk_tokens=chunk_tokens)  # pyright: ignore[reportArgumentType]
        document = replace(ingested.document, format=FileFormat.PDF, page_count=4)
        return IngestedFile(document, ingested.chunks)

    house.reader.read = as_pdf  # pyright: ignore[reportAttributeAccessIssue]
    house.ingest({"a.pdf": "Texte A\nTexte B"})
    return house.all_documents()["a.pdf"].id


def test_deleted_document_is_unquotable_at_once(house: House) -> None:
    house.ingest({"a.txt": "Aide unique", "b.txt": "Autre texte"})
    chunk = house.search("unique")[0]

    house.documents.delete(chunk.document_id, principal=house.principal, scope=house.scope)

    assert house.search("unique") == []
    with pytest.raises(NotFound):
        house.documents.passage(chunk.id, scope=house.scope)
    with pytest.raises(NotFound):
        house.documents.original(chunk.document_id, principal=house.principal, scope=house.scope)
    house.apply()
    assert house.index.count_all() == 1


def test_deleted_content_leaves_the_file_store(house: House) -> None:
    house.ingest({"a.txt": "Aide unique"})
    document = house.all_documents()["a.txt"]

    house.documents.delete(document.id, principal=house.principal, scope=house.scope)
    house.apply()

    assert not house.files.has(document.sha256)


def test_agents_do_not_delete(house: House) -> None:
    with pytest.raises(Forbidden):
        house.documents.delete(DocumentId("x"), principal=house.agent, scope=house.scope)


def test_counts_and_filters(house: House) -> None:
    house.ingest({"a.txt": "Texte A", "b.txt": "damaged"})

    counts = house.documents.counts(scope=house.scope)
    failed = house.documents.list_page(
        scope=house.scope, wanted=ListFilter(state=DocumentState.FAILED), limit=10
    )

    assert (counts.live, counts.failed, counts.pending, counts.chunks) == (1, 1, 0, 1)
    assert [document.name for document in failed] == ["b.txt"]


def test_original_is_that_of_the_served_version(house: House) -> None:
    house.ingest({"a.txt": "Ancien"})
    house.ingest({"a.txt": "damaged"})

    path, document = house.documents.original(
        house.all_documents()["a.txt"].id, principal=house.principal, scope=house.scope
    )

    assert path.read_text("utf-8") == "Ancien"
    assert document.name == "a.txt"


def test_page_image_is_rendered_once(house: House) -> None:
    document_id = paginated(house)

    first = house.documents.page_image(document_id, page=2, scope=house.scope)
    second = house.documents.page_image(document_id, page=2, scope=house.scope)

    assert first == second
    assert house.reader.rendered == [2]


def test_page_that_cannot_be_rendered_has_its_reason(house: House) -> None:
    with pytest.raises(IngestionError) as error:
        house.documents.page_image(paginated(house), page=4, scope=house.scope)

    assert error.value.code == "page_missing"


@pytest.mark.parametrize("page", [0, 5, -1])
def test_page_out_of_the_document_is_not_found(house: House, page: int) -> None:
    with pytest.raises(NotFound):
        house.documents.page_image(paginated(house), page=page, scope=house.scope)


def test_format_without_pages_has_no_image(house: House) -> None:
    house.ingest({"a.txt": "Texte A"})

    with pytest.raises(NotFound):
        house.documents.page_image(house.all_documents()["a.txt"].id, page=1, scope=house.scope)


def test_section_is_the_passage_with_its_neighbours(house: House) -> None:
    house.ingest({"a.txt": "Un\nDeux\nTrois"})
    chunk = house.search("Deux")[0]

    section = house.documents.section(chunk.id, scope=house.scope)

    assert [each.text for each in section] == ["Un", "Deux", "Trois"]


def test_nothing_is_read_outside_the_scope(house: House) -> None:
    house.ingest({"a.txt": "Texte A"})
    chunk = house.search("Texte")[0]
    nothing = Scope(house.scope.tenant_id, house.scope.person_id, frozenset())

    for read in (
        lambda: house.documents.get(chunk.document_id, scope=nothing),
        lambda: house.documents.passage(chunk.id, scope=nothing),
        lambda: house.documents.section(chunk.id, scope=nothing),
        lambda: house.documents.passages(chunk.document_id, scope=nothing, limit=10),
        lambda: house.documents.original(
            chunk.document_id, principal=house.principal, scope=nothing
        ),
    ):
        with pytest.raises(NotFound):
            read()
    assert house.documents.list_page(scope=nothing, limit=10) == []
    assert house.documents.example_questions(scope=nothing, limit=3) == []


def test_passages_refuse_bounds_that_make_no_sense(house: House) -> None:
    with pytest.raises(InvalidInput):
        house.documents.passages(DocumentId("x"), scope=house.scope, limit=0)


def test_example_questions_come_from_the_corpus(house: House) -> None:
    house.ingest({"a.txt": "Aide à la mobilité", "b.txt": "Soutien aux lycées"})

    questions = house.documents.example_questions(scope=house.scope, limit=2)

    assert len(questions) == 2
    assert any("conditions fixées par « Aide à la mobilité »" in each for each in questions) or any(
        "conditions fixées par « Soutien aux lycées »" in each for each in questions
    )


def test_example_on_a_heading_drops_its_number(house: House) -> None:
    house.ingest({"a.txt": "Aide à la mobilité"})
    chunk = house.search("mobilité")[0]

    def on(section: tuple[str, ...], *, title: str) -> SourceChunk:
        return replace(chunk, id=ChunkId(title), title=title, locator=Locator(section=section))

    questions = questions_from(
        [
            on((), title="Schéma régional"),
            on(("Titre I", "Article 3 – Montant de l'aide"), title="Règlement des transports"),
            replace(on((), title="Budget primitif"), kind=DocumentKind.DELIBERATION),
        ],
        limit=5,
    )

    assert questions[1] == "Que dit « Règlement des transports » sur « Montant de l'aide » ?"
    assert questions[2] == "Qu'a décidé l'assemblée dans « Budget primitif » ?"
