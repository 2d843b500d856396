"""French numbers in letters: how they look in folded text, and their value."""

from __future__ import annotations

import re

_GAP = r"(?:\s|-)"
_UNITS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8,
    "neuf": 9,
}  # fmt: skip
_TEENS = {
    "dix": 10,
    "onze": 11,
    "douze": 12,
    "treize": 13,
    "quatorze": 14,
    "quinze": 15,
    "seize": 16,
}
_TENS = {
    "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70,
    "octante": 80, "huitante": 80, "nonante": 90,
}  # fmt: skip
_LARGE = {"million": 1_000_000, "milliard": 1_000_000_000}
_VALUES = {**_UNITS, **_TEENS, **_TENS, "zero": 0, "premier": 1, "quinzaine": 15}
_THOUSANDS = frozenset(("mil", "mille"))


def _any(words: dict[str, int]) -> str:
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


_BELOW_TWENTY = rf"(?:dix{_GAP}(?:sept|huit|neuf)|{_any(_TEENS)}|{_any(_UNITS)})"
_BELOW_HUNDRED = (
    rf"(?:(?:soixante|quatre{_GAP}vingts?)(?:{_GAP}(?:et{_GAP})?{_BELOW_TWENTY}\b)?"
    rf"|{_any(_TENS)}(?:{_GAP}(?:et{_GAP})?{_any(_UNITS)}\b)?|{_BELOW_TWENTY})"
)
_BELOW_THOUSAND = (
    rf"(?:(?:{_any(_UNITS)}{_GAP})?cents?(?:{_GAP}{_BELOW_HUNDRED}\b)?|{_BELOW_HUNDRED})"
)
_THOUSAND = rf"(?:mille|mil)\b(?:{_GAP}{_BELOW_THOUSAND}\b)?"
_BELOW_MILLION = rf"(?:(?:{_BELOW_THOUSAND}{_GAP})?{_THOUSAND}|{_BELOW_THOUSAND})"
IN_LETTERS = (
    rf"(?:(?:{_BELOW_THOUSAND}{_GAP}(?:milliards?|millions?){_GAP}(?!de\b|d'))+{_BELOW_MILLION}"
    rf"|{_BELOW_MILLION}|zero|premier|quinzaine)\b"
)
"""What a number in letters looks like in lower case without accents; « millions » only inside one."""


def value_of(letters: str) -> int:
    """The value of a number that `IN_LETTERS` matches."""
    total, current = 0, 0
    for word in re.split(r"[\s-]+", letters):
        singular = word if word in {"trois", "six", "dix"} else word.removesuffix("s")
        if singular in _LARGE:
            total, current = total + (current or 1) * _LARGE[singular], 0
        elif word in _THOUSANDS:
            total, current = total + (current or 1) * 1000, 0
        elif singular == "cent":
            current = (current or 1) * 100
        elif singular == "vingt" and current % 100 == _UNITS["quatre"]:
            current += 80 - _UNITS["quatre"]
        else:
            current += _VALUES.get(singular, 0)
    return total + current
