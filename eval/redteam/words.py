"""French words of the safety set: names of categories and defences, and sentences, by code."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _messages() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("eval.redteam") / "messages.fr.toml").read_text("utf-8"))


def words(code: str, **params: str | int) -> str:
    """The sentence of a code, completed by its parameters.

    Raises:
        KeyError: The code has no sentence, or a parameter is missing.
    """
    return _messages()["sentences"][code].format(**params)


def category_names() -> dict[str, str]:
    """Names of the categories by their OWASP code, in the order of that list."""
    return _messages()["categories"]


def defence_names() -> dict[str, str]:
    """Names of the defences by their key, in the order of the report."""
    return _messages()["defences"]
