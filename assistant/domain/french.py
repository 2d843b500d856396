"""How French writes dates and numbers."""

from __future__ import annotations

from datetime import date

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
"""Names of the months, January first."""


def french_date(day: date) -> str:
    """A day in words: « 1er mars 2024 »."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {MONTHS[day.month - 1]} {day.year}"


def french_number(number: int) -> str:
    """A whole number, in groups of three digits apart by a narrow space that does not break."""
    return f"{number:,}".replace(",", "\u202f")
