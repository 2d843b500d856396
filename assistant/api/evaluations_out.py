"""Question sets and evaluations as wire models."""

from __future__ import annotations

from assistant.api.errors import spoken
from assistant.api.mapping import view_url
from assistant.domain.catalogue import sentence
from assistant.domain.documents import Reason
from assistant.domain.evaluation_summary import Summary
from assistant.domain.evaluations import CitedPassage, EvaluationRow
from assistant.domain.intervals import Share
from assistant.domain.question_sets import ExpectedAnswer, QuestionSet
from assistant.schemas.evaluations import (
    CitedPassageOut,
    EvaluationOut,
    EvaluationRowOut,
    ExpectedAnswerOut,
    QuestionSetOut,
    ResultOut,
    ShareOut,
    SummaryOut,
)
from assistant.services.evaluations import EvaluationReport


def question_set_out(question_set: QuestionSet) -> QuestionSetOut:
    """A question set."""
    return QuestionSetOut(
        id=question_set.id,
        name=question_set.name,
        revision=question_set.revision,
        question_count=question_set.question_count,
        unanswerable_count=question_set.unanswerable_count,
        created_at=question_set.created_at,
    )


def expected_out(expected: ExpectedAnswer) -> ExpectedAnswerOut:
    """A question and what is expected of its answer."""
    return ExpectedAnswerOut(
        line=expected.line,
        question=expected.question,
        document=expected.document,
        pages=list(expected.pages),
        passage=expected.passage,
        answer=expected.answer,
    )


def evaluation_out(report: EvaluationReport) -> EvaluationOut:
    """An evaluation as it stands now."""
    evaluation = report.evaluation
    made_by = evaluation.made_by or {}
    code, words = _reason(evaluation.reason)
    return EvaluationOut(
        id=evaluation.id,
        question_set=question_set_out(report.question_set),
        state=evaluation.state.value,
        created_at=evaluation.created_at,
        started_at=evaluation.started_at,
        finished_at=evaluation.finished_at,
        done=report.done,
        total=report.question_set.question_count,
        elapsed_s=report.elapsed_s,
        left_s=report.left_s,
        program=made_by.get("program"),
        model=made_by.get("model"),
        embedder=made_by.get("embedder"),
        reason_code=code,
        reason=words,
        summary=_summary_out(report.summary),
    )


def row_out(expected: ExpectedAnswer, row: EvaluationRow | None) -> EvaluationRowOut:
    """A question with its result."""
    result = None if row is None else _result_out(row)
    return EvaluationRowOut(expected=expected_out(expected), result=result)


def _result_out(row: EvaluationRow) -> ResultOut:
    outcome = row.outcome
    code, words = _reason(row.reason)
    fault = None if outcome.model_fault is None else Reason(outcome.model_fault, {})
    fault_code, fault_words = _reason(fault)
    return ResultOut(
        status=outcome.status.value,
        verdict=outcome.verdict.value,
        document_rank=outcome.document_rank,
        passage_rank=outcome.passage_rank,
        citation_rank=outcome.citation_rank,
        quote_rank=outcome.quote_rank,
        expected_words=outcome.expected_words,
        unsupported_sentences=outcome.unsupported_sentences,
        uncited_sentences=outcome.uncited_sentences,
        model_fault_code=fault_code,
        model_fault=fault_words,
        answer=sentence("evaluation_withheld") if row.is_withheld else row.text,
        citations=[_cited_out(each) for each in row.citations],
        reason_code=code,
        reason=words,
        elapsed_ms=row.elapsed_ms,
    )


def _cited_out(cited: CitedPassage) -> CitedPassageOut:
    return CitedPassageOut(
        file=cited.file,
        title=cited.title,
        pages=list(cited.pages),
        quote=sentence("evaluation_withheld") if cited.is_withheld else cited.quote,
        is_right=cited.is_right,
        is_withheld=cited.is_withheld,
        view_url=None if cited.chunk_id is None else view_url(cited.chunk_id),
    )


def _summary_out(summary: Summary) -> SummaryOut:
    return SummaryOut(
        answerable=summary.answerable,
        unanswerable=summary.unanswerable,
        failed=summary.failed,
        verdicts={verdict.value: count for verdict, count in summary.verdicts.items()},
        document_at_1=_share_out(summary.document_at_1),
        document_at_5=_share_out(summary.document_at_5),
        passage_at_1=_share_out(summary.passage_at_1),
        passage_at_5=_share_out(summary.passage_at_5),
        reciprocal_rank=summary.reciprocal_rank,
        cited=_share_out(summary.cited),
        quoted=_share_out(summary.quoted),
        refused_wrongly=_share_out(summary.refused_wrongly),
        refused_rightly=_share_out(summary.refused_rightly),
        expected_words=summary.expected_words,
        marked=_share_out(summary.marked),
        unsupported_sentences=summary.unsupported_sentences,
        uncited_sentences=summary.uncited_sentences,
        fell_back=_share_out(summary.fell_back),
        cut=_share_out(summary.cut),
    )


def _share_out(share: Share) -> ShareOut:
    low, high = share.interval or (None, None)
    return ShareOut(
        successes=share.successes, total=share.total, value=share.value, low=low, high=high
    )


def _reason(reason: Reason | None) -> tuple[str | None, str | None]:
    if reason is None:
        return None, None
    return reason.code, spoken(reason.code, params=reason.params)
