"""Sentences of the command line."""

from __future__ import annotations

import pytest

from assistant.cli.console import plural


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (0, "fichier lu", "0 fichier lu"),
        (1, "nouveau", "1 nouveau"),
        (2, "nouveau", "2 nouveaux"),
        (12, "fichier lu", "12 fichiers lus"),
    ],
)
def test_a_count_agrees_with_its_words(count: int, words: str, said: str) -> None:
    assert plural(count, words) == said
