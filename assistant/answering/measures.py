"""Units in folded French text: moneys, times and sizes, each to its canonical unit."""

from __future__ import annotations

import re

from assistant.domain.marks import MarkKind

_MONEYS = (
    ("€", r"€|eur(?:os?)?\b"), ("cfp", r"f(?:rancs?)?\s?cfp\b|xpf\b"),
    ("cfa", r"f(?:rancs?)?\s?cfa\b|xof\b|xaf\b"), ("chf", r"francs?\ssuisses?\b|chf\b"),
    ("franc", r"francs?\b"), ("$", r"(?:us)?\$|dollars?\b|usd\b"), ("£", r"£|livres?\ssterling\b|gbp\b"),
    ("¥", r"¥|yens?\b"),
)  # fmt: skip
"""Canonical signs of moneys, and how they are written; the longer names first."""
_MONEY = "|".join(written for _, written in _MONEYS)
_TIMES = (
    ("annee", "month", 12), ("an", "month", 12), ("semestre", "month", 6), ("trimestre", "month", 3),
    ("mois", "month", 1), ("semaine", "day", 7), ("jour", "day", 1), ("heure", "minute", 60),
    ("h", "minute", 60), ("minute", "minute", 1), ("min", "minute", 1), ("mn", "minute", 1),
)  # fmt: skip
_MEASURES = (
    ("km²", "m²", 1_000_000), ("km2", "m²", 1_000_000), ("hectare", "m²", 10_000), ("ha", "m²", 10_000),
    ("metres carres", "m²", 1), ("metre carre", "m²", 1), ("m²", "m²", 1), ("m2", "m²", 1),
    ("metres cubes", "m³", 1), ("m³", "m³", 1), ("m3", "m³", 1), ("kilometre", "m", 1_000),
    ("km", "m", 1_000), ("metre", "m", 1), ("m", "m", 1), ("tonne", "kg", 1_000), ("kilo", "kg", 1),
    ("kg", "kg", 1), ("mwh", "kwh", 1_000), ("kwh", "kwh", 1), ("litre", "l", 1),
    ("to", "ko", 1_000_000_000), ("go", "ko", 1_000_000), ("mo", "ko", 1_000), ("ko", "ko", 1),
)  # fmt: skip
"""How units are written in the singular, their canonical unit, and how many of it make one."""
UNIT = (
    rf"(?:\s?(?:(?P<percent>%|pour\s?cents?\b)|(?P<scale>k|md|m)\s?(?P<scaled>{_MONEY})"
    rf"|(?P<many>mille|milliers?|millions?|milliards?)\b(?:\s(?:d'|de\s)?(?P<of>{_MONEY}))?"
    rf"|(?P<money>{_MONEY})"
    rf"|(?P<time>{'|'.join(name for name, *_ in _TIMES)})s?(?![a-z])"
    r"(?:(?<=h)\s?(?P<past>[0-5]\d)(?!\d))?"
    rf"|(?P<measure>{'|'.join(name for name, *_ in _MEASURES)})s?(?![a-z0-9²³'])))?"
)
"""What may follow a number; `measure_of` reads a match of a pattern that ends on it."""
_SCALES = {"k": 1_000, "m": 1_000_000, "md": 1_000_000_000}
_MANY = {"mille": 1_000, "millier": 1_000, "million": 1_000_000, "milliard": 1_000_000_000}


def measure_of(match: re.Match[str]) -> tuple[MarkKind, str, int]:
    """Kind, canonical unit ("" for none) and how many of it make one of the unit as written.

    Args:
        match: Of `UNIT`, after a group "before" for a sign of money that precedes its number.
    """
    if match["percent"]:
        return MarkKind.PERCENTAGE, "%", 1
    factor = _SCALES.get(match["scale"] or "", 1) * _MANY.get((match["many"] or "").rstrip("s"), 1)
    if money := match["scaled"] or match["of"] or match["money"] or match["before"]:
        return MarkKind.AMOUNT, _money(money), factor
    if match["time"]:
        return MarkKind.DURATION, *_found(match["time"], _TIMES)
    if match["measure"]:
        return MarkKind.NUMBER, *_found(match["measure"], _MEASURES)
    return MarkKind.NUMBER, "", factor


def _found(written: str, known: tuple[tuple[str, str, int], ...]) -> tuple[str, int]:
    return next((unit, count) for name, unit, count in known if name == written)


def _money(written: str) -> str:
    return next(sign for sign, form in _MONEYS if re.fullmatch(form, written))
