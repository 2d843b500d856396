from __future__ import annotations

import pytest

from assistant.domain.intervals import Share, wilson


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        # by scipy.stats.binomtest(...).proportion_ci(method="wilson")
        (8, 10, 0.490162, 0.943318),
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (1, 1, 0.206549, 1.0),
        (190, 200, 0.910422, 0.972617),
    ],
)
def test_wilson_gives_the_published_bounds(
    successes: int, total: int, low: float, high: float
) -> None:
    assert wilson(successes, total) == pytest.approx((low, high), abs=1e-5)


def test_a_share_lies_within_its_interval() -> None:
    for total in range(1, 60):
        for successes in range(total + 1):
            low, high = wilson(successes, total)
            assert 0 <= low <= successes / total <= high <= 1


@pytest.mark.parametrize(("successes", "total"), [(-1, 3), (4, 3), (0, 0)])
def test_impossible_counts_are_refused(successes: int, total: int) -> None:
    with pytest.raises(ValueError, match="successes must lie"):
        wilson(successes, total)


def test_no_case_has_neither_value_nor_interval() -> None:
    assert (Share.of([]).value, Share.of([]).interval) == (None, None)
    assert Share.of([True, False, True, True]) == Share(3, 4)
    assert Share(3, 4).value == 0.75
