"""Real scans and pages with a known text: how many words are read, and whether what is read makes sense."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from ingest.limits import Limits
from ingest.model import FileFormat, IngestedFile, Notice
from ingest.parsers.ocr.score import text_quality
from ingest.reader import ParserPool
from ingest.tools import has_tesseract
from tests.conftest import FULL_SCALE

SAMPLED = ("p00", "p03", "p10")
SHORT = ("flaux__AP", "flaux__arrêté_PPRI", "corte")
"""Scans of one page that are read whenever tests run."""
DENSE = "flaux__2020_-_30-20250*.pdf"
SCANS = (
    (DENSE, 11, ("Recueil des actes administratifs", "établissements")),
    ("flaux__20210519_*.pdf", 3, ("conseil municipal",)),
    ("flaux__2022-07.08_*.pdf", 4, ("massifs forestiers",)),
    ("flaux__AP_20220603_*.pdf", 1, ("arrosage des pelouses",)),
    ("flaux__ARS_2024.pdf", 1, ("eau",)),
    ("flaux__ART_20230223_*.pdf", 4, ("arrêté",)),
    ("flaux__arreté_secheresse.pdf", 4, ("sécheresse",)),
    ("flaux__arrêté_PPRI_*.pdf", 1, ("risques",)),
    ("flaux__ars_2020.pdf", 1, ("eau",)),
    ("flaux__compte_rendu_du_11_mars_2021.pdf", 5, ("conseil municipal",)),
    ("flaux__PV_DU_15_DECEMBRE_2024-tampon.pdf", 5, ("accélération de la production",)),
    ("flaux__PV_DU_22_SEPTEMBRE-tampon.pdf", 6, ("conseil municipal",)),
    ("corte__mairie-corte_convocation-odj_2024-04-22*.pdf", 1, ("Plan Local d'Urbanisme",)),
    ("couthenans__pref_*.pdf", 2, ("délestage électrique",)),
    ("pierrefonds__LISTE-DELIBERATIONS*.pdf", 1, ("Syndicat d'Énergie de l'Oise",)),
    ("cnig_risques__SPP-24-133*.pdf", 7, ("appel à commentaires",)),
)
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not has_tesseract(), reason="Tesseract with French is absent"),
]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    """A child that a busy machine does not hurry."""
    limits = Limits(base_s=300, ocr_page_s=60)
    pool = ParserPool(limits, children=1, scratch=tmp_path_factory.mktemp("scratch"))
    yield pool
    pool.close()


@pytest.mark.parametrize(("kind", "least"), [("clean.png", 0.97), ("degraded.jpg", 0.95)])
def test_words_of_scanned_pages_are_read(
    patient: ParserPool, shared_data: Path, full_scale: bool, *, kind: str, least: float
) -> None:
    pages = sorted((shared_data / "ocr_pages").glob(f"*_{kind}"))
    read = [page for page in pages if full_scale or page.name[:3] in SAMPLED]

    recalls = [recall(patient.read(page, name=page.name), page=page) for page in read]

    assert median(recalls) >= least


# `test_ocr` turns a page made here to every side.
@pytest.mark.parametrize("degrees", [90, 180, 270] if FULL_SCALE else [270])
def test_words_of_turned_pages_are_read(
    patient: ParserPool, shared_data: Path, tmp_path: Path, full_scale: bool, *, degrees: int
) -> None:
    import PIL.Image

    pages = sorted((shared_data / "ocr_pages").glob("*_clean.png"))
    recalls: list[float] = []
    for page in pages if full_scale else pages[3:4]:
        turned = tmp_path / page.name
        PIL.Image.open(page).convert("L").rotate(degrees, expand=True).save(turned)
        recalls.append(recall(patient.read(turned, name=page.name), page=page))

    assert median(recalls) >= 0.95


def test_real_scans_make_sense(
    patient: ParserPool, shared_data: Path, full_scale: bool, subtests: pytest.Subtests
) -> None:
    for pattern, pages, words in SCANS:
        if not full_scale and (pages > 1 or not pattern.startswith(SHORT)):
            continue
        path = next(iter(sorted((shared_data / "admin_docs").glob(pattern))))
        with subtests.test(pattern):
            document = patient.read(path, name=path.name).document

            text = folded(" ".join(block.text for block in document.blocks))
            assert document.page_count == pages
            assert Notice.OCR_USED in document.notices
            assert Notice.OCR_TIMEOUT not in document.notices
            assert text_quality(text.split()) > 0.8
            assert [word for word in words if folded(word) not in text] == []
            read = {b.box.page for b in document.blocks if b.box is not None}
            assert len(read) >= max(1, pages - 1)  # the last page of one holds a footer only


def test_date_inside_a_scan_wins_over_its_name(
    patient: ParserPool, shared_data: Path, tmp_path: Path, full_scale: bool
) -> None:
    path = shared_data / "admin_docs" / "flaux__PV_DU_15_DECEMBRE_2024-tampon.pdf"
    read = path if full_scale else extract(path, [0], into=tmp_path / "first.pdf")

    document = patient.read(read, name=path.name).document

    assert document.date == date(2023, 12, 15)


def test_pages_turned_by_90_degrees_are_read_upright(
    patient: ParserPool, shared_data: Path, tmp_path: Path, full_scale: bool
) -> None:
    path = next(iter((shared_data / "admin_docs").glob(DENSE)))
    turned = [7, 8, 9, 10] if full_scale else [8]

    document = patient.read(
        extract(path, turned, into=tmp_path / "turned.pdf"), name=path.name
    ).document

    for page in range(1, len(turned) + 1):
        blocks = [b for b in document.blocks if b.box is not None and b.box.page == page]
        assert text_quality(" ".join(b.text for b in blocks).split()) > 0.9
        lines = [line.box for b in blocks for line in b.lines if line.end - line.start > 40]
        assert lines
        assert all(box.bottom - box.top > box.right - box.left for box in lines)


def extract(path: Path, indices: list[int], *, into: Path) -> Path:
    """Some pages of a PDF, from 0, as a PDF."""
    pdfium: Any = __import__("pypdfium2")
    source, target = pdfium.PdfDocument(str(path)), pdfium.PdfDocument.new()
    target.import_pages(source, indices)
    target.save(str(into))
    return into


def test_text_pages_with_good_layers_are_not_read_from_images(
    pool: ParserPool, shared_data: Path
) -> None:
    path = shared_data / "admin_docs" / "flaux__covid-Avril-2021.pdf"

    document = pool.read(path, name=path.name).document

    assert document.engine == "liteparse"
    assert document.format is FileFormat.PDF


def recall(ingested: IngestedFile, *, page: Path) -> float:
    """Share of the words of three letters or more of a page's text that are read."""
    gold = counted(page.with_name(f"{page.name[:3]}.txt").read_text("utf-8"))
    read = counted(" ".join(chunk.text for chunk in ingested.chunks))
    return (gold & read).total() / gold.total()


def counted(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w{3,}", folded(text)))


def folded(text: str) -> str:
    """In small letters and on one line, quotes alike."""
    return " ".join(unicodedata.normalize("NFKC", text.replace("’", "'")).lower().split())
