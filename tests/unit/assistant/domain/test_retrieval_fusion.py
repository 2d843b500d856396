from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.ids import ChunkId
from assistant.domain.retrieval import Ranking, ScoredChunk, fuse

SCORES = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
RANKINGS = st.dictionaries(
    st.sampled_from([ChunkId(f"k{number:02}") for number in range(15)]), SCORES, max_size=15
).map(
    lambda scores: tuple(
        ScoredChunk(chunk_id, score)
        for chunk_id, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    )
)
WEIGHTS = st.floats(min_value=0, max_value=1)


def ranking(**scores: float) -> Ranking:
    return tuple(ScoredChunk(ChunkId(k), score) for k, score in scores.items())


def ids(fused: Ranking) -> list[str]:
    return [item.chunk_id for item in fused]


@given(dense=RANKINGS, lexical=RANKINGS, weight=WEIGHTS, limit=st.integers(1, 40))
def test_scores_are_bounded_descending_and_each_chunk_comes_once(
    dense: Ranking, lexical: Ranking, weight: float, limit: int
) -> None:
    fused = fuse(dense, lexical, dense_weight=weight, limit=limit)

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

    assert fuse(*shuffled, dense_weight=weight, limit=30) == fuse(
        dense, lexical, dense_weight=weight, limit=30
    )


@given(dense=RANKINGS, lexical=RANKINGS, weight=WEIGHTS)
def test_swapping_both_rankings_and_weights_changes_nothing(
    dense: Ranking, lexical: Ranking, weight: float
) -> None:
    one = fuse(dense, lexical, dense_weight=weight, limit=30)
    other = fuse(lexical, dense, dense_weight=1 - weight, limit=30)

    scores = {item.chunk_id: item.score for item in other}
    assert all(scores[item.chunk_id] == pytest.approx(item.score, abs=1e-9) for item in one)


@given(dense=RANKINGS, lexical=RANKINGS, weight=WEIGHTS, limit=st.integers(1, 14))
def test_a_smaller_limit_is_the_beginning_of_a_larger_one(
    dense: Ranking, lexical: Ranking, weight: float, limit: int
) -> None:
    whole = fuse(dense, lexical, dense_weight=weight, limit=30)

    assert fuse(dense, lexical, dense_weight=weight, limit=limit) == whole[:limit]


def test_ties_are_broken_by_chunk_id() -> None:
    fused = fuse(ranking(b=2, a=2), ranking(d=1, c=1), dense_weight=0.5, limit=10)

    assert ids(fused) == ["a", "b", "c", "d"]


def test_scores_are_normalised_before_the_sum() -> None:
    fused = fuse(ranking(a=3, b=2, c=1), ranking(c=100, b=50, a=0), dense_weight=0.5, limit=10)

    assert [(item.chunk_id, round(item.score, 9)) for item in fused] == [
        ("a", 0.5),
        ("b", 0.5),
        ("c", 0.5),
    ]


def test_a_score_far_above_the_others_counts_more_than_a_best_among_equals() -> None:
    close = {f"d{number:02}": 0.9 - number / 1e4 for number in range(20)}
    spread = {"sure": 40.0} | {f"l{number:02}": 5 - number / 100 for number in range(19)}

    fused = fuse(ranking(**close), ranking(**spread), dense_weight=0.5, limit=3)

    assert ids(fused)[0] == "sure"
    assert fused[0].score > 1.2 * fused[1].score


def test_an_absent_chunk_scores_nothing_there() -> None:
    fused = fuse(ranking(a=1, b=0), ranking(c=3, b=3), dense_weight=0.75, limit=10)

    assert {item.chunk_id: round(item.score, 9) for item in fused} == {
        "a": 0.5,
        "b": 0.5,
        "c": 0.25,
    }


def test_empty_rankings_give_an_empty_one() -> None:
    assert fuse((), (), dense_weight=0.5, limit=1) == ()


@pytest.mark.parametrize(("weight", "limit"), [(-0.1, 1), (1.1, 1), (0.5, 0)])
def test_bounds_are_checked(weight: float, limit: int) -> None:
    with pytest.raises(ValueError, match="must"):
        fuse((), (), dense_weight=weight, limit=limit)
