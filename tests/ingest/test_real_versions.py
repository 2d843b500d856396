"""The real documents beside the checkout: which of them are versions of one another, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest

from assistant.domain.documents import LinkKind, Reading
from assistant.domain.ids import DocumentId, VersionId
from assistant.domain.links import marks_to_find, marks_to_keep, propose_links
from ingest.limits import Limits
from ingest.model import ParsedDocument
from ingest.reading import read_file

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DOCUMENTS = DATA / "admin_docs"
PATTERNS = {
    "suivi 2025-06": "cnig_urba__250603_Suivi*",
    "suivi 2025-10": "cnig_urba__251017_Suivi*",
    "suivi 2026-01": "cnig_urba__260113_Suivi*",
    "suivi 2026-03": "cnig_urba__260303_Suivi*",
    "standard 2025-05 odt": "cnig_urba__250505_Standard*.odt",
    "standard 2025-05 pdf": "cnig_urba__250505_Standard*.pdf",
    "standard 2025-06": "cnig_urba__250603_Standard*",
    "standard 2026-03": "cnig_urba__260303_Standard*",
    "arrêté 39": "chemere_html__Arrete_2010-39*",
    "arrêté 82": "chemere_html__Arrete_2010-82*",
    "question 1": "pcrs_anct__QST-AN-15-34358*",
    "question 2": "pcrs_anct__QST-AN-15-34621*",
    "compte rendu": "pierrefonds__compte-rendu-30-06-2017*",
}
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DATA})"),
]


def _ignore(pages: int, *, scans: int = 0) -> None:
    del pages, scans


def _parsed(pattern: str) -> ParsedDocument:
    path = next(iter(sorted(DOCUMENTS.glob(pattern))))
    return read_file(path, name=path.name, limits=Limits(), on_pages=_ignore).document


@pytest.fixture(scope="module")
def readings() -> dict[str, Reading]:
    with pytest.MonkeyPatch.context() as patch:
        # Their text layers tell enough; reading their images would take a minute.
        patch.setattr("ingest.parsers.ocr.scans.has_tesseract", lambda: False)
        return {name: _reading(name, _parsed(pattern)) for name, pattern in PATTERNS.items()}


def _reading(name: str, parsed: ParsedDocument) -> Reading:
    return Reading(
        version_id=VersionId(name),
        document_id=DocumentId(name),
        title=parsed.title,
        date=parsed.date,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        act=parsed.act,
        quality=parsed.quality,
        sketch=parsed.sketch,
    )


def links(readings: dict[str, Reading]) -> dict[tuple[str, str], LinkKind]:
    """Newer and older, of all pairs that the index would bring together."""
    found: dict[tuple[str, str], LinkKind] = {}
    for first, second in combinations(readings.values(), 2):
        if marks_to_find(first) & marks_to_keep(second):
            for each in propose_links(first, others=[second]):
                found[each.source_id, each.target_id] = each.kind
    return found


def test_successive_versions_and_nested_follow_ups_are_found(readings: dict[str, Reading]) -> None:
    found = links(readings)

    assert found["standard 2026-03", "standard 2025-06"] is LinkKind.VERSION_OF
    assert found["suivi 2026-03", "suivi 2025-06"] is LinkKind.VERSION_OF
    follow_ups = [name for name in readings if name.startswith("suivi")]
    pairs = {frozenset(pair) for pair in found}
    assert {frozenset(pair) for pair in combinations(follow_ups, 2)} <= pairs


def test_one_act_as_odt_and_as_pdf_is_one(readings: dict[str, Reading]) -> None:
    kinds = {frozenset(pair): kind for pair, kind in links(readings).items()}

    pair = frozenset({"standard 2025-05 odt", "standard 2025-05 pdf"})
    assert kinds[pair] is LinkKind.SAME_ACT


def test_acts_and_questions_of_other_numbers_stay_apart(readings: dict[str, Reading]) -> None:
    families = {frozenset(name.split()[0] for name in pair) for pair in links(readings)}

    assert families == {frozenset({"suivi"}), frozenset({"standard"})}


def test_numbers_and_authorities_of_real_acts(readings: dict[str, Reading]) -> None:
    act = readings["arrêté 82"].act

    assert (act.number, act.key, act.authority) == ("2010/82", "arrete 2010-82", "maire")
    assert readings["compte rendu"].act.number is None


def test_no_real_document_is_suspected(readings: dict[str, Reading]) -> None:
    assert [name for name, each in readings.items() if each.quality.suspicions] == []
