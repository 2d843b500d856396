"""The relational store, as repositories inside a unit of work.

Every read made for a person takes a `Scope`. What the machinery itself needs whatever the reader
stands apart in `machinery`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from assistant.domain.ids import (
    JobId,
    JobItemId,
    PersonId,
    SessionId,
)
from assistant.domain.jobs import ItemState, Job, JobCounts, JobItem
from assistant.domain.sessions import Session, SignInLink
from assistant.domain.tenancy import Scope
from assistant.ports.audit import AuditRepository
from assistant.ports.conversations import AnswerRepository, ConversationRepository
from assistant.ports.corpus_health import CorpusHealthRepository
from assistant.ports.cuts import CutRepository
from assistant.ports.documents import (
    ChunkRepository,
    CurationRepository,
    DocumentRepository,
    LinkRepository,
)
from assistant.ports.evaluations import EvaluationRepository, QuestionSetRepository
from assistant.ports.feedback import FeedbackRepository, InspectionRepository
from assistant.ports.generations import GenerationRepository
from assistant.ports.identity import FederationRepository
from assistant.ports.machinery import IndexLedger, VectorRepository, WorkQueue
from assistant.ports.passwords import PasswordRepository
from assistant.ports.people import (
    GroupRepository,
    IdentityRepository,
    InvitationRepository,
    KeyRepository,
    PeopleRepository,
)
from assistant.ports.reconciliation import ReconciliationRepository
from assistant.ports.source_queue import SourceQueue
from assistant.ports.sources import SourceRepository
from assistant.ports.tenancy import EstateRepository, TenancyRepository
from assistant.ports.usage import UsageRepository


class JobRepository(Protocol):
    """Jobs of the reader's tenant."""

    def add(self, job: Job, items: Sequence[JobItem]) -> None:
        """Keep a new job with its items."""
        ...

    def find(self, job_id: JobId, *, scope: Scope) -> Job | None:
        """A job on a collection of the scope."""
        ...

    def list_recent(self, *, scope: Scope, limit: int) -> list[Job]:
        """Jobs on collections of the scope: running, then queued, then ended ones, each newest first."""
        ...

    def items(
        self,
        job_id: JobId,
        *,
        scope: Scope,
        states: frozenset[ItemState],
        limit: int,
        offset: int,
    ) -> list[JobItem]:
        """Items in order. Empty `states` means all."""
        ...

    def find_item(self, item_id: JobItemId, *, scope: Scope) -> JobItem | None:
        """One item of a job of the scope."""
        ...

    def update(self, job: Job) -> None:
        """Replace the mutable fields of a job. Raises `Conflict` on an illegal change of state."""
        ...

    def update_item(self, item: JobItem) -> None:
        """Replace the mutable fields of an item: all but its job, place, name and announced content."""
        ...

    def counts(self, job_id: JobId, *, scope: Scope) -> JobCounts:
        """What the items of a job amount to; nothing for an unknown job."""
        ...

    def counts_of(self, job_ids: Sequence[JobId], *, scope: Scope) -> Mapping[JobId, JobCounts]:
        """The same of each of these jobs (any number); absent when it is unknown or has no items."""
        ...

    def forgotten(self, job_ids: Sequence[JobId], *, scope: Scope) -> Mapping[JobId, int]:
        """How many items of these jobs (any number) are only counted any more; absent when none is."""
        ...


class SessionRepository(Protocol):
    """Sign-in links and sessions, by hash of their secret."""

    def add_link(self, link: SignInLink) -> None:
        """Keep a new link."""
        ...

    def take_link(self, code_hash: str, *, now: datetime) -> SignInLink | None:
        """Spend a link; None when unknown, spent or expired. Only one caller ever gets it."""
        ...

    def add(self, session: Session) -> None:
        """Keep a new session."""
        ...

    def find(self, secret_hash: str, *, now: datetime) -> Session | None:
        """The session of a secret; None when unknown, revoked or expired."""
        ...

    def revoke(self, session_id: SessionId) -> Session | None:
        """End a session at once; the one that ended, None when unknown."""
        ...

    def revoke_of(self, person_id: PersonId) -> None:
        """End all sessions of a person, and make its links worthless."""
        ...

    def note_use(self, session_id: SessionId, *, seen_at: datetime, idle_until: datetime) -> None:
        """Put off the end of a session that is in use."""
        ...

    def list_own(self, *, scope: Scope, now: datetime) -> list[Session]:
        """The reader's own sessions that have not ended, the last used first."""
        ...

    def revoke_own(self, session_ids: Sequence[SessionId], *, scope: Scope) -> int:
        """End sessions of the reader at once; how many of them were the reader's."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without `commit` rolls back. Never open across a model call.

    Any method may raise `StorageError` ("disk_full", "database_locked", "storage_error").
    """

    @property
    def tenancy(self) -> TenancyRepository:
        """Tenants, collections and scopes."""
        ...

    @property
    def estates(self) -> EstateRepository:
        """All that a tenant holds."""
        ...

    @property
    def people(self) -> PeopleRepository:
        """People."""
        ...

    @property
    def groups(self) -> GroupRepository:
        """Groups and their members."""
        ...

    @property
    def invitations(self) -> InvitationRepository:
        """Invitations."""
        ...

    @property
    def keys(self) -> KeyRepository:
        """API keys."""
        ...

    @property
    def identities(self) -> IdentityRepository:
        """Whom the identities of providers are."""
        ...

    @property
    def passwords(self) -> PasswordRepository:
        """Passwords of local accounts."""
        ...

    @property
    def audit(self) -> AuditRepository:
        """The audit log."""
        ...

    @property
    def documents(self) -> DocumentRepository:
        """Documents."""
        ...

    @property
    def curation(self) -> CurationRepository:
        """Corrections and exclusions of documents."""
        ...

    @property
    def chunks(self) -> ChunkRepository:
        """Live chunks."""
        ...

    @property
    def links(self) -> LinkRepository:
        """Links between documents."""
        ...

    @property
    def vectors(self) -> VectorRepository:
        """Vectors."""
        ...

    @property
    def ledger(self) -> IndexLedger:
        """What the index must hold."""
        ...

    @property
    def cuts(self) -> CutRepository:
        """Chunks under the cuts of generations."""
        ...

    @property
    def generations(self) -> GenerationRepository:
        """Generations of the index."""
        ...

    @property
    def jobs(self) -> JobRepository:
        """Jobs as people see them."""
        ...

    @property
    def queue(self) -> WorkQueue:
        """Jobs as the worker sees them."""
        ...

    @property
    def sessions(self) -> SessionRepository:
        """Links and sessions."""
        ...

    @property
    def federation(self) -> FederationRepository:
        """Sign-ins through identity providers."""
        ...

    @property
    def conversations(self) -> ConversationRepository:
        """Conversations."""
        ...

    @property
    def answers(self) -> AnswerRepository:
        """Answers and their events."""
        ...

    @property
    def feedback(self) -> FeedbackRepository:
        """What people say of answers."""
        ...

    @property
    def inspections(self) -> InspectionRepository:
        """What auditors read of conversations."""
        ...

    @property
    def question_sets(self) -> QuestionSetRepository:
        """Question sets."""
        ...

    @property
    def evaluations(self) -> EvaluationRepository:
        """Evaluations."""
        ...

    @property
    def usage(self) -> UsageRepository:
        """What tenants use."""
        ...

    @property
    def sources(self) -> SourceRepository:
        """Sources of documents."""
        ...

    @property
    def source_queue(self) -> SourceQueue:
        """Sources as the machinery sees them."""
        ...

    @property
    def reconciliation(self) -> ReconciliationRepository:
        """What database, index and files are compared by."""
        ...

    @property
    def corpus_health(self) -> CorpusHealthRepository:
        """The health of documents."""
        ...

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Roll back what was not committed."""
        ...

    def lock(self) -> None:
        """Let nobody else write from here to the end: what is read now stays so.

        For decisions that rest on more than one row, or on files; called before reading for them.
        """
        ...

    def commit(self) -> None:
        """Make everything durable and visible at once."""
        ...


UnitOfWorkFactory = Callable[[], UnitOfWork]
"""Opens a unit of work: `with open_work() as work: …; work.commit()`. Blocking; call it in a thread."""
