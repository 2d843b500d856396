"""Evaluations of a question set on the live index: rows and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerFailed,
    AnswerStatus,
    Citation,
    Passage,
)
from assistant.domain.documents import Reason, SourceChunk
from assistant.domain.ids import ChunkId, EvaluationId, PersonId, QuestionSetId, TenantId
from assistant.domain.marks import MarkKind
from assistant.domain.question_sets import ExpectedAnswer, compared

SHOWN_CITATIONS = 3
"""Citations among which a right one counts: those that a reader looks at."""
_WORD_CHARS = 4
"""Letters from which a word of an expected answer counts; figures always do."""


class EvaluationState(StrEnum):
    """Life of an evaluation."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    """Every question has its row, be it that of a failure."""
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (EvaluationState.QUEUED, EvaluationState.RUNNING)


class Verdict(StrEnum):
    """What a row says of the assistant, in one word."""

    RIGHT = "right"
    """A right passage is among the first citations, and nothing is to be said against the answer."""
    RIGHT_MARKED = "right_marked"
    """So it is, but verification marked a sentence as not supported or without a source."""
    RIGHT_FAULTY = "right_faulty"
    """So it is, but the model failed: passages are quoted in its place, or its text is cut short."""
    WRONG = "wrong"
    """Answered from elsewhere."""
    REFUSED_RIGHTLY = "refused_rightly"
    REFUSED_WRONGLY = "refused_wrongly"
    ANSWERED_WRONGLY = "answered_wrongly"
    """The corpus has no answer, yet one was given."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run of a question set, private to the person who asked for it."""

    id: EvaluationId
    tenant_id: TenantId
    person_id: PersonId
    set_id: QuestionSetId
    state: EvaluationState
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempt: int = 0
    """How many times it was taken up since its last row."""
    made_by: Mapping[str, str] | None = None
    """What gave its rows: program, models, revision of the questions. None before the first one."""
    reason: Reason | None = None
    """Why it failed, or else, in any other state, why it was begun anew; None when it was not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question, without any text."""

    is_answerable: bool
    status: AnswerStatus
    """How its answer ended."""
    document_rank: int | None
    """Rank of the first passage of the expected document among those answered from, from 1; None without."""
    passage_rank: int | None
    """Rank of the first right passage, likewise."""
    citation_rank: int | None
    """Place of the first right passage among the citations, from 1; None when there is none."""
    quote_rank: int | None
    """Place of the first of them whose quote holds the expected words; never before the former."""
    expected_words: float | None
    """Share of the words of the expected answer that the answer has; None when none was given."""
    unsupported_sentences: int | None = None
    """Sentences of the answer that verification found wrong, those without a source left out.

    None in results of programs that did not count them, and so are the two that follow.
    """
    uncited_sentences: int | None = None
    """Sentences that state something without a source."""
    model_fault: str | None = None
    """Code of the notice that the model failed, or was cut short; None also when it did neither."""

    @property
    def is_verified(self) -> bool:
        """True when marks and faults of the model were counted."""
        return self.unsupported_sentences is not None

    @property
    def is_marked(self) -> bool:
        """True when verification marked a sentence."""
        return bool(self.unsupported_sentences or self.uncited_sentences)

    @property
    def has_fallen_back(self) -> bool:
        """True when passages are quoted in the place of the answer of a model that failed."""
        return self.model_fault is not None and self.status is AnswerStatus.SEARCH_ONLY

    @property
    def is_cut(self) -> bool:
        """True when its model cut the answer short."""
        return self.model_fault is not None and not self.has_fallen_back

    @property
    def verdict(self) -> Verdict:
        """What it says of the assistant."""
        if self.status is AnswerStatus.FAILED:
            return Verdict.FAILED
        is_refusal = self.status is AnswerStatus.REFUSED
        if not self.is_answerable:
            return Verdict.REFUSED_RIGHTLY if is_refusal else Verdict.ANSWERED_WRONGLY
        if is_refusal:
            return Verdict.REFUSED_WRONGLY
        if not is_within(self.citation_rank, SHOWN_CITATIONS):
            return Verdict.WRONG
        if self.model_fault is not None:
            return Verdict.RIGHT_FAULTY
        return Verdict.RIGHT_MARKED if self.is_marked else Verdict.RIGHT


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """A passage that an answer cites, as it was."""

    file: str
    title: str
    pages: tuple[int, ...]
    quote: str
    is_right: bool
    """It is what the question expects."""
    chunk_id: ChunkId | None = None
    """Ties it to its document, and opens it; None in rows of older programs, and once withheld."""
    is_withheld: bool = False
    """Its document may no longer be read: nothing is left of it but whether it was right."""

    def withheld(self) -> CitedPassage:
        """The same without anything of its document."""
        return CitedPassage("", "", (), "", is_right=self.is_right, is_withheld=True)


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """The result of one question."""

    ordinal: int
    """Place of the question in its set, from 0."""
    outcome: Outcome
    text: str
    """The answer."""
    citations: tuple[CitedPassage, ...]
    reason: Reason | None
    """Why it failed; set if and only if its status is FAILED."""
    elapsed_ms: int
    """Of the answer, its search included."""

    @property
    def is_withheld(self) -> bool:
        """True when something it quotes may no longer be read; its text is empty then."""
        return any(each.is_withheld for each in self.citations)

    @property
    def chunk_ids(self) -> frozenset[ChunkId]:
        """The chunks that it quotes."""
        return frozenset(each.chunk_id for each in self.citations if each.chunk_id is not None)

    def quoting_only(self, readable: Container[ChunkId]) -> EvaluationRow:
        """The same without the quotes of other chunks and, with any of them, without its text.

        A quote that nothing ties to its document goes too; verdict and figures stay.
        """
        citations = tuple(
            each if each.chunk_id is not None and each.chunk_id in readable else each.withheld()
            for each in self.citations
        )
        kept = replace(self, citations=citations)
        return replace(kept, text="") if kept.is_withheld else kept


def outcome_of(
    expected: ExpectedAnswer, *, passages: Sequence[Passage], end: AnswerCompleted | AnswerFailed
) -> Outcome:
    """Judge what was found and answered for a question.

    Args:
        expected: The question with its expectations.
        passages: What it was answered from, best first.
        end: The end of its answer.
    """
    has_failed = isinstance(end, AnswerFailed)
    citations = () if has_failed else end.citations
    marks = () if has_failed else end.marks
    uncited = sum(mark.kind is MarkKind.UNCITED for mark in marks)
    return Outcome(
        is_answerable=expected.is_answerable,
        status=AnswerStatus.FAILED if has_failed else end.status,
        document_rank=_rank(passages, lambda chunk: is_of_document(expected, chunk)),
        passage_rank=_rank(passages, lambda chunk: is_right(expected, chunk)),
        citation_rank=_place(citations, lambda each: is_cited(expected, each)),
        quote_rank=_place(citations, lambda each: is_quoted(expected, each)),
        expected_words=_expected_words(expected.answer, "" if has_failed else end.text),
        unsupported_sentences=len(marks) - uncited,
        uncited_sentences=uncited,
        model_fault=None if has_failed else end.model_fault,
    )


def is_of_document(expected: ExpectedAnswer, chunk: SourceChunk) -> bool:
    """True for a chunk of the expected document."""
    return expected.is_document(file=chunk.file, title=chunk.title)


def is_right(expected: ExpectedAnswer, chunk: SourceChunk) -> bool:
    """True for a chunk of the expected document with the expected page and words."""
    is_passage = expected.is_passage(pages=chunk.locator.pages, text=chunk.text)
    return is_passage and is_of_document(expected, chunk)


def is_cited(expected: ExpectedAnswer, citation: Citation) -> bool:
    """True when the passage of a citation, or its like in another document, is right."""
    return any(is_right(expected, chunk) for chunk in (citation.chunk, *citation.also))


def is_quoted(expected: ExpectedAnswer, citation: Citation) -> bool:
    """True when it is cited and its quote holds the expected words; without any, when it is cited."""
    return is_cited(expected, citation) and compared(expected.passage) in compared(citation.quote)


def _rank(passages: Sequence[Passage], fits: Callable[[SourceChunk], bool]) -> int | None:
    """The rank of the first of which some chunk fits: equal words of another document count."""
    return next(
        (
            rank
            for rank, each in enumerate(passages, start=1)
            if any(fits(chunk) for chunk in (each.chunk, *each.also))
        ),
        None,
    )


def _place(citations: Sequence[Citation], fits: Callable[[Citation], bool]) -> int | None:
    return next((place for place, each in enumerate(citations, start=1) if fits(each)), None)


def is_within(rank: int | None, limit: int) -> bool:
    """True for a rank that is there and not after a limit."""
    return rank is not None and rank <= limit


def _expected_words(expected: str, text: str) -> float | None:
    wanted = {word for word in _words(expected) if len(word) >= _WORD_CHARS or word.isdigit()}
    return len(wanted & _words(text)) / len(wanted) if wanted else None


def _words(text: str) -> set[str]:
    letters = "".join(char if char.isalnum() else " " for char in compared(text))
    return set(letters.split())
