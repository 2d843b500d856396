"""The sample corpus is what its questions say it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.datasets import SAMPLE, load_sample
from eval.sample.build import build
from ingest.model import IngestedFile
from ingest.reader import Limits, ParserPool

QUESTIONS = load_sample().questions


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, IngestedFile]]:
    pool = ParserPool(Limits(), children=1, scratch=tmp_path_factory.mktemp("scratch"))
    try:
        paths = sorted((SAMPLE / "documents").iterdir())
        yield {path.name: pool.read(path, name=path.name) for path in paths}
    finally:
        pool.close()


def test_it_has_sixty_questions_of_which_twenty_have_no_answer() -> None:
    assert len(QUESTIONS) == 60
    assert sum(not question.is_answerable for question in QUESTIONS) == 20


def test_it_is_small(documents: dict[str, IngestedFile]) -> None:
    assert 6 <= len(documents) <= 8
    assert sum(len(file.chunks) for file in documents.values()) <= 600


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.is_answerable], ids=lambda q: q.id)
def test_every_answer_stands_in_one_chunk_at_its_page(
    question: object, documents: dict[str, IngestedFile]
) -> None:
    judged = next(q for q in QUESTIONS if q == question)
    [file] = judged.judged

    assert any(
        judged.is_answered_by(file=file, pages=chunk.locator.pages, text=chunk.text)
        for chunk in documents[file].chunks
    )


def test_titles_dates_and_kinds_are_found(documents: dict[str, IngestedFile]) -> None:
    amended = documents["deliberation-2025-042.pdf"].document
    assert (amended.kind, str(amended.date)) == ("deliberation", "2025-03-20")
    assert documents["reglement-commune-numerique.docx"].document.kind == "reglement"


def test_the_documents_can_be_made_again(tmp_path: Path) -> None:
    assert [path.name for path in build(tmp_path)] == sorted(
        path.name for path in (SAMPLE / "documents").iterdir()
    )
