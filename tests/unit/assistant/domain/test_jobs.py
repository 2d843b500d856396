from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.jobs import (
    FINAL_ITEM_STATES,
    FINAL_JOB_STATES,
    ItemState,
    JobProgress,
    JobState,
    final_state,
    may_become,
)

final_counts = st.dictionaries(st.sampled_from(sorted(FINAL_ITEM_STATES)), st.integers(0, 50))
any_counts = st.dictionaries(st.sampled_from(sorted(ItemState)), st.integers(0, 50))


@given(final_counts)
def test_final_state_is_final_and_can_follow_running(counts: dict[ItemState, int]) -> None:
    state = final_state(counts)

    assert state in FINAL_JOB_STATES
    assert may_become(JobState.RUNNING, state)


@given(final_counts)
def test_final_state_succeeds_only_without_failure(counts: dict[ItemState, int]) -> None:
    has_failed = counts.get(ItemState.FAILED, 0) > 0

    assert (final_state(counts) in {JobState.FAILED, JobState.PARTLY_FAILED}) is has_failed


@given(final_counts, st.sampled_from(sorted(set(ItemState) - FINAL_ITEM_STATES)))
def test_final_state_refuses_open_items(counts: dict[ItemState, int], state: ItemState) -> None:
    with pytest.raises(ValueError, match="not ended"):
        final_state({**counts, state: 1})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, JobState.SUCCEEDED),
        ({ItemState.INDEXED: 0, ItemState.FAILED: 2}, JobState.FAILED),
        ({ItemState.INDEXED: 1, ItemState.FAILED: 2}, JobState.PARTLY_FAILED),
        ({ItemState.CANCELLED: 1, ItemState.FAILED: 1}, JobState.PARTLY_FAILED),
        ({ItemState.CANCELLED: 1, ItemState.INDEXED: 1}, JobState.CANCELLED),
        ({ItemState.UNCHANGED: 1, ItemState.REMOVED: 1}, JobState.SUCCEEDED),
    ],
)
def test_final_state_of_examples(counts: dict[ItemState, int], expected: JobState) -> None:
    assert final_state(counts) is expected


@pytest.mark.parametrize("state", sorted(FINAL_JOB_STATES))
def test_ended_job_can_only_be_queued_again(state: JobState) -> None:
    following = {each for each in JobState if may_become(state, each)}

    assert following <= {JobState.QUEUED}


def test_succeeded_job_stays_so() -> None:
    assert not any(may_become(JobState.SUCCEEDED, each) for each in JobState)


def test_a_running_job_only_ends() -> None:
    following = {each for each in JobState if may_become(JobState.RUNNING, each)}

    assert following == FINAL_JOB_STATES


@given(any_counts)
def test_done_counts_what_has_ended(counts: dict[ItemState, int]) -> None:
    progress = JobProgress(sum(counts.values()), counts, 0, 0, 0.0, None, None)

    waiting = sum(count for state, count in counts.items() if state not in FINAL_ITEM_STATES)
    assert progress.done + waiting == progress.total
