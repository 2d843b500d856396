"""Conversations, feedback, inspections and the use of bounds as wire models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from assistant.api.answers_out import answer_out
from assistant.containers import Container
from assistant.domain.conversations import Message
from assistant.domain.feedback import OTHER_TENANTS, CountKey, Feedback, FeedbackReason, Verdict
from assistant.domain.ids import AnswerId, CollectionId
from assistant.domain.inspections import OwnInspection
from assistant.domain.tenancy import Scope
from assistant.schemas.conversations import MessageOut
from assistant.schemas.feedback import (
    FeedbackCountOut,
    FeedbackOut,
    FeedbackReportOut,
    SharedCommentOut,
)
from assistant.schemas.inspections import ConversationFactsOut, OwnInspectionOut
from assistant.schemas.usage import QuotaUseOut
from assistant.services.answer_record import AnswerRecord
from assistant.services.feedback import FeedbackReport
from assistant.services.inspections import Overview
from assistant.services.quota_use import QuotaUse

_VERDICTS = tuple(Verdict)
_REASONS = tuple(FeedbackReason)


async def messages_out(
    messages: Sequence[Message],
    *,
    request: Request,
    services: Container,
    scope: Scope,
    feedback: Mapping[AnswerId, Feedback],
) -> list[MessageOut]:
    """Messages in order, each answer as it stands now with what became of its sources.

    Args:
        messages: Of one conversation.
        request: For what problems name.
        services: The use cases.
        scope: Of the conversation's person, with the documents that the reader may read.
        feedback: What the person said of the answers.
    """
    records: dict[AnswerId, AnswerRecord] = {}
    for each in messages:
        if each.answer_id is not None:
            records[each.answer_id] = await services.answers.snapshot(each.answer_id, scope=scope)
    found = await run_in_threadpool(
        services.desk.whereabouts.of_answers, list(records.values()), scope=scope
    )

    def shown(message: Message) -> MessageOut:
        record = None if message.answer_id is None else records[message.answer_id]
        said = None if message.answer_id is None else feedback.get(message.answer_id)
        return MessageOut(
            id=message.id,
            author=message.author.value,
            text="" if record is not None and record.is_withheld else message.text,
            answer=None if record is None else answer_out(record, request=request, found=found),
            feedback=None if said is None else feedback_out(said),
            created_at=message.created_at,
        )

    return [shown(each) for each in messages]


def feedback_out(feedback: Feedback) -> FeedbackOut:
    """What a person said of an answer."""
    return FeedbackOut(
        verdict=feedback.verdict.value,
        reasons=[each.value for each in feedback.reasons],
        comment=feedback.comment,
        is_shared=feedback.is_shared,
        given_at=feedback.given_at,
    )


def report_out(report: FeedbackReport) -> FeedbackReportOut:
    """What administrators learn: all answers first, then by collection; the whole before its reasons."""
    counts = sorted(report.counts.items(), key=lambda item: _place(item[0], report.names))
    return FeedbackReportOut(
        month=str(report.month),
        counts=[
            FeedbackCountOut(
                collection_id=key.collection_id,
                collection=report.names.get(key.collection_id) if key.collection_id else None,
                verdict=key.verdict.value,
                reason=None if key.reason is None else key.reason.value,
                count=count,
            )
            for key, count in counts
        ],
        comments=[
            SharedCommentOut(
                on=each.on,
                verdict=each.verdict.value,
                reasons=[reason.value for reason in each.reasons],
                comment=each.comment,
            )
            for each in report.comments
        ],
    )


def _place(
    key: CountKey, names: Mapping[CollectionId, str]
) -> tuple[bool, bool, str, str, int, int]:
    collection = key.collection_id or ""
    return (
        bool(collection),
        collection == OTHER_TENANTS,
        names.get(CollectionId(collection), ""),
        collection,
        _VERDICTS.index(key.verdict),
        -1 if key.reason is None else _REASONS.index(key.reason),
    )


def own_inspection_out(own: OwnInspection) -> OwnInspectionOut:
    """An inspection as its person sees it."""
    made = own.inspection
    return OwnInspectionOut(
        id=made.id,
        conversation_id=made.conversation_id,
        title=own.title,
        reason=made.reason,
        is_of_platform=made.is_of_platform,
        made_at=made.made_at,
        seen_at=made.seen_at,
    )


def overview_out(overview: Overview) -> list[ConversationFactsOut]:
    """Conversations without a word of them."""
    return [
        ConversationFactsOut(
            id=each.id,
            tenant_id=each.tenant_id,
            pseudonym=overview.pseudonyms.get(each.person_id, ""),
            questions=each.questions,
            created_at=each.created_at,
            updated_at=each.updated_at,
        )
        for each in overview.facts
    ]


def quota_out(use: QuotaUse) -> QuotaUseOut:
    """How much of a bound was used."""
    return QuotaUseOut(name=use.name, used=use.used, limit=use.limit, resets_at=use.resets_at)
