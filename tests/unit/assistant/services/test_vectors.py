from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.domain.retrieval import Vector
from assistant.services.vectors import VectorFiller
from assistant.testing.embedder import HashEmbedder
from tests.house import House, open_house


class BatchWatcher(HashEmbedder):
    def __init__(self) -> None:
        super().__init__(dimensions=32)
        self.batches: list[list[str]] = []

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        self.batches.append(list(texts))
        return super().embed_passages(texts)


def filler_of(house: House, embedder: HashEmbedder) -> VectorFiller:
    return VectorFiller(house.open_work, embedder, batch_size=3)


def ignore(_wait_s: float) -> None:
    return


def test_texts_wanted_soon_fill_the_last_batch(house: House) -> None:
    embedder = BatchWatcher()
    filler = filler_of(house, embedder)

    found = filler.vectors_of(
        {"a": "un", "b": "deux", "c": "trois", "d": "quatre"},
        between=ignore,
        beside={"e": "cinq", "f": "six", "g": "sept"},
    )

    assert set(found) == {"a", "b", "c", "d"}
    assert embedder.batches == [["un", "deux", "trois"], ["quatre", "cinq", "six"]]
    filler.vectors_of({"e": "cinq", "f": "six"}, between=ignore)
    assert len(embedder.batches) == 2


def test_texts_wanted_soon_alone_start_no_batch(house: House) -> None:
    embedder = BatchWatcher()
    filler = filler_of(house, embedder)
    filler.vectors_of({"a": "un"}, between=ignore)

    assert set(filler.vectors_of({"a": "un"}, between=ignore, beside={"b": "deux"})) == {"a"}
    assert embedder.batches == [["un"]]


def test_short_files_share_batches(tmp_path: Path) -> None:
    embedder = BatchWatcher()
    house = open_house(tmp_path, embedder=embedder)
    try:
        house.ingest({f"{number:02}.txt": f"Texte {number}" for number in range(40)})

        assert len(house.live_texts()) == 40
        assert sum(map(len, embedder.batches)) == 40
        assert len(embedder.batches) < 40
    finally:
        house.close()
