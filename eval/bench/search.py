"""Search in 100,000 made-up chunks: latency, memory, opening, and what adding chunks costs readers.

The index is made in one process and measured in a new one, so that the memory is that of serving.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import accumulate, islice
from pathlib import Path
from uuid import UUID

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.qdrant.schema import MAX_POINTS
from assistant.adapters.qdrant.server import ServerChunkIndex
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, PersonId, TenantId, VersionId
from assistant.domain.retrieval import EmbedderIdentity, IndexPoint
from assistant.domain.tenancy import Grant, Scope
from assistant.ports.index import ChunkIndex
from eval.bench.rows import BenchRow, chunks_words, sentence

CHUNKS = 100_000
ADDED = 5_000
PEER_CHUNKS = 5_000
COLLECTIONS = 50
_DOCUMENT_CHUNKS = 20
WORDS = range(60, 161)
"""Words of a chunk."""
VOCABULARY = 30_000
CANDIDATES = 100
QUERIES = 101
WARM_UP = 10
EMBEDDER = EmbedderIdentity("synthetic", 384)
TENANT = TenantId("region")

FULL_LIMIT_MS = 20.0
NARROW_LIMIT_MS = 3.0
HELD_LIMIT_MS = 100.0
MEMORY_LIMIT_MB = 800.0
PEER_RATIO = 10.0

Query = tuple[list[float], str]
"""The vector and the text of one question."""


class Synthesis:
    """Made-up chunks: Gaussian vectors, and words as unevenly frequent as those of a language."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        spelling = random.Random(0)
        self._words = [_word(spelling) for _ in range(VOCABULARY)]
        self._weights = list(accumulate(1 / (rank + 20) for rank in range(VOCABULARY)))

    def points(self, *, start: int, count: int) -> Iterator[IndexPoint]:
        """Points of documents of 20 chunks, spread over the collections."""
        for first in range(start, start + count, _DOCUMENT_CHUNKS):
            numbers = range(first, min(first + _DOCUMENT_CHUNKS, start + count))
            yield from self._document(first // _DOCUMENT_CHUNKS, chunks=len(numbers))

    def _document(self, document: int, *, chunks: int) -> Iterator[IndexPoint]:
        texts = [self.text(self._random.choice(WORDS)) for _ in range(chunks)]
        for place, text in enumerate(texts):
            yield IndexPoint(
                chunk_id=ChunkId(str(UUID(int=self._random.getrandbits(128), version=4))),
                tenant_id=TENANT,
                collection_id=CollectionId(f"collection-{document % COLLECTIONS}"),
                document_id=DocumentId(f"document-{document}"),
                version_id=VersionId(f"version-{document}"),
                vector=self.vector(),
                text=text,
                document_texts=() if place else texts,
            )

    def queries(self, count: int) -> list[Query]:
        """Questions of six words."""
        return [(self.vector(), self.text(6)) for _ in range(count)]

    def vector(self) -> list[float]:
        """A random direction."""
        return [self._random.gauss() for _ in range(EMBEDDER.dimensions)]

    def text(self, words: int) -> str:
        """Words drawn by their frequency."""
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=words))


def run() -> list[BenchRow]:
    """Make the index, then measure it in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        in_new_process(partial(build, where))
        return [
            *in_new_process(partial(measure, where)),
            *in_new_process(partial(compare, where)),
        ]


def in_new_process(step: Callable[[], list[BenchRow]]) -> list[BenchRow]:
    """Measure in a process of its own, whose memory holds nothing of what came before."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(step).result()


def build(folder: Path) -> list[BenchRow]:
    """Fill the large index."""
    index = EdgeChunkIndex(folder / "edge", embedder=EMBEDDER)
    fill(index, Synthesis(1), count=CHUNKS)
    index.close()
    return []


def measure(folder: Path) -> list[BenchRow]:
    """Open the large index as a server would, search it, and add to it."""
    begin = time.perf_counter()
    index = EdgeChunkIndex(folder / "edge", embedder=EMBEDDER)
    opening_s = time.perf_counter() - begin
    synthesis = Synthesis(2)
    queries = synthesis.queries(WARM_UP + QUERIES)
    full_ms = median_search_ms(index, queries, scope=scope_of(COLLECTIONS))
    narrow_ms = median_search_ms(index, queries, scope=scope_of(1))
    held_ms, added_per_s = held_while_adding(index, synthesis)
    memory_mb = anonymous_mb()
    index.close()
    place = chunks_words(CHUNKS)
    return [
        BenchRow(sentence("index_opening", place=place), opening_s, "s"),
        BenchRow(sentence("search_full", place=place), full_ms, "ms", FULL_LIMIT_MS),
        BenchRow(sentence("search_narrow", place=place), narrow_ms, "ms", NARROW_LIMIT_MS),
        BenchRow(
            sentence("search_held", count=ADDED),
            held_ms,
            "ms",
            HELD_LIMIT_MS,
            peer=sentence("chunks_per_s", speed=f"{added_per_s:.0f}"),
        ),
        BenchRow(sentence("memory"), memory_mb, "MB", MEMORY_LIMIT_MB),
    ]


def compare(folder: Path) -> list[BenchRow]:
    """The same search by peers: plain numpy at full size, qdrant-client's local mode at a small one."""
    queries = Synthesis(2).queries(WARM_UP + QUERIES)
    index = EdgeChunkIndex(folder / "edge", embedder=EMBEDDER)
    scope = scope_of(COLLECTIONS)
    edge_ms = median_ms(
        queries, lambda query: index.search_dense(query[0], scope=scope, limit=CANDIDATES)
    )
    index.close()
    numpy_ms = numpy_search_ms(queries)
    small_ms, local_ms = small_searches_ms(folder, queries[: WARM_UP + 11])
    return [
        BenchRow(
            sentence("numpy_ratio"),
            numpy_ms / edge_ms,
            "×",
            peer=sentence("numpy_peer", numpy=f"{numpy_ms:.1f}", edge=f"{edge_ms:.1f}"),
        ),
        BenchRow(
            sentence("local_ratio", count=PEER_CHUNKS),
            local_ms / small_ms,
            "×",
            PEER_RATIO,
            at_least=True,
            peer=sentence("local_peer", local=f"{local_ms:.0f}", edge=f"{small_ms:.1f}"),
        ),
    ]


def fill(index: ChunkIndex, synthesis: Synthesis, *, count: int, start: int = 0) -> None:
    """Add points, as many a call as allowed."""
    points = synthesis.points(start=start, count=count)
    while batch := list(islice(points, MAX_POINTS)):
        index.upsert(batch)


def scope_of(collections: int) -> Scope:
    """The scope over the first collections, each 2 % of the chunks."""
    grants = {Grant(TENANT, CollectionId(f"collection-{number}")) for number in range(collections)}
    return Scope(tenant_id=TENANT, person_id=PersonId("reader"), grants=frozenset(grants))


def median_search_ms(index: ChunkIndex, queries: list[Query], *, scope: Scope) -> float:
    """Median of the searches of a question, once warm."""

    def search(query: Query) -> None:
        index.search_dense(query[0], scope=scope, limit=CANDIDATES)
        index.search_lexical(query[1], scope=scope, limit=CANDIDATES)
        index.search_documents(query[1], scope=scope, limit=CANDIDATES // 2)

    return median_ms(queries, search)


def median_ms(queries: list[Query], search: Callable[[Query], object]) -> float:
    """Median time of a search, the first ones left out."""
    times: list[float] = []
    for query in queries:
        begin = time.perf_counter()
        search(query)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[WARM_UP:]) * 1000


def held_while_adding(index: ChunkIndex, synthesis: Synthesis) -> tuple[float, float]:
    """Longest time another thread was held while chunks were added, and chunks added a second."""
    points = list(synthesis.points(start=CHUNKS, count=ADDED))
    gaps: list[float] = []
    stop = threading.Event()
    ticker = threading.Thread(target=_tick, args=(stop, gaps))
    ticker.start()
    begin = time.perf_counter()
    for first in range(0, ADDED, MAX_POINTS):
        index.upsert(points[first : first + MAX_POINTS])
    lasted_s = time.perf_counter() - begin
    stop.set()
    ticker.join()
    return max(gaps) * 1000, ADDED / lasted_s


def anonymous_mb() -> float:
    """Anonymous resident memory of this process; pages of mapped files are not counted."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("/proc/self/status n'indique pas RssAnon")


def numpy_search_ms(queries: list[Query]) -> float:
    """A brute-force product over as many vectors, without filter, best candidates ordered."""
    import numpy as np

    generator = np.random.default_rng(1)
    matrix = generator.standard_normal((CHUNKS, EMBEDDER.dimensions), dtype=np.float32)

    def search(query: Query) -> None:
        scores = matrix @ np.asarray(query[0], dtype=np.float32)
        best = np.argpartition(-scores, CANDIDATES)[:CANDIDATES]
        best[np.argsort(-scores[best])].tolist()

    return median_ms(queries, search)


def small_searches_ms(folder: Path, queries: list[Query]) -> tuple[float, float]:
    """Both searches at the small size: Edge, then the local mode, which is made in Python."""
    from qdrant_client import QdrantClient

    warnings.simplefilter("ignore", UserWarning)
    small = EdgeChunkIndex(folder / "small", embedder=EMBEDDER)
    local = ServerChunkIndex(QdrantClient(":memory:"), collection="peer", embedder=EMBEDDER)
    medians: list[float] = []
    for index in (small, local):
        fill(index, Synthesis(3), count=PEER_CHUNKS)
        medians.append(median_search_ms(index, queries, scope=scope_of(COLLECTIONS)))
        index.close()
    return medians[0], medians[1]


def _tick(stop: threading.Event, gaps: list[float]) -> None:
    last = time.perf_counter()
    while not stop.is_set():
        time.sleep(0.001)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now


def _word(spelling: random.Random) -> str:
    return "".join(
        spelling.choice("bcdfglmnprtv") + spelling.choice("aiou") for _ in range(4)
    ) + spelling.choice("bdgk")
