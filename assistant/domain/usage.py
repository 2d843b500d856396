"""What a tenant uses: the units that are counted, its days, and when a bound opens again."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from assistant.domain.french import french_date


class Unit(StrEnum):
    """What is counted, a tenant and day."""

    QUESTIONS = "questions"
    PROMPT_TOKENS = "prompt_tokens"
    """Read by the chat model."""
    COMPLETION_TOKENS = "completion_tokens"
    """Written by the chat model."""
    EMBEDDED_TOKENS = "embedded_tokens"
    """Of the passages of readings, as our own counter estimates them."""
    PAGES = "pages"
    """Read of documents, those read from their image included."""
    OCR_PAGES = "ocr_pages"
    """Read from their image."""
    STORED_BYTES = "stored_bytes"
    """Most originals held on that day; kept as a level, never summed over days."""


MODEL_TOKENS = (Unit.PROMPT_TOKENS, Unit.COMPLETION_TOKENS)
"""The tokens that the quotas bound."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a tenant keeps now."""

    documents: int
    """Not deleted, and of which some content was received."""
    size_bytes: int
    """Of their originals; each document counts by itself."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar."""

    year: int
    number: int
    """1 to 12."""

    @classmethod
    def of(cls, day: date) -> Month:
        """The month of a day."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """The month of "2026-11". Raises `ValueError` for anything else."""
        month = cls.of(datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date())
        if text != str(month):
            raise ValueError(text)
        return month

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=monthrange(self.year, self.number)[1])

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def day_of(moment: datetime, *, time_zone: str) -> date:
    """The day of a moment where a tenant is."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def begin_of(day: date, *, time_zone: str) -> datetime:
    """When a day begins there, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)


def reset_words(moment: datetime, *, time_zone: str) -> str:
    """A moment in words, where a tenant is: « 1er décembre 2026 à 0 h 00 (Europe/Paris) »."""
    there = moment.astimezone(ZoneInfo(time_zone))
    return f"{french_date(there.date())} à {there.hour} h {there.minute:02d} ({time_zone})"
