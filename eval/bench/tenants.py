"""500 tenants, 20,000 people and 100,000 made-up passages: what a reader waits for, on both databases.

The same instance is kept in SQLite and in PostgreSQL, over one index; each is measured in a new process.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.sql.database import Database, open_database
from assistant.adapters.sql.postgresql import Postgresql
from assistant.answering.retriever import Retriever
from assistant.domain.retrieval import Vector
from assistant.domain.tenancy import Principal, Scope
from assistant.settings import RetrievalSettings
from assistant.testing.embedder import HashEmbedder
from eval.bench.rows import BenchRow, chunks_words, sentence
from eval.bench.search import (
    CHUNKS,
    EMBEDDER,
    MEMORY_LIMIT_MB,
    QUERIES,
    WARM_UP,
    Synthesis,
    anonymous_mb,
    in_new_process,
)
from eval.bench.town import (
    LARGEST,
    PEOPLE,
    REGION,
    SMALLEST,
    TENANTS,
    Town,
    fill,
    made_town,
    principal_of,
)
from eval.postgresql import postgresql_server

SCOPE_LIMIT_MS = 10.0
RATIO_LIMIT = 2.0
READERS = 1_000
"""People whose scope is asked for."""
PASSAGES = 10


class DrawnVectors(HashEmbedder):
    """An embedder that draws the vector of a question, so that no model is needed."""

    def __init__(self) -> None:
        super().__init__(dimensions=EMBEDDER.dimensions)
        self._identity = EMBEDDER

    def embed_query(self, text: str) -> Vector:
        """A random direction, the same for the same words."""
        chance = random.Random(text)
        return [chance.gauss() for _ in range(EMBEDDER.dimensions)]


def run() -> list[BenchRow]:
    """Make the instance, then measure it on each engine."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        where = Path(folder)
        url = stack.enter_context(stack.enter_context(postgresql_server()).new_database())
        rows = in_new_process(partial(build, where, url))
        for engine in ("", url):
            rows += in_new_process(partial(measure, where, engine))
        return rows


def build(folder: Path, url: str) -> list[BenchRow]:
    """Fill both databases and the index."""
    begin = time.perf_counter()
    with ExitStack() as stack:
        stores = [stack.enter_context(opened(folder, engine)) for engine in ("", url)]
        index = EdgeChunkIndex(folder / "edge", embedder=EMBEDDER)
        stack.callback(index.close)
        fill(made_town(), [store.unit_of_work for store in stores], index=index)
        _, postgresql = stores
        with postgresql.engine.connect() as connection:
            # as the server does by itself within minutes
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    name = sentence("tenants_built", tenants=TENANTS, people=PEOPLE, place=chunks_words(CHUNKS))
    return [BenchRow(name, time.perf_counter() - begin, "s")]


@contextmanager
def opened(folder: Path, url: str) -> Generator[Database]:
    """The database of an engine: that of an address, or the file of a folder."""
    place = Postgresql(url) if url else folder / "assistant.sqlite3"
    database = open_database(place, migrate=not url)
    try:
        yield database
    finally:
        database.close()


def measure(folder: Path, url: str) -> list[BenchRow]:
    """What readers wait for on one engine."""
    engine = "PostgreSQL" if url else "SQLite"
    town = made_town()
    with opened(folder, url) as database:
        index = EdgeChunkIndex(folder / "edge", embedder=EMBEDDER)
        retrieval = RetrievalSettings()
        retriever = Retriever(
            index,
            DrawnVectors(),
            open_work=database.unit_of_work,
            dense_weight=retrieval.dense_weight,
            candidates=retrieval.candidates,
        )
        rows = scope_rows(database, town, engine=engine)
        rows += search_rows(database, retriever, town=town, engine=engine)
        memory = BenchRow(
            sentence("memory_engine", engine=engine), anonymous_mb(), "MB", MEMORY_LIMIT_MB
        )
        index.close()
    return [*rows, memory]


def scope_rows(database: Database, town: Town, *, engine: str) -> list[BenchRow]:
    """How long it takes to tell what a person may read, of people of every tenant."""
    everybody = [person for people in town.people.values() for person in people]
    readers = random.Random(3).choices(everybody, k=WARM_UP + READERS)
    times: list[float] = []
    own: list[float] = []
    for person in readers:
        begin = time.process_time()
        times.append(timed(lambda person=person: scope_of(database, principal_of(person))))
        own.append((time.process_time() - begin) * 1000)
    walls, owns = _median_and_p95(times), _median_and_p95(own)
    rows = zip(("scope_median", "scope_p95"), walls, owns, (None, SCOPE_LIMIT_MS), strict=True)
    return [
        BenchRow(
            sentence(code, engine=engine),
            wall_ms,
            "ms",
            limit,
            peer=sentence("own_processor", own=f"{own_ms:.1f}"),
        )
        for code, wall_ms, own_ms, limit in rows
    ]


def _median_and_p95(times: list[float]) -> tuple[float, float]:
    kept = times[WARM_UP:]
    return statistics.median(kept), statistics.quantiles(kept, n=20)[-1]


def search_rows(
    database: Database, retriever: Retriever, *, town: Town, engine: str
) -> list[BenchRow]:
    """Searches of people who read as many passages, in the largest tenant and in the smallest, by turns.

    Raises:
        RuntimeError: They do not read as many.
    """
    largest, smallest = town.ungrouped(LARGEST), town.ungrouped(SMALLEST)
    counts = [chunks_read(database, each) for each in (largest, smallest)]
    if counts[0] != counts[1] or not counts[0]:
        raise RuntimeError(sentence("scopes_differ", counts=str(counts)))
    times = search_times(database, retriever, readers=[largest, smallest, town.ungrouped(REGION)])
    large_ms, small_ms, region_ms = (statistics.median(each[WARM_UP:]) for each in times)
    people = [len(town.people[town.tenants[number].id]) for number in (LARGEST, SMALLEST)]
    peer = sentence(
        "search_tenants", large=f"{large_ms:.1f}", small=f"{small_ms:.1f}",
        people=people[0], few=people[1], count=counts[0],
    )  # fmt: skip
    ratio = max(large_ms, small_ms) / min(large_ms, small_ms)
    return [
        BenchRow(sentence("search_ratio", engine=engine), ratio, "×", RATIO_LIMIT, peer=peer),
        BenchRow(sentence("search_region", engine=engine), region_ms, "ms"),
    ]


def search_times(
    database: Database, retriever: Retriever, *, readers: list[Principal]
) -> list[list[float]]:
    """Times of the same questions by each reader, its scope and the texts of its hits included."""
    times: list[list[float]] = [[] for _ in readers]
    for _, text in Synthesis(2).queries(WARM_UP + QUERIES):
        for own, reader in zip(times, readers, strict=True):

            def search(text: str = text, reader: Principal = reader) -> object:
                scope = scope_of(database, reader)
                return retriever.retrieve(text, scope=scope, limit=PASSAGES)

            own.append(timed(search))
    return times


def scope_of(database: Database, principal: Principal) -> Scope:
    """What a principal may read now."""
    with database.unit_of_work() as work:
        return work.tenancy.scope_of(principal)


def chunks_read(database: Database, principal: Principal) -> int:
    """Passages that a principal may read."""
    with database.unit_of_work() as work:
        scope = work.tenancy.scope_of(principal)
        return work.documents.counts(scope=scope).chunks


def timed(act: Callable[[], object]) -> float:
    """Wall time of an act, in milliseconds."""
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000
