"""The health of a tenant's documents."""

from __future__ import annotations

from datetime import date, datetime

from assistant.schemas.wire import Wire


class HealthItemOut(Wire):
    """A document with something that may be wrong."""

    document_id: str
    collection_id: str
    name: str
    title: str
    reason: str
    """Why it failed, in French; empty for other findings."""
    note: str
    """Certainty in [0, 1], date, hash that copies share, or name of the other document, by the finding."""


class HealthFindingOut(Wire):
    """All documents of one finding."""

    code: str
    """Stable code of the finding."""
    count: int
    items: list[HealthItemOut]
    """The first of them."""
    detail: str
    """What it is, in French."""
    remedy: str
    """What to do about it, in French."""


class QuestionGapOut(Wire):
    """Questions of a week to which nothing answered. No word of them is kept."""

    week: date
    """Its Monday."""
    collection_id: str
    """Collection of the nearest passage; empty when nothing was near, or it is another organisation's."""
    kind: str
    """Kind of the nearest document; empty likewise."""
    amount: int


class CorpusHealthOut(Wire):
    """The state of all documents that the caller administers."""

    days: int
    documents: int
    """How many can be found."""
    findings: list[HealthFindingOut]
    gaps: list[QuestionGapOut]
    counted_since: date | None
    """First day that anything was counted on in one's organisation; null before.

    Documents never found are told after `days` of it.
    """


class KeepingIn(Wire):
    """Whether the questions that nothing answers are kept."""

    is_kept: bool
    """False forgets those that were."""


class KeptQuestionOut(Wire):
    """A question that nothing answered; who asked it is not told."""

    day: date
    question: str
    collection_id: str
    """Collection of the nearest passage; empty when nothing was near, or it is another organisation's."""
    kind: str
    """Kind of the nearest document; empty likewise."""


class KeptQuestionsOut(Wire):
    """Whether an organisation keeps the questions that nothing answered, and those."""

    is_kept: bool
    since: datetime | None
    """When it was decided; null when they are not kept."""
    days: int
    """After how many days each is forgotten."""
    questions: list[KeptQuestionOut]
    """The newest first."""
