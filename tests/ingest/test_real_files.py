"""The real documents beside the checkout: what is read of them, against their gold text."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.model import DocumentKind, FileFormat
from ingest.reader import ParserPool

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DOCUMENTS = DATA / "admin_docs"
PAIRS = DATA / "extraction_pairs"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DATA})"),
]


def find(pattern: str) -> Path:
    return next(iter(sorted(DOCUMENTS.glob(pattern))))


@pytest.mark.parametrize(
    ("pattern", "file_format", "kind", "day", "words"),
    [
        (
            "*20250306-PV.pdf",
            FileFormat.PDF,
            DocumentKind.COMPTE_RENDU,
            date(2025, 3, 6),
            "Pierrefonds",
        ),
        ("*AP_202303*.pdf", FileFormat.PDF, DocumentKind.ARRETE, date(2023, 3, 10), "restriction"),
        (
            "*2025-06-05-CR*.docx",
            FileFormat.DOCX,
            DocumentKind.COMPTE_RENDU,
            date(2025, 6, 5),
            "Plénière",
        ),
        (
            "*260113_Standard*.odt",
            FileFormat.ODT,
            None,
            date(2026, 1, 13),
            "Structuration du règlement",
        ),
        ("*le-smic*.html", FileFormat.HTML, None, date(2025, 7, 4), "SMIC"),
        (
            "chemere_html__Arrete_2010-39.html",
            FileFormat.HTML,
            DocumentKind.ARRETE,
            None,
            "stationnement",
        ),
    ],
)
def test_document_is_identified(
    pool: ParserPool,
    pattern: str,
    file_format: FileFormat,
    kind: DocumentKind | None,
    day: date | None,
    words: str,
) -> None:
    path = find(pattern)

    document = pool.read(path, name=path.name).document

    assert document.format is file_format
    assert words in document.title
    assert kind is None or document.kind is kind
    assert day is None or document.date == day


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("pair00.pdf", 0.99),
        ("pair00.docx", 0.99),
        ("pair02.pdf", 0.99),
        ("pair02.docx", 0.99),
        ("pair03.pdf", 0.99),
        ("pair03.odt", 0.96),
        ("pair06.odt", 0.97),
        ("pair12.odt", 0.98),
    ],
)
def test_words_of_the_gold_text_are_found(pool: ParserPool, name: str, least: float) -> None:
    gold = words((PAIRS / "gold" / f"{Path(name).stem}.txt").read_text("utf-8"))

    ingested = pool.read(PAIRS / name, name=name)

    read = words(" ".join(chunk.text for chunk in ingested.chunks))
    assert (gold & read).total() / gold.total() >= least


def test_boxes_cover_the_words_of_a_real_page(pool: ParserPool) -> None:
    import pdfplumber

    path = find("*20250306-PV.pdf")
    ingested = pool.read(path, name=path.name)
    outside = total = 0

    with pdfplumber.open(path) as document:
        for number, page in enumerate(document.pages, start=1):
            boxes = [
                box
                for chunk in ingested.chunks
                for box in chunk.locator.boxes
                if box.page == number
            ]
            for word in page.extract_words():
                if is_furniture(word):
                    continue
                x = (word["x0"] + word["x1"]) / 2 / float(page.width)
                y = (word["top"] + word["bottom"]) / 2 / float(page.height)
                total += 1
                outside += not any(b.left <= x <= b.right and b.top <= y <= b.bottom for b in boxes)

    assert total > 1000
    assert outside / total < 0.02


def test_pairs_are_described() -> None:
    lines = (PAIRS / "pairs.jsonl").read_text("utf-8").splitlines()

    assert {json.loads(line)["ext"] for line in lines} == {"docx", "odt"}


def is_furniture(word: dict[str, Any]) -> bool:
    """Bullets, rules, and the footer of this very document."""
    return len(word["text"].strip("-_•")) < 2 or float(word["top"]) > 780


def words(text: str) -> Counter[str]:
    return Counter(
        re.findall(r"\w{3,}", unicodedata.normalize("NFKC", text.replace("’", "'")).lower())
    )
