"""Evaluations of a question set on the live index: rows, outcomes and summary figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain.answers import AnswerStatus, Citation
from assistant.domain.documents import Reason, SourceChunk
from assistant.domain.ids import ChunkId, EvaluationId, PersonId, QuestionSetId, TenantId
from assistant.domain.intervals import Share
from assistant.domain.question_sets import ExpectedAnswer, compared
from assistant.domain.retrieval import Hit

DEPTH = 10
"""Passages looked at for the rank of the right one."""
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
    """A right passage is among the first citations."""
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
    """Set if and only if the state is FAILED."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question, without any text."""

    is_answerable: bool
    status: AnswerStatus
    """How its answer ended."""
    document_rank: int | None
    """Rank of the first passage of the expected document, from 1; None beyond the first ten."""
    passage_rank: int | None
    """Rank of the first right passage, likewise."""
    citation_rank: int | None
    """Place of the first right passage among the citations, from 1; None when there is none."""
    quote_rank: int | None
    """Place of the first of them whose quote holds the expected words; never before the former."""
    expected_words: float | None
    """Share of the words of the expected answer that the answer has; None when none was given."""

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
        is_cited = _within(self.citation_rank, SHOWN_CITATIONS)
        return Verdict.RIGHT if is_cited else Verdict.WRONG


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
    """Opens it as long as its document is not read again; None in rows of older programs."""


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
    """Of search and answer together."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of the rows there are."""

    answerable: int
    unanswerable: int
    failed: int
    """Answers that failed; they count as neither cited nor refused."""
    verdicts: Mapping[Verdict, int]
    """How many rows have each verdict that occurs."""
    document_at_1: Share
    document_at_5: Share
    passage_at_1: Share
    passage_at_5: Share
    reciprocal_rank: float | None
    """Mean over the answerable questions, 0 for a passage beyond the first ten; None without one."""
    cited: Share
    """Answerable questions with a right passage among the first three citations."""
    quoted: Share
    """Answerable questions whose expected words are quoted by one of the first three citations."""
    refused_wrongly: Share
    """Of the answerable questions."""
    refused_rightly: Share
    """Of the unanswerable questions."""
    expected_words: float | None
    """Mean over the questions that tell an expected answer; None without one."""


def outcome_of(
    expected: ExpectedAnswer,
    *,
    hits: Sequence[Hit],
    citations: Sequence[Citation],
    status: AnswerStatus,
    text: str,
) -> Outcome:
    """Judge what was found and answered for a question.

    Args:
        expected: The question with its expectations.
        hits: What the search found, best first.
        citations: Those of the answer, by ascending marker.
        status: How the answer ended.
        text: The answer.
    """
    return Outcome(
        is_answerable=expected.is_answerable,
        status=status,
        document_rank=_rank(hits, lambda chunk: is_of_document(expected, chunk)),
        passage_rank=_rank(hits, lambda chunk: is_right(expected, chunk)),
        citation_rank=_place(citations, lambda each: is_cited(expected, each)),
        quote_rank=_place(citations, lambda each: is_quoted(expected, each)),
        expected_words=_expected_words(expected.answer, text),
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


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """The figures of some outcomes."""
    answerable = [each for each in outcomes if each.is_answerable]
    others = [each for each in outcomes if not each.is_answerable]
    words = [each.expected_words for each in outcomes if each.expected_words is not None]
    ranks = [1 / each.passage_rank if each.passage_rank else 0.0 for each in answerable]
    return Summary(
        answerable=len(answerable),
        unanswerable=len(others),
        failed=sum(each.status is AnswerStatus.FAILED for each in outcomes),
        verdicts=Counter(each.verdict for each in outcomes),
        document_at_1=Share.of(_within(each.document_rank, 1) for each in answerable),
        document_at_5=Share.of(_within(each.document_rank, 5) for each in answerable),
        passage_at_1=Share.of(_within(each.passage_rank, 1) for each in answerable),
        passage_at_5=Share.of(_within(each.passage_rank, 5) for each in answerable),
        reciprocal_rank=sum(ranks) / len(ranks) if ranks else None,
        cited=Share.of(_within(each.citation_rank, SHOWN_CITATIONS) for each in answerable),
        quoted=Share.of(_within(each.quote_rank, SHOWN_CITATIONS) for each in answerable),
        refused_wrongly=Share.of(each.status is AnswerStatus.REFUSED for each in answerable),
        refused_rightly=Share.of(each.status is AnswerStatus.REFUSED for each in others),
        expected_words=sum(words) / len(words) if words else None,
    )


def _rank(hits: Sequence[Hit], fits: Callable[[SourceChunk], bool]) -> int | None:
    """The rank of the first hit of which some chunk fits: equal words of another document count."""
    return next(
        (
            rank
            for rank, hit in enumerate(hits[:DEPTH], start=1)
            if any(fits(chunk) for chunk in (hit.chunk, *hit.also))
        ),
        None,
    )


def _place(citations: Sequence[Citation], fits: Callable[[Citation], bool]) -> int | None:
    return next((place for place, each in enumerate(citations, start=1) if fits(each)), None)


def _within(rank: int | None, limit: int) -> bool:
    return rank is not None and rank <= limit


def _expected_words(expected: str, text: str) -> float | None:
    wanted = {word for word in _words(expected) if len(word) >= _WORD_CHARS or word.isdigit()}
    return len(wanted & _words(text)) / len(wanted) if wanted else None


def _words(text: str) -> set[str]:
    letters = "".join(char if char.isalnum() else " " for char in compared(text))
    return set(letters.split())
