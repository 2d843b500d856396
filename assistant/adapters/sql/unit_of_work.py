"""All repositories over one transaction."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from assistant.adapters.sql.answers import SqlAnswerRepository
from assistant.adapters.sql.audit import SqlAuditRepository
from assistant.adapters.sql.chunks import SqlChunkRepository
from assistant.adapters.sql.conversations import SqlConversationRepository
from assistant.adapters.sql.corpus_health import SqlCorpusHealthRepository
from assistant.adapters.sql.curation import SqlCurationRepository
from assistant.adapters.sql.cuts import SqlCutRepository
from assistant.adapters.sql.dialect import SqlDialect
from assistant.adapters.sql.documents import SqlDocumentRepository
from assistant.adapters.sql.erasure import Erasure
from assistant.adapters.sql.estates import SqlEstateRepository
from assistant.adapters.sql.evaluations import SqlEvaluationRepository
from assistant.adapters.sql.federation import SqlFederationRepository
from assistant.adapters.sql.feedback import SqlFeedbackRepository
from assistant.adapters.sql.generations import SqlGenerationRepository
from assistant.adapters.sql.groups import SqlGroupRepository
from assistant.adapters.sql.identities import SqlIdentityRepository
from assistant.adapters.sql.inspections import SqlInspectionRepository
from assistant.adapters.sql.invitations import SqlInvitationRepository
from assistant.adapters.sql.jobs import SqlJobRepository
from assistant.adapters.sql.keys import SqlKeyRepository
from assistant.adapters.sql.ledger import SqlIndexLedger
from assistant.adapters.sql.links import SqlLinkRepository
from assistant.adapters.sql.passwords import SqlPasswordRepository
from assistant.adapters.sql.people import SqlPeopleRepository
from assistant.adapters.sql.question_sets import SqlQuestionSetRepository
from assistant.adapters.sql.queue import SqlWorkQueue
from assistant.adapters.sql.reconciliation import SqlReconciliationRepository
from assistant.adapters.sql.sessions import SqlSessionRepository
from assistant.adapters.sql.source_queue import SqlSourceQueue
from assistant.adapters.sql.sources import SqlSourceRepository
from assistant.adapters.sql.tenancy import SqlTenancyRepository
from assistant.adapters.sql.transaction import Transaction
from assistant.adapters.sql.usage import SqlUsageRepository
from assistant.adapters.sql.vectors import SqlVectorRepository


class SqlUnitOfWork:
    """Implements `UnitOfWork`. Used by one thread; takes a connection at its first statement."""

    def __init__(
        self,
        engine: Engine,
        *,
        dialect: SqlDialect,
        writers: threading.Lock,
        busy_s: float,
        erasure: Erasure,
    ) -> None:
        self._transaction = Transaction(
            engine, dialect=dialect, writers=writers, busy_s=busy_s, erasure=erasure
        )
        self.tenancy = SqlTenancyRepository(self._transaction)
        self.estates = SqlEstateRepository(self._transaction)
        self.people = SqlPeopleRepository(self._transaction)
        self.groups = SqlGroupRepository(self._transaction)
        self.invitations = SqlInvitationRepository(self._transaction)
        self.keys = SqlKeyRepository(self._transaction)
        self.passwords = SqlPasswordRepository(self._transaction)
        self.identities = SqlIdentityRepository(self._transaction)
        self.audit = SqlAuditRepository(self._transaction)
        self.documents = SqlDocumentRepository(self._transaction)
        self.curation = SqlCurationRepository(self._transaction)
        self.chunks = SqlChunkRepository(self._transaction)
        self.links = SqlLinkRepository(self._transaction)
        self.vectors = SqlVectorRepository(self._transaction)
        self.ledger = SqlIndexLedger(self._transaction)
        self.cuts = SqlCutRepository(self._transaction)
        self.generations = SqlGenerationRepository(self._transaction)
        self.jobs = SqlJobRepository(self._transaction)
        self.queue = SqlWorkQueue(self._transaction)
        self.sessions = SqlSessionRepository(self._transaction)
        self.federation = SqlFederationRepository(self._transaction)
        self.conversations = SqlConversationRepository(self._transaction)
        self.answers = SqlAnswerRepository(self._transaction)
        self.feedback = SqlFeedbackRepository(self._transaction)
        self.inspections = SqlInspectionRepository(self._transaction)
        self.question_sets = SqlQuestionSetRepository(self._transaction)
        self.evaluations = SqlEvaluationRepository(self._transaction)
        self.usage = SqlUsageRepository(self._transaction)
        self.sources = SqlSourceRepository(self._transaction)
        self.source_queue = SqlSourceQueue(self._transaction)
        self.reconciliation = SqlReconciliationRepository(self._transaction)
        self.corpus_health = SqlCorpusHealthRepository(self._transaction)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Roll back what was not committed."""
        self._transaction.close()

    def lock(self) -> None:
        """Let nobody else write from here to the end: what is read now stays so."""
        self._transaction.lock()

    def commit(self) -> None:
        """Make everything durable and visible at once."""
        self._transaction.commit()
