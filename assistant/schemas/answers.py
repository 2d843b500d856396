"""Answers: the request, the typed events, the whole answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.schemas.search import LocatorOut, SuccessorOut
from assistant.schemas.wire import Problem, Wire


class AnswerIn(Wire):
    """A question."""

    question: str
    after: str = ""
    """The previous question, for a follow-up."""
    id: str = ""
    """Free identifier, returned as is."""
    collections: list[str] | None = Field(default=None, max_length=1000)
    """Ids of the collections to stay within; null takes all that the caller may read."""


class AlsoOut(Wire):
    """Another document that says the same, word for word."""

    title: str
    file: str
    document_id: str
    page: int | None
    """First page of its passage, None for formats without pages."""
    pages: list[int] = Field(default=[])
    """All pages of its passage; empty for formats without pages."""
    view_url: str
    """Same-origin page that shows it with the passage highlighted; empty once it cannot be opened."""
    label: str = ""
    """Classification of its collection; empty for none."""


class CitationOut(Wire):
    """A marker of the answer and the passage behind it."""

    marker: int
    """The n of `[n]`."""
    chunk_id: str
    document_id: str
    file: str
    title: str
    kind: str
    date: date | None
    page: int | None
    """Where to open the passage: its page that holds `text`, null for formats without pages.

    Of a passage in `retrieval.completed`, whose text is whole, the page with the most words of the
    question. The pages it stands on are in `locator`."""
    locator: LocatorOut
    text: str
    """The words of the source."""
    view_url: str
    """Same-origin page that shows the source at `page`, with the passage highlighted.

    Of a kept answer, empty once these words cannot be opened any more: `state` says why."""
    state: Literal["live", "replaced", "deleted"] = "live"
    """"replaced": a newer version of the document is served, without these words. "deleted": the
    document is gone. The quote stays as it was."""
    current_url: str = ""
    """Page of the newer version, when it was replaced; empty else."""
    deleted_at: datetime | None = None
    """When the document was deleted, where that is known."""
    replaced_by: SuccessorOut | None = None
    """What replaces, abrogates or follows the document, as an administrator confirmed."""
    amended_by: SuccessorOut | None = None
    """What modifies an article of the passage, when nothing replaces its document."""
    collection_id: str = ""
    label: str = ""
    """Classification of its collection; empty for none."""
    also: list[AlsoOut] = Field(default=[])
    """Other documents with the same passage, nearest to the question first."""


class MarkOut(Wire):
    """A sentence, list item or table row of the answer that could not be verified."""

    kind: Literal[
        "unknown_source",
        "misplaced",
        "amount",
        "percentage",
        "date",
        "duration",
        "number",
        "reference",
        "name",
        "exchanged",
        "in_force",
        "negation",
        "meaning",
        "uncited",
    ]
    """The gravest thing wrong with it."""
    sentence: str
    """As it stands in the answer."""
    start: int
    """Offset of its first character in the answer, in code points."""
    end: int
    """Offset just after its last character."""
    words: list[str]
    """What its sources do not hold, as written; empty when it fails as a whole."""
    markers: list[int]
    """The sources it was compared with."""
    found_in: list[int]
    """For "misplaced": the sources that support it."""
    reason: str
    """Why it is marked, in French, without a full stop."""


class TokensOut(Wire):
    """Tokens of the model call."""

    prompt: int
    completion: int
    is_estimated: bool


class AnswerOut(Wire):
    """A whole answer."""

    id: str
    """The caller's own identifier, or the answer's."""
    answer_id: str
    status: Literal["answered", "refused", "search_only", "failed", "cancelled", "running"]
    answer: str
    citations: list[CitationOut]
    unsupported: list[str]
    """Sentences that could not be verified, in order of the text."""
    marks: list[MarkOut] = Field(default=[])
    """The same sentences with their places and the reasons, in the same order."""
    model: str | None
    tokens: TokensOut | None
    first_token_ms: int | None
    is_withheld: bool = False
    """True when its text is not shown: it rests on a source that one may no longer read."""
    notice: str | None
    """French sentences to show with the answer, such as why no model was used."""
    understood: str | None = None
    """The question that was searched, when a follow-up was made to stand alone."""
    sufficiency: float | None = None
    """How likely the passages suffice to answer, in [0, 1]; below a setting the question is refused."""
    is_complete: bool = True
    """False while it runs, and when it ends before its end: failed, stopped, cut by its model or limit."""
    error: Problem | None = None
    """Set if and only if the status is "failed"."""


class QueuedEvent(Wire):
    """Event `answer.queued`: the answer waits for its turn; again whenever that changes."""

    type: Literal["answer.queued"] = "answer.queued"
    ahead: int
    """Questions that come before it."""


class RetrievalEvent(Wire):
    """Event `retrieval.completed`: the passages, each with the marker it may be cited by."""

    type: Literal["retrieval.completed"] = "retrieval.completed"
    passages: list[CitationOut]
    understood: str | None = None
    """The question that was searched, when a follow-up was made to stand alone."""


class DeltaEvent(Wire):
    """Event `text.delta`: more text."""

    type: Literal["text.delta"] = "text.delta"
    text: str


class CitationEvent(Wire):
    """Event `citation.added`: a marker appeared for the first time."""

    type: Literal["citation.added"] = "citation.added"
    citation: CitationOut


class MarkEvent(Wire):
    """Event `sentence.marked`: a sentence of the text sent before could not be verified."""

    type: Literal["sentence.marked"] = "sentence.marked"
    mark: MarkOut


class CompletedEvent(Wire):
    """Event `answer.completed`: the end of an answer that did not fail."""

    type: Literal["answer.completed"] = "answer.completed"
    answer: AnswerOut


class ErrorEvent(Wire):
    """Event `error`: the end of an answer that failed."""

    type: Literal["error"] = "error"
    problem: Problem


AnswerEventOut = Annotated[
    QueuedEvent
    | RetrievalEvent
    | DeltaEvent
    | CitationEvent
    | MarkEvent
    | CompletedEvent
    | ErrorEvent,
    Field(discriminator="type"),
]


class AnswerStarted(Wire):
    """A started answer; its events are at `/api/v1/answers/{answer_id}/events`."""

    answer_id: str
    conversation_id: str | None
