from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.generations import (
    CHOSEN,
    UNFINISHED,
    WHOLE,
    WITHOUT_INDEX,
    Forecast,
    GenerationState,
    may_become,
)

_S = GenerationState
_PATH = st.lists(st.sampled_from(list(GenerationState)), max_size=30)


def walked(asked: Sequence[GenerationState]) -> list[GenerationState]:
    """The states that a generation takes when each of some moves is made if it is legal."""
    states = [_S.PLANNED]
    for following in asked:
        if may_become(states[-1], following):
            states.append(following)
    return states


@given(_PATH)
def test_nothing_is_searched_that_was_not_built_and_evaluated(
    asked: list[GenerationState],
) -> None:
    states = walked(asked)

    if _S.ACTIVE in states:
        before = states[: states.index(_S.ACTIVE)]
        assert _S.BUILT in before
        assert before[-1] is _S.EVALUATED


@given(_PATH)
def test_what_is_searched_is_never_removed_at_once(asked: list[GenerationState]) -> None:
    states = walked(asked)

    for before, after in pairwise(states):
        assert before is not after
        if before is _S.ACTIVE:
            assert after is _S.PREVIOUS
        if after is _S.ACTIVE:
            assert before in {_S.EVALUATED, _S.PREVIOUS}


@given(_PATH)
def test_removed_is_the_end(asked: list[GenerationState]) -> None:
    states = walked(asked)

    assert _S.REMOVED not in states[:-1]


@given(_PATH)
def test_what_failed_or_was_cancelled_is_built_anew(asked: list[GenerationState]) -> None:
    states = walked(asked)

    for before, after in pairwise(states):
        if before in {_S.FAILED, _S.CANCELLED}:
            assert after in {_S.BUILDING, _S.REMOVED}


@pytest.mark.parametrize("state", list(GenerationState))
def test_every_state_is_reached_and_left_but_the_last(state: GenerationState) -> None:
    is_reached = any(may_become(other, state) for other in GenerationState)
    is_left = any(may_become(state, other) for other in GenerationState)

    assert is_reached or state is _S.PLANNED
    assert is_left or state is _S.REMOVED
    assert not may_become(state, state)


def test_what_some_may_search_was_evaluated_and_is_fed() -> None:
    assert CHOSEN < WHOLE
    assert {state for state in WHOLE if may_become(state, _S.ACTIVE)} == CHOSEN


def test_no_index_is_deleted_while_it_is_fed() -> None:
    assert not WHOLE & WITHOUT_INDEX
    assert not UNFINISHED & WITHOUT_INDEX


@pytest.mark.parametrize(("free", "fits"), [(None, True), (6000, True), (5999, False)])
def test_a_forecast_wants_twice_its_size(free: int | None, fits: bool) -> None:
    forecast = Forecast(
        10, 4, index_bytes=1000, vector_bytes=2000, free_bytes=free, texts_per_s=2.0
    )

    assert forecast.fits is fits
    assert forecast.embedding_s == 2.0
