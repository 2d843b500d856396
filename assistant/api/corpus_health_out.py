"""The health of a tenant's documents on the wire."""

from __future__ import annotations

from assistant.api.errors import spoken
from assistant.domain.catalogue import sentence
from assistant.domain.corpus_health import (
    QUESTIONS_KEPT_DAYS,
    CorpusHealth,
    HealthFinding,
    HealthItem,
    QuestionGap,
)
from assistant.schemas.corpus_health import (
    CorpusHealthOut,
    HealthFindingOut,
    HealthItemOut,
    KeptQuestionOut,
    KeptQuestionsOut,
    QuestionGapOut,
)
from assistant.services.question_keeping import Kept


def health_out(health: CorpusHealth, *, days: int) -> CorpusHealthOut:
    """The report, as the API tells it."""
    return CorpusHealthOut(
        days=days,
        documents=health.documents,
        findings=list(map(_finding, health.findings)),
        gaps=list(map(_gap, health.gaps)),
        counted_since=health.counted_since,
    )


def _finding(finding: HealthFinding) -> HealthFindingOut:
    return HealthFindingOut(
        code=finding.code.value,
        count=finding.count,
        items=list(map(_item, finding.items)),
        detail=sentence(f"health_{finding.code.value}"),
        remedy=sentence(f"care_{finding.code.value}"),
    )


def _item(item: HealthItem) -> HealthItemOut:
    reason = item.reason
    return HealthItemOut(
        document_id=item.document_id,
        collection_id=item.collection_id,
        name=item.name,
        title=item.title,
        reason="" if reason is None else spoken(reason.code, params=reason.params),
        note=item.note,
    )


def _gap(gap: QuestionGap) -> QuestionGapOut:
    return QuestionGapOut(
        week=gap.week,
        collection_id=gap.collection_id,
        kind="" if gap.kind is None else gap.kind.value,
        amount=gap.amount,
    )


def kept_out(kept: Kept) -> KeptQuestionsOut:
    """The questions without answer that are kept, as the API tells them."""
    return KeptQuestionsOut(
        is_kept=kept.keeping is not None,
        since=None if kept.keeping is None else kept.keeping.since,
        days=QUESTIONS_KEPT_DAYS,
        questions=[
            KeptQuestionOut(
                day=each.day,
                question=each.question,
                collection_id=each.collection_id,
                kind="" if each.kind is None else each.kind.value,
            )
            for each in kept.questions
        ],
    )
