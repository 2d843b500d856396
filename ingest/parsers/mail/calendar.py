"""What an invitation says that its message may not: what, when and where (RFC 5545)."""

from __future__ import annotations

import re
from datetime import datetime

from ingest.cleaning import one_line

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"([A-Z-]+)((?:;[^:\"]*(?:\"[^\"]*\")?)*):(.*)")
_ESCAPED = re.compile(r"\\([nN,;\\])")
_MAX_CHARS = 200_000
_MAX_LINES = 5000
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def event_text(calendar: str, *, has_text: bool) -> str:
    """The first event of a calendar, one fact a line; empty when there is none.

    Args:
        calendar: As decoded.
        has_text: True where the message has a text of its own: then the description repeats it.
    """
    facts = _facts(calendar)
    if not facts:
        return ""
    lines = [
        ("Objet", facts.get("SUMMARY", "")),
        ("Quand", _span(facts.get("DTSTART", ""), facts.get("DTEND", ""))),
        ("Lieu", facts.get("LOCATION", "")),
    ]
    told = [f"{label} : {one_line(value)}" for label, value in lines if value.strip()]
    description = "" if has_text else facts.get("DESCRIPTION", "").strip()
    return "\n".join(told) + (f"\n\n{description}" if description else "")


def _facts(calendar: str) -> dict[str, str]:
    found: dict[str, str] = {}
    parts: list[str] = []
    for line in _FOLD.sub("", calendar[:_MAX_CHARS]).splitlines()[:_MAX_LINES]:
        match = _LINE.match(line.strip())
        if match is None:
            continue
        name, _, value = match.groups()
        if name == "BEGIN":
            parts.append(value.strip().upper())
        elif name == "END":
            if parts[-1:] == ["VEVENT"]:
                return found
            parts = parts[:-1]
        elif parts[-1:] == ["VEVENT"]:
            found.setdefault(name, _ESCAPED.sub(_unescaped, value))
    return found


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match.group(1) in "nN" else match.group(1)


def _span(start: str, end: str) -> str:
    """From when to when, in French; the day once when it is the same."""
    first, last = _moment(start), _moment(end)
    if first is None:
        return one_line(start)
    day, hour = first
    if last is None or not hour:
        return f"{day} à {hour}" if hour else day
    if last[0] == day:
        return f"{day} de {hour} à {last[1]}"
    return f"{day} à {hour} jusqu'au {last[0]} à {last[1]}"


def _moment(text: str) -> tuple[str, str] | None:
    bare = text.strip()
    try:
        if len(bare) == len("20240503"):
            return _day(datetime.strptime(bare, "%Y%m%d")), ""  # noqa: DTZ007 - a day has no zone
        found = datetime.strptime(bare.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - told below
    except ValueError:
        return None
    return _day(found), f"{found:%H:%M}" + (" UTC" if bare.endswith("Z") else "")


def _day(moment: datetime) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
