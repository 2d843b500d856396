"""The French texts of the interface, in one catalogue so that another language is one more file."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DECIMALS_BELOW = 10


@cache
def catalogue() -> dict[str, str]:
    """All texts, by "table.key"."""
    raw = tomllib.loads((files("ui") / "messages.fr.toml").read_text("utf-8"))
    texts: dict[str, str] = {}
    for table, entries in raw.items():
        for key, value in cast("dict[str, str]", entries).items():
            texts[f"{table}.{key}"] = value
    return texts


def text(key: str, **params: str | int | float) -> str:
    """The French text of a key, completed by its parameters.

    Raises:
        KeyError: The catalogue has no such key, or a parameter is missing.
    """
    return catalogue()[key].format(**params)


def counted(key: str, count: int) -> str:
    """The text of a key for a number of things: `<key>_none`, `<key>_one` or `<key>_many`."""
    form = "none" if count == 0 else "one" if count == 1 else "many"
    return text(f"{key}_{form}", count=number(count))


def number(value: float) -> str:
    """A number as French people write it: narrow spaces between thousands, a decimal comma."""
    shown = f"{value:,.1f}" if value % 1 and value < _DECIMALS_BELOW else f"{value:,.0f}"
    return shown.replace(",", "\u202f").replace(".", ",")


def duration(seconds: float) -> str:
    """A length of time in words, rounded to what a person cares about."""
    whole = max(1, round(seconds))
    if whole < 60:
        return text("time.seconds", count=whole)
    minutes = round(whole / 60)
    if minutes < 60:
        return text("time.minutes", count=minutes)
    return text("time.hours", hours=minutes // 60, minutes=f"{minutes % 60:02}")


def percent(share: float) -> str:
    """A share in [0, 1] as a whole percentage."""
    return text("share.percent", count=number(round(100 * share)))


def zone_of(name: str | None) -> ZoneInfo | None:
    """A time zone by its name; None, which stands for that of this machine, when it has none or is unknown."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, ZoneInfoNotFoundError):
        return None


def moment_label(value: datetime, *, zone: str | None) -> str:
    """A date and time as "3 février 2024 à 14 h 05".

    Args:
        value: With its time zone.
        zone: Name of the reader's time zone; that of this machine when it is None or unknown.
    """
    local = value.astimezone(zone_of(zone))
    return text("time.moment", date=date_label(local.date()), hour=local.hour, minute=f"{local:%M}")


def date_label(value: object) -> str:
    """A date as "3 février 2024"; empty for None."""
    if not isinstance(value, date):
        return ""
    month = text(f"month.m{value.month:02}")
    day = "1er" if value.day == 1 else str(value.day)
    return f"{day} {month} {value.year}"
