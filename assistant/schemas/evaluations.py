"""Question sets and their evaluations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from assistant.schemas.wire import FaultyLine, Wire

VerdictOut = Literal[
    "right",
    "right_marked",
    "right_faulty",
    "wrong",
    "refused_rightly",
    "refused_wrongly",
    "answered_wrongly",
    "failed",
]
"""What a result says of the assistant, in one word.

"right_marked": right, but verification marked a sentence; "right_faulty": right, but the model failed.
"""


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
    notices: list[FaultyLine]
    """Lines whose expected document is not there ("document_not_found") or is one of several of its
    name, each of which counts as right ("document_ambiguous"); the set is kept all the same."""


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
    """Mean reciprocal rank of the right passage, 0 without it; null without an answerable question."""
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
    marked: ShareOut
    """Answers with a marked sentence, of those that a model wrote."""
    unsupported_sentences: int
    """Sentences marked for something else than a missing source."""
    uncited_sentences: int
    fell_back: ShareOut
    """Questions whose model failed, so that passages were quoted instead."""
    cut: ShareOut
    """Questions whose answer was cut short by its model."""


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
    """In French: why it failed or, in any other state, why it was begun anew; else null."""
    summary: SummaryOut


class EvaluationStarted(EvaluationOut):
    """An evaluation just asked for."""

    notices: list[FaultyLine]
    """As those of a question set just taken, for the documents there are now."""


class CitedPassageOut(Wire):
    """A passage that an answer cites."""

    file: str
    title: str
    pages: list[int]
    quote: str
    """A sentence that says so once it is withheld."""
    is_right: bool
    """It is what the question expects."""
    is_withheld: bool
    """Its document may no longer be read: nothing of it is told, nor the answer that quotes it."""
    view_url: str | None
    """Page that shows it, as long as its document is not read again; null in older evaluations."""


class ResultOut(Wire):
    """What became of a question."""

    status: str
    """How its answer ended: answered · refused · search_only · failed."""
    verdict: VerdictOut
    document_rank: int | None
    """Rank of the first passage of the expected document among those answered from; null without."""
    passage_rank: int | None
    """Rank of the first right passage, likewise."""
    citation_rank: int | None
    """Place of the first right passage among the citations; null when there is none."""
    quote_rank: int | None
    """Place of the first of them whose quote holds the expected words."""
    expected_words: float | None
    """Share of the words of the expected answer that the answer has."""
    unsupported_sentences: int | None
    """Sentences of the answer that verification found wrong; null in older evaluations."""
    uncited_sentences: int | None
    """Sentences that state something without a source; null in older evaluations."""
    model_fault_code: str | None
    model_fault: str | None
    """In French: how the model failed or why it was cut short; null when it was not."""
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
