"""An answer as a sequence of events, its passages and its citations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assistant.domain.documents import Params, SourceChunk
from assistant.domain.ids import AnswerId, ConversationId, PersonId, TenantId
from assistant.domain.marks import Mark

CUT_PREFIX = "answer_cut_"
"""Begins the codes of all notices that say why an answer ends before its end."""
FALLBACK_PREFIX = "model_"
"""Begins the codes of all notices that say why passages are quoted in the place of a model's answer."""

_FAULT_PREFIXES = (CUT_PREFIX, FALLBACK_PREFIX)


class AnswerStatus(StrEnum):
    """How an answer ended, or that it goes on."""

    RUNNING = "running"
    ANSWERED = "answered"
    REFUSED = "refused"
    """Nothing found supports an answer."""
    SEARCH_ONLY = "search_only"
    """No model: quotes of the sources, each cited."""
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks."""

    text: str
    """1 to 4,000 characters, as typed."""
    earlier: tuple[str, ...] = ()
    """The last few questions of the conversation, oldest first; empty for a first one."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as shown to the model, under its citation number."""

    marker: int
    """The n of `[n]`, from 1."""
    chunk: SourceChunk
    also: tuple[SourceChunk, ...] = ()
    """Where other documents say the same, word for word."""
    page: int | None = None
    """Where to open it: the page with the most words of the question; None without pages or in an old event."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker that the answer uses, tied to its passage."""

    marker: int
    chunk: SourceChunk
    quote: str
    """The words of the passage to show: the quoted sentence, or the start of the passage."""
    also: tuple[SourceChunk, ...] = ()
    """Where other documents say the same as the passage, word for word."""
    page: int | None = None
    """Where to open it: the page with the most words of the quote; None without pages or in an old event."""


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one model call, as the server counts them or by our own counter."""

    prompt: int
    completion: int
    is_estimated: bool
    """True when the server sent no count."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence to show with an answer, by its code."""

    code: str
    params: Params = field(default_factory=dict[str, str | int | float])


@dataclass(frozen=True, slots=True)
class AnswerQueued:
    """The answer waits for its turn; again whenever that changes, before everything else."""

    ahead: int
    """How many questions come before this one; more when other tenants come to ask."""


@dataclass(frozen=True, slots=True)
class RetrievalCompleted:
    """The passages given to the model, in order of their markers."""

    passages: tuple[Passage, ...]
    understood: str = ""
    """The question that was searched, when it is not the one typed: a follow-up made to stand alone."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer; never taken back."""

    text: str


@dataclass(frozen=True, slots=True)
class CitationAdded:
    """A marker appeared in the text for the first time."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class SentenceMarked:
    """A sentence of the text sent before could not be verified."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class AnswerCompleted:
    """The end of an answer that did not fail."""

    status: AnswerStatus
    """ANSWERED, REFUSED, SEARCH_ONLY or CANCELLED."""
    text: str
    """The whole answer: the concatenation of all deltas."""
    citations: tuple[Citation, ...]
    """One per marker used, by ascending marker."""
    marks: tuple[Mark, ...]
    """Sentences that could not be verified, in order of the text."""
    model: str | None
    """None without a model."""
    tokens: TokenUsage | None
    first_token_ms: int | None
    """From the start of the answer to its first text, retrieval included."""
    notices: tuple[Notice, ...] = ()
    """What to say with the answer: why without a model, why cut short, how searched, what disagrees."""

    understood: str = ""
    """As in `RetrievalCompleted`."""
    sufficiency: float | None = None
    """How likely the passages suffice to answer, in [0, 1]; None when nothing was found."""

    @property
    def is_complete(self) -> bool:
        """False when it was stopped, or cut short by its model."""
        is_cut = any(notice.code.startswith(CUT_PREFIX) for notice in self.notices)
        return self.status is not AnswerStatus.CANCELLED and not is_cut

    @property
    def model_fault(self) -> str | None:
        """Code of the notice that the model failed or was cut short; None when it was not."""
        codes = (notice.code for notice in self.notices)
        return next((each for each in codes if each.startswith(_FAULT_PREFIXES)), None)


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """The end of an answer that failed; what was sent before stays."""

    code: str
    params: Params


AnswerEvent = (
    AnswerQueued
    | RetrievalCompleted
    | TextDelta
    | CitationAdded
    | SentenceMarked
    | AnswerCompleted
    | AnswerFailed
)
"""Events of one answer: the wait for its turn, retrieval, then text, citations and marks, then one end."""


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event and its place in its answer."""

    number: int
    """From 1, without gaps."""
    event: AnswerEvent


@dataclass(frozen=True, slots=True)
class Answer:
    """A running or ended answer, private to its person."""

    id: AnswerId
    tenant_id: TenantId
    person_id: PersonId
    conversation_id: ConversationId | None
    """None for a stateless answer."""
    question: str
    status: AnswerStatus
    created_at: datetime
    finished_at: datetime | None = None
