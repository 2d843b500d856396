from __future__ import annotations

import pytest

from ingest.tokens import count_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" \n", 0),
        ("le", 1),
        ("commune", 2),
        ("délibération", 3),
        ("2024", 2),
        ("a, b.", 4),
    ],
)
def test_count_grows_with_the_length_of_words(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


def test_count_is_additive_over_words() -> None:
    assert count_tokens("le conseil régional") == sum(
        map(count_tokens, ["le", "conseil", "régional"])
    )
