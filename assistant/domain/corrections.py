"""What people put right of a document, and documents they keep from being read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assistant.domain.errors import InvalidInput
from assistant.domain.ids import PersonId
from ingest.model import DocumentKind

_Day = date
TITLE_CHARS = 300
"""Longest title that a person gives."""
FIRST_DAY = date(1000, 1, 1)
"""Earliest date that a person gives: archives go far back."""
_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Labels:
    """What a document is called, what it is, and its date."""

    title: str
    kind: DocumentKind
    date: date | None


@dataclass(frozen=True, slots=True)
class CorrectedFields:
    """What a person says in place of what was read; None where the reading stays."""

    title: str | None = None
    kind: DocumentKind | None = None
    date: _Day | None = None
    is_undated: bool = False
    """True when the date that was read is wrong, and there is none; then `date` is None."""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that differ from the reading by a person's word."""
        given = {
            "title": self.title is not None,
            "kind": self.kind is not None,
            "date": self.date is not None or self.is_undated,
        }
        return tuple(name for name, is_given in given.items() if is_given)

    def over(self, read: Labels) -> Labels:
        """What holds: these fields, and what was read where there are none."""
        when = None if self.is_undated else self.date or read.date
        return Labels(self.title or read.title, self.kind or read.kind, when)


@dataclass(frozen=True, slots=True)
class Correction:
    """What holds of a document by a person's word, over every reading; without fields once reverted."""

    fields: CorrectedFields
    revision: int
    """Counts the changes, from 1: a change names the one it was made from."""
    by: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A document is kept, and read by nobody."""

    by: PersonId
    at: datetime


def check_fields(fields: CorrectedFields, *, today: date) -> None:
    """Check what a person writes; the title is already without signs that nobody sees.

    Raises:
        InvalidInput: "title_refused" or "date_refused".
    """
    title = fields.title
    if title is not None and not 0 < len(title) <= TITLE_CHARS:
        raise InvalidInput("title_refused", limit=TITLE_CHARS)
    is_both = fields.is_undated and fields.date is not None
    if is_both or (fields.date and not FIRST_DAY <= fields.date <= today + _AHEAD):
        raise InvalidInput("date_refused")
