"""Questions that nothing answered, of the tenants that keep them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from assistant.adapters.sql.corpus_health_tables import kept_questions, question_keeping
from assistant.adapters.sql.scoping import of_tenant
from assistant.adapters.sql.tables import answers
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.answers import Answer
from assistant.domain.corpus_health import Keeping, KeptQuestion
from assistant.domain.ids import PersonId, TenantId
from assistant.domain.tenancy import Scope
from ingest.model import DocumentKind


class SqlKeptQuestions:
    """The part of `CorpusHealthRepository` on kept questions."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def keeping(self, tenant_id: TenantId) -> Keeping | None:
        """Whether a tenant keeps its questions without answer; None, the default, for no."""
        own = question_keeping.c.tenant_id == tenant_id
        row = self._transaction.first(select(question_keeping).where(own))
        return None if row is None else Keeping(row.since, PersonId(row.decided_by))

    def keep_questions(self, tenant_id: TenantId, keeping: Keeping) -> None:
        """Keep them from now on."""
        self._transaction.lock()
        self._transaction.add_missing(
            question_keeping,
            [
                {
                    "tenant_id": tenant_id,
                    "since": keeping.since,
                    "decided_by": keeping.decided_by,
                }
            ],
        )

    def drop_questions(self, tenant_id: TenantId) -> int:
        """Keep them no more, and forget those that were kept; how many there were."""
        self._transaction.lock()
        for_tenant = question_keeping.c.tenant_id == tenant_id
        self._transaction.write(question_keeping.delete().where(for_tenant))
        own = kept_questions.c.tenant_id == tenant_id
        return self._transaction.write(kept_questions.delete().where(own))

    def add_question(
        self, answer: Answer, *, day: date, collection_id: str, kind: DocumentKind | None
    ) -> None:
        """Keep a question without answer."""
        row = {
            "answer_id": answer.id,
            "tenant_id": answer.tenant_id,
            "day": day,
            "collection_id": collection_id,
            "kind": "" if kind is None else kind.value,
        }
        self._transaction.add_missing(kept_questions, [row])

    def kept_questions(self, *, scope: Scope, since: date, limit: int) -> Sequence[KeptQuestion]:
        """Those of the reader's tenant from a day on, the newest first."""
        query = (
            select(kept_questions, answers.c.question)
            .join(answers, answers.c.id == kept_questions.c.answer_id)
            .where(of_tenant(scope, kept_questions), kept_questions.c.day >= since)
            .order_by(kept_questions.c.day.desc(), answers.c.number.desc())
            .limit(limit)
        )
        return [
            KeptQuestion(
                row.day,
                row.question,
                row.collection_id,
                DocumentKind(row.kind) if row.kind else None,
            )
            for row in self._transaction.read(query)
        ]

    def forget_questions(self, *, before: date) -> int:
        """Forget those of days before one, of all tenants; how many there were."""
        old = kept_questions.c.day < before
        if self._transaction.first(select(kept_questions.c.day).where(old).limit(1)) is None:
            return 0
        self._transaction.lock()
        return self._transaction.write(kept_questions.delete().where(old))
