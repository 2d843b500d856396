"""French words of the evaluations: names of measures and of sets, sentences, by code."""

from __future__ import annotations

from eval.words import Words

_WORDS = Words("eval")
sentence = _WORDS.sentence


def command_help(name: str) -> str:
    """What a command is for, in one line.

    Raises:
        KeyError: The command has no help.
    """
    return _WORDS.names("commands")[name]


def measure_name(code: str) -> str:
    """What a measure is called in reports.

    Raises:
        KeyError: The measure has no name.
    """
    return _WORDS.names("measures")[code]


def measure_codes() -> list[str]:
    """The codes of all measures, in the order of the catalogue."""
    return [*_WORDS.names("measures")]


def set_name(name: str) -> str:
    """What a set is called in reports; its own name when it has no other."""
    known = _WORDS.names("sets")
    whole, _, count = name.rpartition("-")
    if whole in known and count.isdigit():
        return sentence("slice_name", set=known[whole], count=count)
    return known.get(name, name)


def shown(code: str, value: float) -> str:
    """A figure as reports show it: whole numbers for counts, three decimals for shares."""
    return f"{value:.0f}" if code in _WORDS.names("units") else f"{value:.3f}".replace(".", ",")
