"""What keeps the documents of a tenant from answering well, and what nobody finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from assistant.domain.documents import Reason
from assistant.domain.ids import CollectionId, DocumentId, PersonId
from ingest.model import DocumentKind

POOR_OCR_CONFIDENCE = 0.75
"""Mean certainty of the characters of a page read from its image, below which words are wrong."""
OLD_YEARS = 5
QUESTIONS_KEPT_DAYS = 90
"""How long a tenant that wants them keeps questions without answer."""


class HealthCode(StrEnum):
    """What may be wrong with a document."""

    FAILED = "failed"
    """It could not be read; why is told."""
    WITHOUT_TEXT = "without_text"
    """It has no text that can be read, or none was found in it."""
    POOR_OCR = "poor_ocr"
    """It was read from images, with little certainty."""
    SAME_CONTENT = "same_content"
    """The very same file as another document."""
    NEAR_DUPLICATE = "near_duplicate"
    """It seems to be the same act as another document, and nobody decided."""
    UNDECIDED_VERSION = "undecided_version"
    """It seems to change, replace or repeal another document, and nobody decided."""
    NEVER_FOUND = "never_found"
    """No search and no answer came upon it for some days."""
    OLD = "old"
    """It is dated years ago."""


@dataclass(frozen=True, slots=True)
class HealthItem:
    """A document with something that may be wrong."""

    document_id: DocumentId
    collection_id: CollectionId
    name: str
    title: str
    reason: Reason | None = None
    """Why it failed."""
    note: str = ""
    """Certainty in [0, 1], date, hash that copies share, or name of the other document, by the finding."""


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """All documents of one finding."""

    code: HealthCode
    count: int
    items: tuple[HealthItem, ...]
    """The first of them."""


@dataclass(frozen=True, slots=True)
class QuestionGap:
    """Questions of a week to which nothing answered, by where they came nearest. No word of them is kept."""

    week: date
    """Its Monday."""
    collection_id: str
    """Collection of the nearest passage; empty when nothing was near, or it is another tenant's."""
    kind: DocumentKind | None
    """Kind of the nearest document; None when nothing was near."""
    amount: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """That a tenant keeps the questions which nothing answers."""

    since: datetime
    decided_by: PersonId


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A question that nothing answered; who asked it is not told."""

    day: date
    question: str
    collection_id: str
    """As for `QuestionGap`."""
    kind: DocumentKind | None


@dataclass(frozen=True, slots=True)
class CorpusHealth:
    """The state of all documents of a scope."""

    documents: int
    """How many can be found."""
    findings: tuple[HealthFinding, ...]
    """One for each code, in order."""
    gaps: tuple[QuestionGap, ...]
    """By week, then collection and kind."""
    counted_since: date | None
    """First day that anything of the tenant was counted on; None before. NEVER_FOUND is empty until long after."""
