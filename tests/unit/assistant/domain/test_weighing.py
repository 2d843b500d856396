"""The parameters of BM25: kept in one line, chosen within bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.errors import InvalidInput
from assistant.domain.weighing import AS_IS, WordChoice, WordWeighing


@given(k1=st.floats(0, 5), b=st.floats(0, 1), length=st.integers(10, 2000))
def test_what_is_kept_is_read_again(k1: float, b: float, length: int) -> None:
    made = WordWeighing(k1, b, length)
    assert WordWeighing.parse(str(made)) == made


def test_lines_of_earlier_programs_are_read() -> None:
    assert WordWeighing.parse("bm25 french k=1.2 b=0.75 length=100") == WordWeighing()
    with pytest.raises(ValueError, match="words"):
        WordWeighing.parse("bm25")


def test_what_is_not_chosen_stays() -> None:
    present = WordWeighing(0.9, 0.4, 120)
    assert AS_IS.over(present) == present
    assert WordChoice(b=0.6).over(present) == WordWeighing(0.9, 0.6, 120)
    assert WordChoice(k1=0, length=10).over(present) == WordWeighing(0.0, 0.4, 10)


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (WordChoice(k1=-0.1), "generation_k1_range"),
        (WordChoice(k1=5.1), "generation_k1_range"),
        (WordChoice(k1=math.nan), "generation_k1_range"),
        (WordChoice(b=1.1), "generation_b_range"),
        (WordChoice(b=math.inf), "generation_b_range"),
        (WordChoice(length=9), "generation_length_range"),
        (WordChoice(length=2001), "generation_length_range"),
    ],
)
def test_a_parameter_out_of_bounds_is_refused(choice: WordChoice, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        choice.over(WordWeighing())
    assert caught.value.code == code
