"""How one question is judged, and what many of them come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerFailed,
    AnswerStatus,
    Citation,
    Notice,
    Passage,
)
from assistant.domain.catalogue import sentences
from assistant.domain.documents import SourceChunk
from assistant.domain.evaluation_summary import Summary, Tally, summarise
from assistant.domain.evaluations import Outcome, Verdict, outcome_of
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, TenantId, VersionId
from assistant.domain.intervals import Share
from assistant.domain.marks import Mark, MarkKind
from assistant.domain.question_sets import ExpectedAnswer
from ingest.model import DocumentKind, FileFormat, Locator

EXPECTED = ExpectedAnswer(2, "Quel taux ?", "règlement.pdf", (3,), "40 %", "Le taux est de 40 %")


def chunk(
    text: str = "Le taux est fixé à 40 %.",
    *,
    file: str = "actes/règlement.pdf",
    pages: tuple[int, ...] = (3,),
) -> SourceChunk:
    return SourceChunk(
        id=ChunkId(f"{file}{pages}{text}"),
        document_id=DocumentId(file),
        version_id=VersionId("v"),
        tenant_id=TenantId("t"),
        collection_id=CollectionId("c"),
        ordinal=0,
        text=text,
        locator=Locator(pages=pages, boxes=(), section=()),
        tokens=9,
        file=file,
        title="Règlement des aides" if "règlement" in file else "Copie",
        kind=DocumentKind.REGLEMENT,
        date=date(2024, 1, 1),
        format=FileFormat.PDF,
    )


OTHER = chunk("Rien de tel.", file="autre.pdf")
ELSEWHERE = chunk("Le taux est fixé à 40 %.", pages=(9,))


def judged(
    expected: ExpectedAnswer,
    *found: SourceChunk,
    cited: tuple[SourceChunk, ...] = (),
    status: AnswerStatus = AnswerStatus.ANSWERED,
    text: str = "",
    marks: tuple[MarkKind, ...] = (),
    notices: tuple[str, ...] = (),
) -> Outcome:
    passages = [Passage(rank, each) for rank, each in enumerate(found, start=1)]
    citations = [Citation(place, each, each.text) for place, each in enumerate(cited, start=1)]
    end = completed(citations, status=status, text=text, marks=marks, notices=notices)
    if status is AnswerStatus.FAILED:
        return outcome_of(expected, passages=passages, end=AnswerFailed("internal_error", {}))
    return outcome_of(expected, passages=passages, end=end)


def completed(
    citations: Sequence[Citation],
    *,
    status: AnswerStatus = AnswerStatus.ANSWERED,
    text: str = "",
    marks: tuple[MarkKind, ...] = (),
    notices: tuple[str, ...] = (),
) -> AnswerCompleted:
    return AnswerCompleted(
        status=status,
        text=text,
        citations=tuple(citations),
        marks=tuple(Mark(kind, "Phrase.", 0, 7) for kind in marks),
        model="m",
        tokens=None,
        first_token_ms=1,
        notices=tuple(map(Notice, notices)),
    )


@pytest.mark.parametrize(
    "name",
    [
        "règlement.pdf",
        "RÈGLEMENT",
        "actes/règlement.pdf",
        "actes\\règlement",
        "règlement des  AIDES",
    ],
)
def test_a_document_is_known_by_its_name_or_title(name: str) -> None:
    expected = ExpectedAnswer(2, "?", name)

    assert judged(expected, chunk()).document_rank == 1
    assert judged(expected, OTHER).document_rank is None


def test_a_name_within_another_is_not_that_document() -> None:
    assert judged(ExpectedAnswer(2, "?", "reglement.pdf"), chunk()).document_rank is None
    assert judged(ExpectedAnswer(2, "?", "ment.pdf"), chunk()).document_rank is None


def test_ranks_tell_the_document_from_the_page_and_words() -> None:
    found = judged(EXPECTED, OTHER, ELSEWHERE, chunk("Le taux\nest de 50 %."), chunk())

    assert (found.document_rank, found.passage_rank) == (2, 4)


def test_a_format_without_pages_is_judged_by_its_words() -> None:
    assert judged(EXPECTED, chunk(pages=())).passage_rank == 1
    assert judged(EXPECTED, chunk("50 %", pages=())).passage_rank is None


def test_equal_words_of_another_document_count_where_they_are_shown() -> None:
    passage = Passage(1, chunk(file="copie.pdf"), also=(chunk(),))
    citation = Citation(1, chunk(file="copie.pdf"), "40 %", also=(chunk(),))

    found = outcome_of(EXPECTED, passages=[passage], end=completed([citation]))

    assert (found.passage_rank, found.citation_rank) == (1, 1)


@pytest.mark.parametrize(
    ("expected", "cited", "status", "verdict"),
    [
        (EXPECTED, (chunk(),), AnswerStatus.ANSWERED, Verdict.RIGHT),
        (EXPECTED, (OTHER, OTHER, chunk()), AnswerStatus.SEARCH_ONLY, Verdict.RIGHT),
        (EXPECTED, (OTHER, OTHER, OTHER, chunk()), AnswerStatus.ANSWERED, Verdict.WRONG),
        (EXPECTED, (), AnswerStatus.REFUSED, Verdict.REFUSED_WRONGLY),
        (EXPECTED, (), AnswerStatus.FAILED, Verdict.FAILED),
        (ExpectedAnswer(2, "?", None), (), AnswerStatus.REFUSED, Verdict.REFUSED_RIGHTLY),
        (ExpectedAnswer(2, "?", None), (OTHER,), AnswerStatus.ANSWERED, Verdict.ANSWERED_WRONGLY),
    ],
)
def test_a_verdict_is_one_word(
    expected: ExpectedAnswer,
    cited: tuple[SourceChunk, ...],
    status: AnswerStatus,
    verdict: Verdict,
) -> None:
    assert judged(expected, cited=cited, status=status).verdict is verdict


@pytest.mark.parametrize(
    ("status", "marks", "notices", "verdict"),
    [
        ("answered", (MarkKind.AMOUNT,), (), Verdict.RIGHT_MARKED),
        ("answered", (MarkKind.UNCITED,), (), Verdict.RIGHT_MARKED),
        ("answered", (), ("words_only", "answer_cut_stall"), Verdict.RIGHT_FAULTY),
        ("answered", (MarkKind.AMOUNT,), ("answer_cut_loop",), Verdict.RIGHT_FAULTY),
        ("search_only", (), ("model_unreachable_notice",), Verdict.RIGHT_FAULTY),
        ("search_only", (), ("no_model", "words_only"), Verdict.RIGHT),
    ],
)
def test_a_right_answer_that_is_marked_or_whose_model_failed_is_not_merely_right(
    status: str, marks: tuple[MarkKind, ...], notices: tuple[str, ...], verdict: Verdict
) -> None:
    right, wrong = (
        judged(EXPECTED, cited=(each,), status=AnswerStatus(status), marks=marks, notices=notices)
        for each in (chunk(), OTHER)
    )

    assert (right.verdict, wrong.verdict) == (verdict, Verdict.WRONG)


def test_every_fallback_is_known_for_one() -> None:
    told = [code for code in sentences() if code.endswith("_notice")]

    faults = [
        judged(EXPECTED, status=AnswerStatus.SEARCH_ONLY, notices=(code,)).model_fault
        for code in told
    ]

    assert faults == told != []


def summary_of(outcomes: list[Outcome]) -> Summary:
    return summarise([Tally(each, 1) for each in outcomes])


def test_questions_counted_together_weigh_as_many() -> None:
    right, refused = (
        judged(EXPECTED, chunk(), text="taux"),
        judged(EXPECTED, status=AnswerStatus.REFUSED),
    )
    marked = judged(EXPECTED, OTHER, chunk(), marks=(MarkKind.NAME,))

    together = summarise([Tally(right, 3), Tally(marked, 2), Tally(refused, 1)])

    assert together == summary_of([right, marked, right, refused, marked, right])


def test_a_summary_counts_marked_sentences_and_models_that_failed() -> None:
    unsupported, uncited = MarkKind.MEANING, MarkKind.UNCITED
    fallen = judged(
        EXPECTED, status=AnswerStatus.SEARCH_ONLY, notices=("model_busy_notice",), cited=(chunk(),)
    )
    before = replace(
        judged(EXPECTED), unsupported_sentences=None, uncited_sentences=None, model_fault=None
    )
    summary = summary_of(
        [
            judged(EXPECTED, marks=(unsupported, uncited, uncited)),
            judged(EXPECTED),
            judged(EXPECTED, notices=("answer_cut_length",)),
            fallen,
            judged(EXPECTED, status=AnswerStatus.FAILED),
            before,
        ]
    )

    assert summary.marked == Share(1, 3)
    assert (summary.unsupported_sentences, summary.uncited_sentences) == (1, 2)
    assert (summary.fell_back, summary.cut) == (Share(1, 5), Share(1, 5))


def test_a_quote_without_the_expected_words_cites_all_the_same() -> None:
    shown = [Citation(1, chunk(), "Le taux est fixé"), Citation(2, chunk(), "fixé à 40 %")]

    def ranks(expected: ExpectedAnswer) -> tuple[int | None, int | None]:
        found = outcome_of(expected, passages=[], end=completed(shown))
        return found.citation_rank, found.quote_rank

    assert ranks(EXPECTED) == (1, 2)
    assert ranks(ExpectedAnswer(2, "?", "règlement.pdf", (3,))) == (1, 1)
    assert ranks(ExpectedAnswer(2, "?", "autre.pdf", (3,))) == (None, None)


def test_the_words_of_an_expected_answer_are_counted_with_their_figures() -> None:
    assert judged(EXPECTED, text="Le TAUX est fixé à 40 %.").expected_words == 1
    assert judged(EXPECTED, text="Le taux est fixé à 50 %.").expected_words == 0.5
    assert judged(ExpectedAnswer(2, "?", "a.pdf"), text="Oui.").expected_words is None


def test_a_summary_has_shares_of_what_they_are_about() -> None:
    nothing = ExpectedAnswer(3, "Et Mars ?", None)
    summary = summary_of(
        [
            judged(EXPECTED, chunk(), cited=(chunk(),), text="Le taux est de 40 %"),
            judged(EXPECTED, OTHER, chunk(), cited=(OTHER,), text="non"),
            judged(EXPECTED, status=AnswerStatus.REFUSED),
            judged(EXPECTED, status=AnswerStatus.FAILED),
            judged(nothing, OTHER, status=AnswerStatus.REFUSED),
            judged(nothing, OTHER),
        ]
    )

    assert (summary.answerable, summary.unanswerable, summary.failed) == (4, 2, 1)
    assert (summary.document_at_1, summary.document_at_5) == (Share(1, 4), Share(2, 4))
    assert (summary.passage_at_1, summary.passage_at_5) == (Share(1, 4), Share(2, 4))
    assert summary.reciprocal_rank == pytest.approx((1 + 1 / 2) / 4)
    assert (summary.cited, summary.refused_wrongly) == (Share(1, 4), Share(1, 4))
    assert summary.quoted == Share(1, 4)
    assert summary.refused_rightly == Share(1, 2)
    assert summary.expected_words == pytest.approx(1 / 4)


def test_a_summary_of_nothing_has_no_value() -> None:
    summary = summarise([])

    assert (summary.cited.value, summary.reciprocal_rank, summary.expected_words) == (None,) * 3
