"""French words of the evaluations: names of measures and of sets, sentences, by code."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _messages() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("eval") / "messages.fr.toml").read_text("utf-8"))


def sentence(code: str, **params: str | int | float) -> str:
    """The French sentence of a code, completed by its parameters.

    Raises:
        KeyError: The code has no sentence, or a parameter is missing.
    """
    return _messages()["sentences"][code].format(**params)


def measure_name(code: str) -> str:
    """What a measure is called in reports.

    Raises:
        KeyError: The measure has no name.
    """
    return _messages()["measures"][code]


def set_name(name: str) -> str:
    """What a set is called in reports; its own name when it has no other."""
    known = _messages()["sets"]
    whole, _, count = name.rpartition("-")
    if whole in known and count.isdigit():
        return sentence("slice_name", set=known[whole], count=count)
    return known.get(name, name)


def shown(code: str, value: float) -> str:
    """A figure as reports show it: whole numbers for counts, three decimals for shares."""
    return f"{value:.0f}" if code in _messages()["units"] else f"{value:.3f}".replace(".", ",")
