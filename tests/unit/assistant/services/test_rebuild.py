from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from assistant.domain.errors import EmbedderUnavailable
from assistant.domain.retrieval import Vector
from assistant.services.rebuild import rebuild
from assistant.testing.embedder import HashEmbedder
from assistant.testing.index import InMemoryChunkIndex
from tests.house import House


def test_rebuild_waits_before_it_asks_an_embedder_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faltering(HashEmbedder):
        asked = 0

        def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
            self.asked += 1
            if self.asked < 3:
                raise EmbedderUnavailable(retry_after_s=3)
            return super().embed_passages(texts)

    house.ingest({"a.txt": "Aide ancienne", "b.txt": "Autre texte"})
    embedder = Faltering(dimensions=16)
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)

    end = rebuild(
        house.open_work,
        target_index=InMemoryChunkIndex(embedder=embedder.identity),
        embedder=embedder,
        progress=lambda _: None,
    )

    assert end.points == 2
    assert [wait for wait in waits if wait] == [3, 3]
