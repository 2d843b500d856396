"""The health of a tenant's documents on the wire."""

from __future__ import annotations

from assistant.api.errors import spoken
from assistant.domain.catalogue import sentence
from assistant.domain.corpus_health import CorpusHealth, HealthFinding, HealthItem, QuestionGap
from assistant.schemas.corpus_health import (
    CorpusHealthOut,
    HealthFindingOut,
    HealthItemOut,
    QuestionGapOut,
)


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
