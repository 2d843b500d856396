from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.throttling import OF_ACCOUNT, OF_ADDRESS, Failures, Throttle

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
DAY = timedelta(hours=24)


def attempts_at_once(throttle: Throttle, *, over: timedelta) -> list[datetime]:
    """When somebody tries who never lets an occasion pass."""
    now, failures, found = NOON, None, list[datetime]()
    while now < NOON + over:
        wait = throttle.wait(failures, now=now)
        if wait:
            now += wait
            continue
        failures = throttle.counted(failures, now=now)
        found.append(now)
    return found


def test_an_account_is_tried_twenty_five_times_a_day_at_most() -> None:
    found = attempts_at_once(OF_ACCOUNT, over=10 * DAY)

    assert found[:5] == [NOON] * 5
    assert found[5] == NOON + timedelta(minutes=1)
    busiest = max(sum(begin <= each < begin + DAY for each in found) for begin in found)
    assert busiest == 22


def test_an_address_is_slowed_down_but_never_shut_out() -> None:
    found = attempts_at_once(OF_ADDRESS, over=DAY)

    assert found[:30] == [NOON] * 30
    gaps = {after - before for before, after in pairwise(found[29:])}
    assert timedelta(minutes=5) <= max(gaps) <= timedelta(minutes=15)
    assert len(found) <= 34 + 24 * 12


@given(st.lists(st.tuples(st.integers(300, 3599), st.lists(st.integers(0, 299))), max_size=200))
def test_an_office_that_mistypes_now_and_then_never_waits(
    steps: list[tuple[int, list[int]]],
) -> None:
    """A failure in five minutes at most, and any number of people who sign in between."""
    failed_at, failures = NOON, OF_ADDRESS.counted(None, now=NOON)
    for pause, successes in steps:
        for after in sorted(successes):
            now = failed_at + timedelta(seconds=after)
            assert not OF_ADDRESS.wait(failures, now=now)
            counted = OF_ADDRESS.counted(failures, now=now)
            failures = Failures(counted.count - 1, counted.last_at)
        failed_at += timedelta(seconds=pause)
        assert not OF_ADDRESS.wait(failures, now=failed_at)
        failures = OF_ADDRESS.counted(failures, now=failed_at)
        assert failures.count <= 2


@pytest.mark.parametrize("throttle", [OF_ACCOUNT, OF_ADDRESS])
def test_failures_are_forgotten_after_their_time_and_not_before(throttle: Throttle) -> None:
    many = Failures(50, NOON)
    almost = NOON + throttle.forgotten - timedelta(seconds=1)

    assert throttle.longest < throttle.forgotten
    assert throttle.counted(many, now=almost).count == (51 if throttle is OF_ACCOUNT else 40)
    assert throttle.counted(many, now=NOON + throttle.forgotten).count == 1
    assert throttle.wait(many, now=NOON) == throttle.longest
    assert throttle.wait(many, now=NOON + throttle.longest) == timedelta()
    assert throttle.wait(None, now=NOON) == timedelta()


def test_any_number_of_failures_has_a_wait() -> None:
    assert OF_ACCOUNT.wait(Failures(10**9, NOON), now=NOON) == OF_ACCOUNT.longest
