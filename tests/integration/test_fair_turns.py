"""One real worker, one job of very many files, and one of a single file behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest

from assistant.domain.jobs import ItemState, JobState
from assistant.domain.retrieval import Vector
from assistant.domain.tenancy import Principal
from assistant.services.submission import Submission
from assistant.testing.contracts.repositories_world import ROLES, add_reader
from assistant.testing.embedder import HashEmbedder
from tests.house import announced, open_house

SLICE_S = 0.5
MOST_S = 30.0


class SteadyEmbedder(HashEmbedder):
    """A batch takes as long as one of the real model on a busy machine takes a short text."""

    def __init__(self) -> None:
        super().__init__(dimensions=32)

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        time.sleep(0.05)
        return super().embed_passages(texts)


@pytest.mark.each_engine
def test_a_single_file_begins_soon_behind_very_many(
    tmp_path: Path, database_url: str, full_scale: bool
) -> None:
    house = open_house(tmp_path, database_url=database_url, embedder=SteadyEmbedder())
    small = add_reader(house.open_work, "petite")
    many = 10_000 if full_scale else 240
    big = house.submit({f"{n:05}.txt": f"Texte {n}" for n in range(many)})
    stop = threading.Event()
    worker = house.new_worker(slice_s=SLICE_S)
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    time.sleep(2 * SLICE_S)

    queued = time.monotonic()
    principal = Principal(small.person_id, small.tenant_id, ROLES)
    request = Submission(source="/petite", files=(announced("seul.txt", "Texte seul"),))
    job, wanted = house.ingestion.submit(request, principal=principal, scope=small.scope)
    house.ingestion.receive(
        wanted[0].id, BytesIO(b"Texte seul"), principal=principal, scope=small.scope
    )
    while house.jobs.items(job.id, scope=small.scope, limit=1)[0].state in {
        ItemState.AWAITING_FILE,
        ItemState.PENDING,
    }:
        assert time.monotonic() - queued < MOST_S
        time.sleep(0.02)
    print(f"begun {time.monotonic() - queued:.2f} s after it was queued")

    counts = house.jobs.get(big.id, scope=house.scope)[1].counts
    stop.set()
    thread.join(MOST_S)
    house.apply()
    assert not thread.is_alive()
    assert counts.get(ItemState.PENDING)
    assert house.jobs.get(big.id, scope=house.scope)[0].state is JobState.RUNNING
    house.close()
