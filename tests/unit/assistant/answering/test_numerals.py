from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.numerals import IN_LETTERS, value_of


def read(text: str) -> tuple[str, int] | None:
    found = re.search(rf"\b{IN_LETTERS}", text)
    return (found[0], value_of(found[0])) if found else None


@pytest.mark.parametrize(
    ("text", "letters", "value"),
    [
        ("un an", "un", 1),
        ("dix-huit mois", "dix-huit", 18),
        ("vingt et un jours", "vingt et un", 21),
        ("trente-et-un", "trente-et-un", 31),
        ("soixante et onze", "soixante et onze", 71),
        ("septante-deux francs", "septante-deux", 72),
        ("quatre-vingts euros", "quatre-vingts", 80),
        ("quatre vingt dix sept", "quatre vingt dix sept", 97),
        ("cent vingt jours", "cent vingt", 120),
        ("cent quatre-vingt-trois", "cent quatre-vingt-trois", 183),
        ("trois cents euros", "trois cents", 300),
        ("mille cinq cents euros", "mille cinq cents", 1_500),
        ("deux mil vingt-quatre", "deux mil vingt-quatre", 2_024),
        ("quatre-vingt-onze mille", "quatre-vingt-onze mille", 91_000),
        ("deux millions cinq cent mille euros", "deux millions cinq cent mille", 2_500_000),
        ("un milliard deux cents millions dix", "un milliard deux cents millions dix", 1_200_000_010),
        ("trois millions d'euros", "trois", 3),
        ("deux trois jours", "deux", 2),
    ],
)  # fmt: skip
def test_a_number_in_letters_is_read_whole(text: str, letters: str, value: int) -> None:
    assert read(text) == (letters, value)


@pytest.mark.parametrize("text", ["milieu", "centre", "dixieme", "unite", "millier", "sixte", ""])
def test_words_that_only_begin_like_numbers_are_none(text: str) -> None:
    assert read(text) is None


WORDS = ["un", "deux", "cent", "cents", "mille", "vingt", "et", "-", "million", "dix"]


@given(st.lists(st.sampled_from(WORDS)))
def test_any_words_are_read_without_failing(words: list[str]) -> None:
    found = read(" ".join(words))

    assert found is None or found[1] >= 1
