from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.parts import EVERY_PART_READ, PartsLeftOut, without_culprit


def test_attachment_that_ended_a_reading_is_left_out_of_the_next() -> None:
    first = without_culprit(EVERY_PART_READ, part=4, is_begun=True)

    assert first is not None
    assert [number for number in range(1, 8) if number in first] == [4]


def test_death_after_the_attachments_leaves_them_all_out() -> None:
    assert without_culprit(EVERY_PART_READ, part=0, is_begun=True) == PartsLeftOut(onwards=1)


def test_death_before_any_attachment_is_not_theirs() -> None:
    assert without_culprit(EVERY_PART_READ, part=0, is_begun=False) is None


@given(st.lists(st.integers(0, 9), min_size=9, max_size=9))
def test_readings_end_whatever_dies(deaths: list[int]) -> None:
    left_out, readings = EVERY_PART_READ, 1
    for part in deaths:
        is_begun = any(number not in left_out for number in range(1, 10))
        following = without_culprit(left_out, part=part, is_begun=is_begun)
        if following is None:
            break
        left_out, readings = following, readings + 1

    assert readings <= 5
    assert all(number in left_out for number in range(1, 10))
