"""A real aid, of which a leaflet and a sheet give two rates: both must be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.contradictions import find_contradictions
from assistant.answering.terms import terms
from assistant.domain.answers import Passage
from assistant.domain.documents import SourceChunk
from ingest.limits import Limits
from ingest.reader import ParserPool
from tests.unit.assistant.answering.samples import make_chunk

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def chunks(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[SourceChunk]:
    pool = ParserPool(Limits(), children=1, scratch=tmp_path_factory.mktemp("scratch"))
    found: list[SourceChunk] = []
    for path in sorted((shared_data / "admin_docs").glob("region_reunion__*.txt")):
        read = pool.read(path, name=path.name)
        found += [
            make_chunk(chunk.text, id=f"{path.stem}-{number}", document=path.name,
                       title=read.document.title, section=chunk.locator.section)
            for number, chunk in enumerate(read.chunks)
        ]  # fmt: skip
    pool.close()
    return found


@pytest.mark.parametrize(
    "question",
    [
        "Quel est le taux de subvention du Kap numérique pour une entreprise de 15 salariés ?",
        "Quel taux d'aide pour une entreprise de 10 à 19 salariés ?",
    ],
)
def test_both_rates_of_one_aid_are_told(chunks: list[SourceChunk], question: str) -> None:
    asked = set(terms(question))

    def shared(chunk: SourceChunk) -> int:
        return len(asked & set(terms(f"{chunk.title} {chunk.text}")))

    best = sorted(chunks, key=shared, reverse=True)[:6]
    passages = [Passage(marker, chunk) for marker, chunk in enumerate(best, start=1)]

    (found,) = find_contradictions(question, passages=passages)

    assert sorted(side.figure for side in found.sides) == ["50 %", "80 %"]
    assert len({side.passage.chunk.document_id for side in found.sides}) == 2
