"""French words of the safety set: names of categories and defences, and sentences, by code."""

from __future__ import annotations

from eval.words import Words

_WORDS = Words("eval.redteam")
words = _WORDS.sentence


def category_names() -> dict[str, str]:
    """Names of the categories by their OWASP code, in the order of that list."""
    return _WORDS.names("categories")


def defence_names() -> dict[str, str]:
    """Names of the defences by their key, in the order of the report."""
    return _WORDS.names("defences")
