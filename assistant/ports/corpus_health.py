"""What is known of the health of a tenant's documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from assistant.domain.answers import Answer
from assistant.domain.corpus_health import (
    HealthCode,
    HealthFinding,
    Keeping,
    KeptQuestion,
    QuestionGap,
)
from assistant.domain.ids import DocumentId, TenantId
from assistant.domain.tenancy import Scope
from ingest.model import DocumentKind


class CorpusHealthRepository(Protocol):
    """Findings within a scope; and counters, which name no question and nobody who asked."""

    def finding(
        self, code: HealthCode, *, scope: Scope, since: date, before: date, limit: int
    ) -> HealthFinding:
        """The documents of a finding.

        Args:
            code: Which.
            scope: What may be read.
            since: For NEVER_FOUND: from this day on.
            before: For OLD: dated before this day.
            limit: Greatest number of documents named; all are counted.
        """
        ...

    def gaps(self, *, scope: Scope, since: date) -> Sequence[QuestionGap]:
        """Questions of the reader's tenant without answer, from a day on."""
        ...

    def counted_since(self, *, scope: Scope) -> date | None:
        """First day that anything was counted on of the reader's tenant."""
        ...

    def add_found(self, document_ids: Collection[DocumentId], *, day: date, amount: int) -> None:
        """Count that some documents were found; those that are gone are passed over."""
        ...

    def add_gap(
        self,
        tenant_id: TenantId,
        *,
        day: date,
        collection_id: str,
        kind: DocumentKind | None,
    ) -> None:
        """Count a question without answer; nothing when the tenant is gone."""
        ...

    def keeping(self, tenant_id: TenantId) -> Keeping | None:
        """Whether a tenant keeps its questions without answer; None, the default, for no."""
        ...

    def keep_questions(self, tenant_id: TenantId, keeping: Keeping) -> None:
        """Keep them from now on."""
        ...

    def drop_questions(self, tenant_id: TenantId) -> int:
        """Keep them no more, and forget those that were kept; how many there were."""
        ...

    def add_question(
        self, answer: Answer, *, day: date, collection_id: str, kind: DocumentKind | None
    ) -> None:
        """Keep a question without answer."""
        ...

    def kept_questions(self, *, scope: Scope, since: date, limit: int) -> Sequence[KeptQuestion]:
        """Those of the reader's tenant from a day on, the newest first."""
        ...

    def forget_questions(self, *, before: date) -> int:
        """Forget those of days before one, of all tenants; how many there were."""
        ...

    def forget_counts(self, *, before: date) -> None:
        """Drop the counters of days before one."""
        ...
