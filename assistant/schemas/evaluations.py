"""Question sets and their evaluations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.wire import Wire

VerdictOut = Literal[
    "right", "wrong", "refused_rightly", "refused_wrongly", "answered_wrongly", "failed"
]
"""What a result says of the assistant, in one word."""


class QuestionSetOut(Wire):
    """A question set of the caller's tenant."""

    id: str
    name: str
    """As its file is called."""
    revision: str
    """Hash of its questions and expectations: equal for equal sets."""
    question_count: int
    unanswerable_count: int
    """How many of them the documents are not to answer."""
    created_at: datetime


class QuestionSetAdded(QuestionSetOut):
    """A question set just taken from a file."""

    ignored_columns: list[str]
    """Headings of the file that were not used."""


class ExpectedAnswerOut(Wire):
    """A question and what is expected of its answer."""

    line: int
    """In the file it came from."""
    question: str
    document: str | None
    """Name or title of the document that answers it; null when there is none."""
    pages: list[int]
    """Pages that hold the answer, from 1; empty when any will do."""
    passage: str
    """Words that a right passage contains; empty when any will do."""
    answer: str
    """What an answer should say; empty when that was not told."""


class QuestionSetDetail(Wire):
    """A question set with a page of its questions."""

    question_set: QuestionSetOut
    questions: list[ExpectedAnswerOut]


class EvaluationIn(Wire):
    """Evaluate a question set."""

    question_set_id: str = Field(max_length=100)


class ShareOut(Wire):
    """A share of some cases with its 95 % Wilson interval."""

    successes: int
    total: int
    value: float | None
    """In [0, 1]; null without a case, and so are the bounds."""
    low: float | None
    high: float | None


class SummaryOut(Wire):
    """Figures of the questions done so far."""

    answerable: int
    unanswerable: int
    failed: int
    """Answers that failed; they count as neither cited nor refused."""
    verdicts: dict[VerdictOut, int]
    """How many questions have each verdict; those that do not occur are absent."""
    document_at_1: ShareOut
    """Expected document first, of the answerable questions."""
    document_at_5: ShareOut
    passage_at_1: ShareOut
    """Right passage (document, page, words) first, of the answerable questions."""
    passage_at_5: ShareOut
    reciprocal_rank: float | None
    """Mean reciprocal rank of the right passage among ten; null without an answerable question."""
    cited: ShareOut
    """Right passage among the first three citations, of the answerable questions."""
    quoted: ShareOut
    """Expected words quoted by one of the first three citations, of the answerable questions."""
    refused_wrongly: ShareOut
    """Of the answerable questions."""
    refused_rightly: ShareOut
    """Of the unanswerable questions."""
    expected_words: float | None
    """Mean share of the words of expected answers that the answers have; null without any."""


class EvaluationOut(Wire):
    """An evaluation as it stands now."""

    id: str
    question_set: QuestionSetOut
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    done: int
    """Questions with a result."""
    total: int
    elapsed_s: float
    left_s: float | None
    """Estimated time left; null while unknown or when ended."""
    program: str | None
    """Version of the program; null before the first question, and so are the two that follow."""
    model: str | None
    """Chat model; empty for answers without a model."""
    embedder: str | None
    reason_code: str | None
    reason: str | None
    """Why it failed, in French; null unless it did."""
    summary: SummaryOut


class CitedPassageOut(Wire):
    """A passage that an answer cites."""

    file: str
    title: str
    pages: list[int]
    quote: str
    is_right: bool
    """It is what the question expects."""
    view_url: str | None
    """Page that shows it, as long as its document is not read again; null in older evaluations."""


class ResultOut(Wire):
    """What became of a question."""

    status: str
    """How its answer ended: answered · refused · search_only · failed."""
    verdict: VerdictOut
    document_rank: int | None
    """Rank of the first passage of the expected document; null beyond the first ten."""
    passage_rank: int | None
    """Rank of the first right passage; null beyond the first ten."""
    citation_rank: int | None
    """Place of the first right passage among the citations; null when there is none."""
    quote_rank: int | None
    """Place of the first of them whose quote holds the expected words."""
    expected_words: float | None
    """Share of the words of the expected answer that the answer has."""
    answer: str
    citations: list[CitedPassageOut]
    reason_code: str | None
    reason: str | None
    """Why it failed, in French; null unless it did."""
    elapsed_ms: int


class EvaluationRowOut(Wire):
    """A question of an evaluation with its result."""

    expected: ExpectedAnswerOut
    result: ResultOut | None
    """Null while it waits."""


class EvaluationDetail(Wire):
    """An evaluation with a page of its questions, in order."""

    evaluation: EvaluationOut
    rows: list[EvaluationRowOut]
