from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.ids import QuestionSetId, TenantId
from assistant.domain.trials import (
    DEPTH,
    LOSS_LIMITS,
    Found,
    SetTrial,
    Trial,
    TrialVerdict,
    changes_of,
)
from eval.gate import THRESHOLDS

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
_RANK = st.none() | st.integers(1, DEPTH)
Pairs = Sequence[tuple[int | None, int | None]]


def trial_of(*sets: Pairs) -> Trial:
    outcomes = tuple(
        SetTrial(
            QuestionSetId("s"),
            TenantId("t"),
            "r",
            len(pairs),
            changes_of([(Found(before), Found(after)) for before, after in pairs]),
        )
        for pairs in sets
    )
    return Trial(1, NOON, 0, 0, NOON, outcomes)


SAME: Pairs = [(1, 1)] * 50
CASES: Sequence[tuple[Sequence[Pairs], TrialVerdict]] = [
    ((), TrialVerdict.NO_QUESTIONS),
    (([],), TrialVerdict.NO_QUESTIONS),
    ((SAME,), TrialVerdict.PASSED),
    (([(3, 1)] * 50,), TrialVerdict.PASSED),
    (([(1, None)] * 20 + [(1, 1)] * 30,), TrialVerdict.FAILED),
    (([(1, None)] + [(1, 1)] * 9,), TrialVerdict.UNSURE),
    ((SAME, [(1, None)] * 30), TrialVerdict.FAILED),
    ((SAME, []), TrialVerdict.PASSED),
]


@pytest.mark.parametrize(("sets", "verdict"), CASES)
def test_the_worst_set_decides(sets: Sequence[Pairs], verdict: TrialVerdict) -> None:
    trial = trial_of(*sets)

    assert trial.verdict is verdict
    assert trial.allows_switch is (verdict is TrialVerdict.PASSED)


@given(st.lists(st.tuples(_RANK, _RANK), min_size=1, max_size=60))
def test_the_interval_holds_the_difference_and_turns_with_it(pairs: Pairs) -> None:
    found = [(Found(before), Found(after)) for before, after in pairs]
    turned = changes_of([(after, before) for before, after in found])

    for change, other in zip(changes_of(found), turned, strict=True):
        gain = change.after - change.before
        assert -1 <= change.low <= gain + 1e-9
        assert gain - 1e-9 <= change.high <= 1
        assert change.low == pytest.approx(-other.high)
        assert not (change.is_lost and other.is_lost)


@given(st.lists(_RANK, min_size=1, max_size=60))
def test_the_same_ranks_lose_nothing(ranks: list[int | None]) -> None:
    changes = changes_of([(Found(rank), Found(rank)) for rank in ranks])

    assert all(change.loss == 0 and not change.is_lost for change in changes)


def test_the_thresholds_are_those_of_the_release_gate() -> None:
    released = tomllib.loads(THRESHOLDS.read_text("utf-8"))["loss"]

    assert LOSS_LIMITS["passage_5"] == released["passage_5"]
    assert LOSS_LIMITS["rank_10"] == released["ndcg_10"]


def test_measures_of_a_rank() -> None:
    assert Found(1).measures() == {"found_1": 1, "passage_5": 1, "rank_10": 1}
    assert Found(6).measures() == {"found_1": 0, "passage_5": 0, "rank_10": 1 / 6}
    assert Found(None).measures() == dict.fromkeys(LOSS_LIMITS, 0)


def test_a_report_without_its_end_is_a_report() -> None:
    assert replace(trial_of(), ended_at=None).verdict is TrialVerdict.NO_QUESTIONS
