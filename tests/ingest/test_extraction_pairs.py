"""Text of real PDFs against the text of the documents they were made from, word for word.

Words are runs of three letters, digits or underscores at least: the numbers that a word processor puts
before headings are not in the gold text as printed (in one pair they differ from those of the PDF). What
is read from images is left aside, for the gold text holds none of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingest.limits import Limits
from ingest.parsers.ocr.scans import ScanReport
from ingest.parsers.pdf import document as pdf
from ingest.reading import read_file

PAIRS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "extraction_pairs"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not PAIRS.is_dir(), reason=f"the real documents are absent ({PAIRS})"),
]
NAMES = ("pair00", "pair02", "pair03", "pair06", "pair09", "pair12")
MIN_RECALL = 0.985
MIN_PRECISION = 0.97


@pytest.mark.parametrize("name", NAMES)
def test_words_of_a_pdf_are_those_of_its_source(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_scans(*args: Any, **kwargs: Any) -> ScanReport:
        return ScanReport()

    monkeypatch.setattr(pdf, "read_scans", no_scans)
    gold = words((PAIRS / "gold" / f"{name}.txt").read_text("utf-8"))

    document = read_file(
        PAIRS / f"{name}.pdf",
        name=f"{name}.pdf",
        limits=Limits(),
        on_pages=no_pages,
    ).document

    read = words("\n".join(block.text for block in document.blocks))
    common = (gold & read).total()
    assert common / gold.total() >= MIN_RECALL
    assert common / read.total() >= MIN_PRECISION


def no_pages(*args: Any, **kwargs: Any) -> None:
    """Nobody waits for the number of pages."""


def words(text: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKC", text.replace("’", "'").replace("œ", "oe")).lower()
    return Counter(re.findall(r"\w{3,}", plain))
