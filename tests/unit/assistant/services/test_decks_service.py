from __future__ import annotations

import io
from dataclasses import replace

import pytest

from assistant.domain.documents import SourceChunk
from assistant.domain.errors import IngestionError, NotFound
from assistant.domain.ids import DocumentId
from assistant.services import decks
from assistant.services.decks import Decks
from ingest.errors import IngestError, ParseFailed, ParserDied, ReaderBusy
from ingest.model import Box, FileFormat, IngestedFile, Place
from tests.house import House

DECK = "Bilan des aides\nCalendrier des aides"


@pytest.fixture
def deck(house: House) -> DocumentId:
    """A document that is taken for a PPTX, each line a slide."""
    read = house.reader.read

    def as_deck(
        path: object, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        ingested = read(path, name=name, chunk_tokens=chunk_tokens)  # pyright: ignore[reportArgumentType]
        chunks = tuple(
            replace(chunk, locator=replace(chunk.locator, place=Place(slide=chunk.ordinal + 1)))
            for chunk in ingested.chunks
        )
        return IngestedFile(replace(ingested.document, format=FileFormat.PPTX), chunks)

    house.reader.read = as_deck  # pyright: ignore[reportAttributeAccessIssue]
    house.ingest({"a.pptx": DECK})
    return house.all_documents()["a.pptx"].id


def sha256_of(house: House, document_id: DocumentId) -> str:
    return house.documents.get(document_id, scope=house.scope).sha256


def slide_of(house: House, document_id: DocumentId, number: int) -> SourceChunk:
    found = house.documents.passages(document_id, scope=house.scope, limit=10)
    return found[number - 1]


def test_a_deck_is_printed_once_and_its_slides_drawn_from_the_pdf(
    house: House, deck: DocumentId
) -> None:
    assert house.documents.must_print(deck, scope=house.scope)

    images = [house.documents.page_image(deck, page=page, scope=house.scope) for page in (1, 2, 1)]

    assert not house.documents.must_print(deck, scope=house.scope)
    assert house.reader.printed == [DECK]
    assert house.reader.rendered == [1, 2]
    assert images[0] == images[2]
    assert images[1].read_bytes().endswith(b"%PDF-Bil")


def test_a_passage_is_found_on_its_slide(house: House, deck: DocumentId) -> None:
    second = slide_of(house, deck, 2)
    elsewhere = replace(second, text="Ce que dit l'orateur")

    assert house.documents.slide_boxes(second, scope=house.scope) == (Box(2, 0.1, 0.2, 0.9, 0.3),)
    assert house.documents.slide_boxes(elsewhere, scope=house.scope) == ()


def test_other_formats_are_no_decks(house: House) -> None:
    house.ingest({"a.txt": "Texte A"})
    document_id = house.all_documents()["a.txt"].id

    assert not house.documents.must_print(document_id, scope=house.scope)
    with pytest.raises(NotFound):
        house.documents.print_deck(document_id, scope=house.scope)
    assert house.reader.printed == []


def test_slides_without_libreoffice_have_their_reason_each_time(
    house: House, deck: DocumentId
) -> None:
    house.reader.refusal = ParseFailed("slides_need_office")

    for _ in range(2):
        with pytest.raises(IngestionError, match="LibreOffice") as caught:
            house.documents.page_image(deck, page=1, scope=house.scope)
        assert caught.value.code == "slides_need_office"
    house.reader.refusal = None

    assert house.documents.page_image(deck, page=1, scope=house.scope).is_file()


@pytest.mark.parametrize(
    "refusal",
    [
        ParseFailed("slides_unrenderable"),
        ParserDied("parser_timeout", seconds=60),
        ParserDied("parser_memory", limit_mb=1),
    ],
)
def test_a_deck_that_cannot_be_printed_is_left_alone_for_an_hour(
    house: House, deck: DocumentId, refusal: IngestError
) -> None:
    now = [1000.0]
    printer = Decks(house.files, house.reader, elapsed=lambda: now[0])
    sha256 = sha256_of(house, deck)
    house.reader.refusal = refusal

    codes: list[str] = []
    for seconds in (0, 10, 3500, 100):
        now[0] += seconds
        with pytest.raises(IngestionError) as caught:
            printer.printed(sha256)
        codes.append(caught.value.code)

    assert codes == ["slides_unrenderable"] * 4
    assert len(house.reader.printed) == 2


def test_a_busy_reader_is_asked_again(house: House, deck: DocumentId) -> None:
    printer = Decks(house.files, house.reader)
    house.reader.refusal = ReaderBusy("reader_busy")

    for _ in range(2):
        with pytest.raises(IngestionError, match="Trop de fichiers"):
            printer.printed(sha256_of(house, deck))

    assert len(house.reader.printed) == 2


def test_failures_remembered_are_bounded(
    house: House, deck: DocumentId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decks, "_MAX_REMEMBERED", 1)
    printer = Decks(house.files, house.reader)
    house.reader.refusal = ParseFailed("slides_unrenderable")
    other, _ = house.files.put(io.BytesIO(b"Autre"), max_bytes=10)

    for sha256 in (sha256_of(house, deck), other, other, sha256_of(house, deck)):
        with pytest.raises(IngestionError):
            printer.printed(sha256)

    assert house.reader.printed == [DECK, "Autre", DECK]
