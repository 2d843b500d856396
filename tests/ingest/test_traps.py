"""The traps of the real documents beside the checkout, each by name, each on the file that holds it.

Those tested elsewhere: pages turned by 90 degrees and a name whose date is wrong (`test_ocr_real`), two drafts
on one page (`test_pdf_structure.test_second_draft_under_the_first_is_left_out`), versions that are 96 % the
same, one of them as ODT and PDF, and follow-ups nested in one another (`test_real_versions`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.passages import choose_passages
from assistant.answering.quotes import Quotes, quote_answer
from assistant.domain.answers import Question
from assistant.domain.documents import Reading
from assistant.domain.ids import DocumentId, VersionId
from assistant.domain.links import propose_links
from assistant.domain.retrieval import Hit
from ingest.limits import Limits
from ingest.model import ActStatus, DocumentKind, IngestedFile, Notice
from ingest.reader import ParserPool
from tests.house import House
from tests.ingest.made_scans import needs_engine
from tests.real_house import ingest_file, real_house

DOCUMENTS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "admin_docs"
PATIENT = Limits(base_s=300, ocr_page_s=60)
LEAFLET, SHEET = "region_reunion__kap-numerique_15x21cm.txt", "region_reunion__fa_1.2.5_*.txt"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(
        not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DOCUMENTS})"
    ),
]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    pool = ParserPool(PATIENT, children=1, scratch=tmp_path_factory.mktemp("scratch"))
    yield pool
    pool.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with real_house(tmp_path, limits=PATIENT) as house:
        yield house


def find(pattern: str) -> Path:
    return next(iter(sorted(DOCUMENTS.glob(pattern))))


def pages_of(pattern: str, *numbers: int, into: Path) -> Path:
    """Some pages of a PDF, from 1, as a file of its name: enough of it to be read in a few seconds."""
    pdfium: Any = __import__("pypdfium2")
    source, target = pdfium.PdfDocument(str(find(pattern))), pdfium.PdfDocument.new()
    target.import_pages(source, [number - 1 for number in numbers])
    path = into / find(pattern).name
    target.save(str(path))
    return path


def layer_of(path: Path) -> str:
    """What the text layer of the first page holds."""
    pdfium: Any = __import__("pypdfium2")
    return pdfium.PdfDocument(str(path))[0].get_textpage().get_text_bounded()


def text_of(ingested: IngestedFile) -> str:
    return "\n".join(block.text for block in ingested.document.blocks)


def answered(house: House, question: str) -> Quotes:
    """The answer without a model, from what the words of the question find."""
    found = enumerate(house.search(question), start=1)
    hits = [Hit(rank=rank, chunk=chunk, score=1 / rank) for rank, chunk in found]
    passages = choose_passages(hits, limit=8, max_tokens=3000)
    return quote_answer(Question(question), passages=passages)


@needs_engine
def test_scan_whose_only_text_is_a_stamp_is_read(patient: ParserPool, tmp_path: Path) -> None:
    path = pages_of("flaux__PV_DU_22_SEPTEMBRE-tampon.pdf", 1, into=tmp_path)

    ingested = patient.read(path, name=path.name)

    assert 50 < len(layer_of(path)) < 200
    assert Notice.OCR_USED in ingested.document.notices
    assert "le Conseil Municipal de la commune, régulièrement convoqué" in text_of(ingested)


@needs_engine
def test_page_of_drawn_text_is_read(patient: ParserPool, tmp_path: Path) -> None:
    path = pages_of("cnig_risques__SPP-24-133*.pdf", 2, into=tmp_path)

    ingested = patient.read(path, name=path.name)

    assert len(layer_of(path)) < 20
    assert "Bilan appel à commentaires" in text_of(ingested)


@needs_engine
def test_table_that_is_an_image_inside_a_text_page_is_read(
    patient: ParserPool, tmp_path: Path
) -> None:
    path = pages_of("pierrefonds__20250403-PV.pdf", 3, into=tmp_path)

    ingested = patient.read(path, name=path.name)

    assert "Restes à réaliser" not in layer_of(path)
    tables = [block.table for block in ingested.document.blocks if block.table is not None]
    labels = {row[1] for table in tables for row in table.rows}
    assert {"Prévision budgétaire totale", "Restes à réaliser"} <= labels
    assert "Hors de la présence de Madame le Maire" in text_of(ingested)


def test_nearly_blank_page_gives_no_passage(pool: ParserPool, tmp_path: Path) -> None:
    path = pages_of("cnig_risques__ElaborationEAIP.pdf", 20, 21, 22, 23, 24, into=tmp_path)

    ingested = pool.read(path, name=path.name)

    told = {page for chunk in ingested.chunks for page in chunk.locator.pages}
    assert ingested.document.page_count == 5
    assert told == {1, 2, 4, 5}


def test_templates_full_of_placeholders_are_not_versions_of_one_another(pool: ParserPool) -> None:
    paths = sorted(DOCUMENTS.glob("dreal__*.odt"))
    readings = [_reading(pool, path) for path in paths]

    assert len(readings) == 6
    assert {each.act.status for each in readings} == {ActStatus.TEMPLATE}
    linked = [propose_links(one, others=[other]) for one, other in combinations(readings, 2)]
    assert [proposals for proposals in linked if proposals] == []
    assert not any("{" in each.title for each in readings)


def _reading(pool: ParserPool, path: Path) -> Reading:
    parsed = pool.read(path, name=path.name).document
    return Reading(
        version_id=VersionId(path.name),
        document_id=DocumentId(path.name),
        title=parsed.title,
        date=parsed.date,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        act=parsed.act,
        quality=parsed.quality,
        sketch=parsed.sketch,
    )


def test_standard_whose_cover_tells_an_older_version_than_its_name(
    pool: ParserPool, tmp_path: Path
) -> None:
    path = pages_of("cnig_urba__Standard_CNIG_SRU_niveau_1_V2024-02.pdf", 2, 3, into=tmp_path)

    ingested = pool.read(path, name=path.name)

    assert ingested.document.date is not None
    assert ingested.document.date.year != 2024
    assert "version v2023-07" in text_of(ingested)


@needs_engine
def test_posting_certificate_that_is_named_an_arrete(patient: ParserPool) -> None:
    path = find("flaux__arrêté_PPRI_*.pdf")

    document = patient.read(path, name=path.name).document

    assert document.title.startswith("Attestation")
    assert document.kind is DocumentKind.OTHER
    assert document.date is not None
    assert document.date.year == 2020


def test_two_documents_that_contradict_each_other_are_both_shown(house: House) -> None:
    ingest_file(house, find(LEAFLET))
    ingest_file(house, find(SHEET))

    quotes = answered(
        house,
        "Quel est le taux de l'aide Kap numérik pour les dépenses éligibles des entreprises ?",
    )

    told = {each.chunk.file: each.quote for each in quotes.citations}
    assert set(told) == {find(LEAFLET).name, find(SHEET).name}
    assert "Taux de subvention : 80 %" in quotes.text
    assert "50 % des dépenses éligibles" in quotes.text
    for citation in quotes.citations:
        assert f"[{citation.marker}]" in quotes.text


@needs_engine
def test_title_and_first_article_that_contradict_each_other_are_both_shown(
    house: House, tmp_path: Path
) -> None:
    ingest_file(house, pages_of("flaux__ART_20230223_*.pdf", 1, 2, into=tmp_path))

    quotes = answered(
        house, "Jusqu'au quand la destruction des animaux de faune sauvage est-elle autorisée ?"
    )

    assert "jusqu'au 30 septembre 2023" in quotes.text.replace("’", "'")
    assert "jusqu'au 28 février 2023" in quotes.text.replace("’", "'")
    assert {page for each in quotes.citations for page in each.chunk.locator.pages} == {1, 2}


def test_unanimous_vote_is_quoted_with_its_abstentions(house: House, tmp_path: Path) -> None:
    ingest_file(house, pages_of("pierrefonds__20250403-PV.pdf", 3, into=tmp_path))

    (passage,) = [each for each in house.search("abstentions") if "unanimité" in each.text]

    assert "après en avoir délibéré, à l'unanimité" in passage.text.replace("’", "'")
    assert "4 abstentions : Mme Debuisser, M. Leblanc, M. Papin, M. Thuillier" in passage.text


def test_a_slip_of_a_figure_is_quoted_exactly(house: House) -> None:
    ingest_file(house, find("pierrefonds__CM-19-octobre-2023.pdf"))

    quotes = answered(house, "À quel prix est cédé le terrain à Mme Duflot-Sarazin ?")

    assert "au prix de 34 80 € à Mme Duflot-Sarazin" in quotes.text


@pytest.mark.parametrize("name", ["flaux__alerte.pdf", "communes/Flaux/alerte.pdf"])
def test_a_town_named_only_in_the_file_name_or_folder_is_searchable(
    house: House, name: str
) -> None:
    path = find("flaux__alerte_renforc*.pdf")
    ingest_file(house, path, name=name)
    ingest_file(house, find("travail_html__le-smic*.html"))

    found = house.search("Flaux")
    quotes = answered(house, "L'arrosage des pelouses est-il interdit à Flaux ?")

    assert found
    assert {each.file for each in found} == {name}
    assert not any("flaux" in each.text.casefold() for each in found)
    assert {each.chunk.file for each in quotes.citations} == {name}
