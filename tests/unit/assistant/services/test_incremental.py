"""What a change of one page of a long report costs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.domain.retrieval import Vector
from assistant.testing.embedder import HashEmbedder
from ingest.chunking import chunk_document
from ingest.model import Block, BlockKind, Box, FileFormat, IngestedFile, ParsedDocument
from tests.house import House, LineReader
from tests.sources import Desk, counts

PAGES = 300
PHRASE = (
    "le conseil municipal décide que la subvention de fonctionnement accordée aux associations "
    "sportives pour l'exercice est fixée selon les critères du règlement intérieur après avis de la "
    "commission des finances et sous réserve des crédits inscrits au budget primitif"
)


class ReportReader(LineReader):
    """Reads a page a line, a paragraph between two bars, and cuts it as real reports are cut."""

    def read(
        self, path: Path, *, name: str, chunk_tokens: int | None = None, caller: str = ""
    ) -> IngestedFile:
        self.names.append(name)
        blocks = tuple(
            Block(BlockKind.PARAGRAPH, paragraph, box=Box(number, 0.1, 0.2, 0.9, 0.3))
            for number, page in enumerate(path.read_text("utf-8").splitlines(), start=1)
            for paragraph in page.split("|")
        )
        document = ParsedDocument(
            format=FileFormat.PDF, title="Rapport annuel", blocks=blocks, page_count=PAGES
        )
        chunks = chunk_document(document, target_tokens=chunk_tokens or 256)
        return IngestedFile(document, chunks, chunk_tokens)


class CountingEmbedder(HashEmbedder):
    """Counts the passages that it embeds."""

    passages = 0

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.passages += len(texts)
        return super().embed_passages(texts)


def page(seed: int) -> str:
    """Some paragraphs of one to three sentences, without any heading: the hardest to cut again alike."""
    chosen = random.Random(seed)

    def sentence() -> str:
        words = " ".join(chosen.choices(PHRASE.split(), k=chosen.randint(8, 20)))
        return f"{words.capitalize()} n° {chosen.randint(1, 9999)}."

    paragraphs = (
        " ".join(sentence() for _ in range(chosen.randint(1, 3)))
        for _ in range(chosen.randint(7, 11))
    )
    return "|".join(paragraphs)


@pytest.mark.timeout(600)
def test_one_changed_page_of_three_hundred_embeds_few_passages_again(
    house: House, tmp_path: Path
) -> None:
    embedder, reader = CountingEmbedder(dimensions=32), ReportReader()
    house.embedder, house.reader = embedder, reader
    house.ingestion = house.new_ingestion()
    desk = Desk(house, tmp_path / "partage")
    pages = [page(number) for number in range(PAGES)]
    desk.write({"rapport.txt": "\n".join(pages)})
    source = desk.add()
    desk.run(source)
    whole = embedder.passages
    assert whole > 500

    pages[150] = page(-1)
    desk.write({"rapport.txt": "\n".join(pages)})
    run = desk.run(source)

    assert counts(run) == {"changed": 1}
    assert 0 < embedder.passages - whole <= 20
    assert len(house.live_texts()["rapport.txt"]) > 500

    before, reads = embedder.passages, len(reader.names)
    (desk.root / "rapport.txt").rename(desk.root / "rapport 2026.txt")
    assert counts(desk.run(source)) == {"renamed": 1}
    assert (embedder.passages, len(reader.names)) == (before, reads)
