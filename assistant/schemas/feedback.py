"""What people say of answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.wire import Wire

VerdictName = Literal["useful", "not_useful"]
ReasonName = Literal[
    "exact",
    "well_sourced",
    "clear",
    "wrong",
    "incomplete",
    "off_topic",
    "badly_sourced",
    "outdated",
    "unclear",
    "refused_wrongly",
]
"""The first three are for "useful", the others for "not_useful"."""


class FeedbackIn(Wire):
    """What one says of an answer, in the place of what one said before."""

    verdict: VerdictName
    reasons: list[ReasonName] = Field(default=[], max_length=10)
    comment: str = Field(default="", max_length=4000)
    is_shared: bool = False
    """True lets the administrators of one's tenant read the comment, without one's name."""


class FeedbackOut(Wire):
    """What one said of an answer."""

    verdict: VerdictName
    reasons: list[ReasonName]
    comment: str
    is_shared: bool
    given_at: datetime


class FeedbackCountOut(Wire):
    """How often something was said."""

    collection_id: str | None
    """Null for all answers; "shared" for the collections of other tenants together."""
    collection: str | None
    """Its name; null for all, for those of others, and for one that was deleted."""
    verdict: VerdictName
    reason: ReasonName | None
    """Null for all, with a reason or without."""
    count: int


class SharedCommentOut(Wire):
    """A comment that its author passed on; who that is is not told."""

    on: date
    verdict: VerdictName
    reasons: list[ReasonName]
    comment: str


class FeedbackReportOut(Wire):
    """What the people of a tenant said of the answers of a month."""

    month: str
    counts: list[FeedbackCountOut]
    """An answer that cites several collections counts in each of them."""
    comments: list[SharedCommentOut]
    """The newest first; for administrators of the tenant itself."""
