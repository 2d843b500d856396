from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.ids import ChunkId, VersionId
from assistant.domain.retrieval import Ranking, ScoredChunk, fuse

SCORES = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
RANKINGS = st.dictionaries(
    st.sampled_from([ChunkId(f"k{number:02}") for number in range(15)]), SCORES, max_size=15
).map(
    lambda scores: tuple(
        ScoredChunk(chunk_id, score, VersionId("v"))
        for chunk_id, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    )
)
merged = partial(fuse, documents=(), document_share=0.0)
"""Both rankings of chunks alone."""
WEIGHTS = st.floats(min_value=0, max_value=1)


def ranking(**scores: float) -> Ranking:
    return tuple(ScoredChunk(ChunkId(k), score, VersionId(k[0])) for k, score in scores.items())


def ids(fused: Ranking) -> list[str]:
    return [item.chunk_id for item in fused]


@given(dense=RANKINGS, lexical=RANKINGS, weight=WEIGHTS, limit=st.integers(1, 40))
def test_scores_are_bounded_descending_and_each_chunk_comes_once(
    dense: Ranking, lexical: Ranking, weight: float, limit: int
) -> None:
    fused = merged(dense, lexical, dense_weight=weight, limit=limit)

    everything = {item.chunk_id for item in (*dense, *lexical)}
    assert len(fused) == min(limit, len(everything))
    assert len(set(ids(fused))) == len(fused)
    assert all(item.score >= 0 for item in fused)
    assert list(fused) == sorted(fused, key=lambda item: (-item.score, item.chunk_id))


@given(data=st.data(), dense=RANKINGS, lexical=RANKINGS, weight=WEIGHTS)
def test_the_order_of_entries_does_not_matter(
    data: st.DataObject, dense: Ranking, lexical: Ranking, weight: float
) -> None:
    shuffled = tuple(data.draw(st.permutations(dense))), tuple(data.draw(st.permutations(lexical)))

    assert merged(*shuffled, dense_weight=weight, limit=30) == merged(
        dense, lexical, dense_weight=weight, limit=30
    )


@given(dense=RANKINGS, lexical=RANKINGS, weight=WEIGHTS)
def test_swapping_both_rankings_and_weights_changes_nothing(
    dense: Ranking, lexical: Ranking, weight: float
) -> None:
    one = merged(dense, lexical, dense_weight=weight, limit=30)
    other = merged(lexical, dense, dense_weight=1 - weight, limit=30)

    scores = {item.chunk_id: item.score for item in other}
    assert all(scores[item.chunk_id] == pytest.approx(item.score, abs=1e-9) for item in one)


@given(dense=RANKINGS, lexical=RANKINGS, weight=WEIGHTS, limit=st.integers(1, 14))
def test_a_smaller_limit_is_the_beginning_of_a_larger_one(
    dense: Ranking, lexical: Ranking, weight: float, limit: int
) -> None:
    whole = merged(dense, lexical, dense_weight=weight, limit=30)

    assert merged(dense, lexical, dense_weight=weight, limit=limit) == whole[:limit]


def test_ties_are_broken_by_chunk_id() -> None:
    fused = merged(ranking(b=2, a=2), ranking(d=1, c=1), dense_weight=0.5, limit=10)

    assert ids(fused) == ["a", "b", "c", "d"]


def test_scores_are_normalised_before_the_sum() -> None:
    fused = merged(ranking(a=3, b=2, c=1), ranking(c=100, b=50, a=0), dense_weight=0.5, limit=10)

    assert [(item.chunk_id, round(item.score, 9)) for item in fused] == [
        ("a", 0.5),
        ("b", 0.5),
        ("c", 0.5),
    ]


def test_a_score_far_above_the_others_counts_more_than_a_best_among_equals() -> None:
    close = {f"d{number:02}": 0.9 - number / 1e4 for number in range(20)}
    spread = {"sure": 40.0} | {f"l{number:02}": 5 - number / 100 for number in range(19)}

    fused = merged(ranking(**close), ranking(**spread), dense_weight=0.5, limit=3)

    assert ids(fused)[0] == "sure"
    assert fused[0].score > 1.2 * fused[1].score


def test_an_absent_chunk_scores_nothing_there() -> None:
    fused = merged(ranking(a=1, b=0), ranking(c=3, b=3), dense_weight=0.75, limit=10)

    assert {item.chunk_id: round(item.score, 9) for item in fused} == {
        "a": 0.5,
        "b": 0.5,
        "c": 0.25,
    }


def test_empty_rankings_give_an_empty_one() -> None:
    assert merged((), (), dense_weight=0.5, limit=1) == ()


@pytest.mark.parametrize(("weight", "limit"), [(-0.1, 1), (1.1, 1), (0.5, 0)])
def test_bounds_are_checked(weight: float, limit: int) -> None:
    with pytest.raises(ValueError, match="must"):
        merged((), (), dense_weight=weight, limit=limit)


@given(dense=RANKINGS, lexical=RANKINGS, documents=RANKINGS, weight=WEIGHTS)
def test_documents_add_no_chunk(
    dense: Ranking, lexical: Ranking, documents: Ranking, weight: float
) -> None:
    fused = fuse(dense, lexical, documents=documents, dense_weight=weight, limit=40)

    assert set(ids(fused)) == {item.chunk_id for item in (*dense, *lexical)}


def test_the_words_of_its_document_lift_a_chunk() -> None:
    chunks = ranking(a1=1, b1=1, b2=1)

    fused = fuse(chunks, chunks, documents=ranking(b9=4), dense_weight=0.5, limit=10)

    assert ids(fused) == ["b1", "b2", "a1"]
    assert [round(item.score, 9) for item in fused] == [1.0, 1.0, 0.75]


def test_a_document_weighs_as_much_as_the_words_of_the_chunk() -> None:
    fused = fuse((), ranking(a1=5, b1=0), documents=ranking(b9=5, a9=0), dense_weight=0.4, limit=10)

    assert fused[0].score == pytest.approx(fused[1].score)


def test_documents_weigh_nothing_where_words_do_not() -> None:
    chunks = ranking(a1=2, b1=1)

    fused = fuse(chunks, (), documents=ranking(b9=4), dense_weight=1, limit=10)

    assert ids(fused) == ["a1", "b1"]
