"""The filter builder: it never widens a scope, and every engine reads it alike."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from assistant.adapters.qdrant.edge import EdgeChunkIndex
from assistant.adapters.qdrant.filters import build_filter, to_client, to_edge
from assistant.adapters.qdrant.schema import payload_of
from assistant.adapters.qdrant.server import ServerChunkIndex
from assistant.domain.ids import VersionId
from assistant.domain.retrieval import IndexPoint, Ranking
from assistant.domain.tenancy import Scope
from assistant.ports.index import ChunkIndex
from assistant.testing.contracts.index import EMBEDDER, make_point, make_scope
from assistant.testing.index import InMemoryChunkIndex

_IDS = st.text(alphabet="ab:/1", max_size=4)
_PAIRS = st.tuples(_IDS, _IDS)
_WORDS = [
    "eau",
    "forêt",
    "lycée",
    "budget",
    "région",
    "vélo",
    "aide",
    "transport",
    "agricole",
    "plan",
]
_TENANTS = ("t1", "t2", "t3")
_COLLECTIONS = ("c1", "c2", "c3")


@settings(max_examples=300)
@given(granted=st.lists(_PAIRS, max_size=5), held=_PAIRS)
def test_filter_accepts_exactly_the_granted_pairs(
    granted: list[tuple[str, str]], held: tuple[str, str]
) -> None:
    scope = make_scope(*granted)
    point = make_point(1, text="", tenant=held[0], collection=held[1])

    accepted = build_filter(scope).accepts(payload_of(point))

    assert accepted == (held in granted)


def test_filter_of_an_empty_scope_renders_conditions_that_match_nothing() -> None:
    empty = build_filter(make_scope())

    edge, client = to_edge(empty), to_client(empty)

    assert edge.should
    assert client.must
    assert not empty.accepts(payload_of(make_point(1, text="")))


def test_payload_holds_ids_and_no_text() -> None:
    point = make_point(1, text="un texte confidentiel")

    values = " ".join(payload_of(point).values())

    assert "confidentiel" not in values


def _random_points(rng: random.Random, *, count: int) -> list[IndexPoint]:
    return [
        make_point(
            number,
            text=" ".join(rng.choices(_WORDS, k=rng.randint(0, 6))),
            tenant=rng.choice(_TENANTS),
            collection=rng.choice(_COLLECTIONS),
            version=f"v{rng.randint(1, 8)}",
        )
        for number in rng.sample(range(10_000), count)
    ]


def _random_scope(rng: random.Random) -> Scope:
    pairs = [(tenant, name) for tenant in _TENANTS for name in _COLLECTIONS]
    return make_scope(*rng.sample(pairs, rng.randint(0, len(pairs))))


def _open_all(folder: Path) -> list[ChunkIndex]:
    identity = EMBEDDER.identity
    return [
        InMemoryChunkIndex(embedder=identity),
        EdgeChunkIndex(folder / "edge", embedder=identity),
        ServerChunkIndex(QdrantClient(":memory:"), collection="chunks", embedder=identity),
    ]


def _assert_alike(ranking: Ranking, oracle: Ranking, *, limit: int) -> None:
    """Same scores to the engines' single precision, same chunks but for near ties at the cut."""
    scores = {chunk.chunk_id: chunk.score for chunk in oracle}
    expected = oracle[:limit]
    assert [chunk.score for chunk in ranking] == pytest.approx(
        [chunk.score for chunk in expected], abs=2e-5
    )
    for chunk in ranking:
        assert chunk.score == pytest.approx(scores[chunk.chunk_id], abs=2e-5)


def _check_searches(rng: random.Random, indexes: list[ChunkIndex]) -> None:
    oracle, *others = indexes
    scope, limit = _random_scope(rng), rng.choice((1, 3, 10, 200))
    query = " ".join(rng.choices(_WORDS, k=rng.randint(0, 4)))
    vector = EMBEDDER.embed_query(query)
    dense = oracle.search_dense(vector, scope=scope, limit=1000)
    lexical = oracle.search_lexical(query, scope=scope, limit=1000)
    for index in others:
        assert index.count(scope=scope) == oracle.count(scope=scope)
        _assert_alike(index.search_dense(vector, scope=scope, limit=limit), dense, limit=limit)
        found = index.search_lexical(query, scope=scope, limit=limit)
        _assert_alike(found, lexical, limit=limit)


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
@pytest.mark.filterwarnings("ignore:Local mode performs exact")
@pytest.mark.parametrize("seed", range(4))
def test_engines_agree_on_random_data_and_scopes(
    tmp_path: Path, seed: int, full_scale: bool
) -> None:
    rng = random.Random(seed)
    indexes = _open_all(tmp_path)
    points = _random_points(rng, count=150)

    for step in range(60 if full_scale else 12):
        batch = rng.sample(points, 25) if step % 2 else _random_points(rng, count=15)
        version = VersionId(f"v{rng.randint(1, 8)}")
        for index in indexes:
            index.upsert(batch)
            if step % 3 == 2:
                index.remove_version(version)
        _check_searches(rng, indexes)

    for index in indexes:
        index.close()
