"""What people say of the answers they got, and what their administrators learn of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from assistant.domain.ids import AnswerId, CollectionId, PersonId, TenantId


class Verdict(StrEnum):
    """Whether an answer helped."""

    USEFUL = "useful"
    NOT_USEFUL = "not_useful"


class FeedbackReason(StrEnum):
    """Why an answer helped, or did not."""

    EXACT = "exact"
    WELL_SOURCED = "well_sourced"
    CLEAR = "clear"
    WRONG = "wrong"
    INCOMPLETE = "incomplete"
    OFF_TOPIC = "off_topic"
    BADLY_SOURCED = "badly_sourced"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"
    REFUSED_WRONGLY = "refused_wrongly"
    """It refused though a document answers."""


REASONS: Final[Mapping[Verdict, tuple[FeedbackReason, ...]]] = {
    Verdict.USEFUL: (FeedbackReason.EXACT, FeedbackReason.WELL_SOURCED, FeedbackReason.CLEAR),
    Verdict.NOT_USEFUL: (
        FeedbackReason.WRONG,
        FeedbackReason.INCOMPLETE,
        FeedbackReason.OFF_TOPIC,
        FeedbackReason.BADLY_SOURCED,
        FeedbackReason.OUTDATED,
        FeedbackReason.UNCLEAR,
        FeedbackReason.REFUSED_WRONGLY,
    ),
}
"""The reasons that fit each verdict, in the order in which they are offered."""
OTHER_TENANTS: Final = CollectionId("shared")
"""Stands in counts for all collections that other tenants share."""
COMMENT_CHARS: Final = 1000


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person says of one answer of its own; private to it."""

    answer_id: AnswerId
    tenant_id: TenantId
    person_id: PersonId
    verdict: Verdict
    reasons: tuple[FeedbackReason, ...]
    """Of those that fit the verdict, in their order; may be empty."""
    comment: str
    """In the person's own words; may be empty."""
    is_shared: bool
    """True when the person wants its administrators to read the comment."""
    month: date
    """First day of the month in which it asked, where its tenant is."""
    collections: tuple[CollectionId, ...]
    """Those that the answer cites, as they are counted, sorted."""
    given_at: datetime
    """Of its last change."""

    def counted(self) -> Iterator[CountKey]:
        """All counts that it is part of: each collection and all, each reason and all."""
        for collection_id in (None, *self.collections):
            for reason in (None, *self.reasons):
                yield CountKey(self.month, collection_id, self.verdict, reason)


@dataclass(frozen=True, slots=True)
class CountKey:
    """What a count of a tenant is about."""

    month: date
    """Its first day."""
    collection_id: CollectionId | None
    """None for all answers, those without sources included."""
    verdict: Verdict
    reason: FeedbackReason | None
    """None for all, those without reason included."""


@dataclass(frozen=True, slots=True)
class SharedComment:
    """A comment that its author passed on; who that is is not told."""

    on: date
    """The day where the tenant is: with the time it would be easier to guess who wrote it."""
    verdict: Verdict
    reasons: tuple[FeedbackReason, ...]
    comment: str
