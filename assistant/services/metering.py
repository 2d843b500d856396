"""What answers and readings cost their tenant, written in the transactions that keep them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerFailed,
    AnswerStatus,
    RetrievalCompleted,
    TokenUsage,
)
from assistant.domain.ids import TenantId
from assistant.domain.usage import Unit, day_of
from assistant.ports.repositories import UnitOfWork
from assistant.services.answer_record import AnswerRecord
from assistant.services.corpus_health import count_result
from assistant.services.quotas import give_back_question
from ingest.model import IngestedFile
from ingest.tokens import count_tokens


def settle_answer(work: UnitOfWork, record: AnswerRecord) -> None:
    """Count the tokens of an ended answer, and what it found.

    One that failed costs nothing and gives its question back.
    """
    if isinstance(record.end, AnswerFailed):
        give_back_question(work, record.answer)
        return
    count_result(work, record)
    usage, answer = tokens_of(record), record.answer
    if usage is None:
        return
    amounts = {Unit.PROMPT_TOKENS: usage.prompt, Unit.COMPLETION_TOKENS: usage.completion}
    count_use(work, amounts, tenant_id=answer.tenant_id, at=answer.created_at)


def count_use(
    work: UnitOfWork, amounts: Mapping[Unit, int], *, tenant_id: TenantId, at: datetime
) -> None:
    """Add to what a tenant used, on the day that a moment has there. Nothing when it is gone."""
    tenant = work.tenancy.find_tenant(tenant_id)
    if tenant is not None:
        day = day_of(at, time_zone=tenant.time_zone)
        work.usage.add(tenant_id, day=day, amounts=amounts)


def reading_use(ingested: IngestedFile) -> dict[Unit, int]:
    """What the reading of a file costs: pages, and the tokens of its passages."""
    parsed = ingested.document
    ocr = round(parsed.page_count * (parsed.quality.ocr_share or 0))
    amounts = {
        Unit.PAGES: parsed.page_count,
        Unit.OCR_PAGES: ocr,
        Unit.EMBEDDED_TOKENS: sum(chunk.tokens for chunk in ingested.chunks),
    }
    return {unit: amount for unit, amount in amounts.items() if amount}


def tokens_of(record: AnswerRecord) -> TokenUsage | None:
    """Tokens of an answer as its model counted them; estimated when it was cut or stopped.

    None when no model wrote any of it.
    """
    end = record.end
    if not isinstance(end, AnswerCompleted):
        return None
    if end.tokens is not None:
        return end.tokens
    is_stopped = end.status is AnswerStatus.CANCELLED and bool(end.text)
    if end.model is None and not is_stopped:
        return None
    shown = sum(
        passage.chunk.tokens
        for each in record.events
        if isinstance(each.event, RetrievalCompleted)
        for passage in each.event.passages
    )
    prompt = shown + count_tokens(record.answer.question)
    return TokenUsage(prompt=prompt, completion=count_tokens(end.text), is_estimated=True)
