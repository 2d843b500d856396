from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.backoff import LONGEST_WAIT, BackOff
from assistant.domain.jobs import FINAL_ITEM_STATES, ItemState, item_may_become


def test_waits_double_up_to_the_longest_and_end() -> None:
    back_off = BackOff(tries=4, first_s=10, longest_s=60)

    waits = [back_off.wait(setbacks, spread=0.5) for setbacks in range(1, 6)]

    assert waits == [timedelta(seconds=s) for s in (10, 20, 40, 60)] + [None]


def test_the_service_that_asks_for_a_longer_wait_gets_it() -> None:
    back_off = BackOff(first_s=10, longest_s=60)

    assert back_off.wait(1, spread=0.5, asked_s=200) == timedelta(seconds=200)
    assert back_off.wait(1, spread=0.5, asked_s=3) == timedelta(seconds=10)
    assert back_off.wait(1, spread=0.5, asked_s=1e9) == LONGEST_WAIT


def test_no_tries_fail_at_once() -> None:
    assert BackOff(tries=0).wait(1, spread=0.5) is None


@given(
    setbacks=st.integers(1, 5000),
    spread=st.floats(0, 1),
    asked_s=st.none() | st.floats(0, 1e12),
)
def test_a_wait_is_never_nothing_nor_longer_than_an_hour(
    setbacks: int, spread: float, asked_s: float | None
) -> None:
    wait = BackOff(tries=5000).wait(setbacks, spread=spread, asked_s=asked_s)

    assert wait is not None
    assert timedelta(0) < wait <= LONGEST_WAIT


def test_what_ended_well_never_moves_again_and_all_else_can_end() -> None:
    for state in ItemState:
        moves = {following for following in ItemState if item_may_become(state, following)}
        assert state not in moves
        if state in {ItemState.FAILED, ItemState.CANCELLED}:
            assert moves == {ItemState.PENDING}
        elif state in FINAL_ITEM_STATES:
            assert moves == set()
        else:
            assert moves & FINAL_ITEM_STATES
