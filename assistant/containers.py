"""What `bootstrap` builds: everything a process uses, wired."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from assistant.data_folder import DataFolder
from assistant.ports.clock import Clock
from assistant.ports.files import FileStore
from assistant.ports.index import ChunkIndex
from assistant.ports.models import ChatModel, Embedder
from assistant.ports.parsing import FileReader
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.access import AccessService
from assistant.services.active_generation import (
    ActiveEmbedder,
    ActiveIndex,
    EveryIndex,
    FollowerIndex,
)
from assistant.services.answers import AnswerService
from assistant.services.applier import IndexApplier
from assistant.services.audit_log import AuditLog
from assistant.services.browser_sessions import BrowserSessions
from assistant.services.conversation_desk import ConversationDesk
from assistant.services.conversations import ConversationService
from assistant.services.corpus_health import CorpusHealthService
from assistant.services.curation import CurationService
from assistant.services.documents import DocumentService
from assistant.services.evaluation_runner import EvaluationRunner
from assistant.services.evaluations import EvaluationService
from assistant.services.federated_sign_in import FederatedSignIn
from assistant.services.generation_retriever import GenerationRetriever
from assistant.services.generation_room import GenerationRoom
from assistant.services.generation_trial import GenerationKeeper
from assistant.services.generations import GenerationService
from assistant.services.index_care import IndexCare
from assistant.services.ingestion import IngestionService
from assistant.services.jobs import JobService
from assistant.services.links import LinkService
from assistant.services.organisation import Organisation
from assistant.services.password_sign_in import PasswordSignIn
from assistant.services.passwords import PasswordService
from assistant.services.pushed_documents import PushedDocuments
from assistant.services.question_sets import QuestionSetService
from assistant.services.reconciliation import ReconciliationKeeper
from assistant.services.search import SearchService
from assistant.services.sign_in import SignInService
from assistant.services.source_runner import SourceRunner
from assistant.services.sources import SourceService
from assistant.services.uploads import UploadService
from assistant.services.usage import UsageService
from assistant.services.worker import Worker
from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Generations:
    """All that serves of the generations, wired."""

    room: GenerationRoom
    index: ActiveIndex
    every_index: EveryIndex
    embedder: ActiveEmbedder
    retriever: GenerationRetriever
    keeper: GenerationKeeper
    service: GenerationService

    def beside(self) -> list[ChunkIndex]:
        """The indexes that some tenants search now, but for that of the active generation."""
        _, *others = self.room.searched
        return [FollowerIndex(self.room, each) for each in others]


@dataclass(frozen=True, slots=True)
class Intake:
    """All that takes contents in, and the documents that come of them, wired."""

    ingestion: IngestionService
    uploads: UploadService
    pushed: PushedDocuments
    documents: DocumentService


@dataclass(frozen=True, slots=True)
class Container:
    """Everything the serving process uses."""

    settings: Settings
    folder: DataFolder
    clock: Clock
    open_work: UnitOfWorkFactory
    files: FileStore
    generations: Generations
    reader: FileReader
    model: ChatModel | None
    access: AccessService
    organisation: Organisation
    audit: AuditLog
    sign_in: SignInService
    federation: FederatedSignIn
    sessions: BrowserSessions
    passwords: PasswordService
    by_password: PasswordSignIn
    intake: Intake
    sources: SourceService
    jobs: JobService
    curation: CurationService
    links: LinkService
    search: SearchService
    answers: AnswerService
    conversations: ConversationService
    desk: ConversationDesk
    usage: UsageService
    question_sets: QuestionSetService
    evaluations: EvaluationService
    evaluation_runner: EvaluationRunner
    care: IndexCare
    resources: ExitStack
    """What `close` gives back."""

    @property
    def ingestion(self) -> IngestionService:
        """Turns announced files into jobs."""
        return self.intake.ingestion

    @property
    def uploads(self) -> UploadService:
        """Takes contents in parts."""
        return self.intake.uploads

    @property
    def pushed(self) -> PushedDocuments:
        """Takes documents by the ids of programs."""
        return self.intake.pushed

    @property
    def documents(self) -> DocumentService:
        """Everything about documents that are already known."""
        return self.intake.documents

    @property
    def index(self) -> ChunkIndex:
        """The index that is searched."""
        return self.generations.index

    @property
    def embedder(self) -> Embedder:
        """The embedder of that index."""
        return self.generations.embedder

    @property
    def applier(self) -> IndexApplier:
        """Brings the indexes in line with the database."""
        return self.care.applier

    @property
    def reconciliation(self) -> ReconciliationKeeper:
        """Compares database, index and files."""
        return self.care.reconciliation

    @property
    def corpus_health(self) -> CorpusHealthService:
        """Tells what to look after."""
        return self.care.health

    def start(self) -> None:
        """Make the default collection, end interrupted answers, begin to apply versions and to note heads."""
        self.access.ensure_default()
        self.answers.recover()
        self.applier.start()
        self.generations.keeper.start()
        self.audit.keeper.start()

    async def aopen(self) -> None:
        """Go on with unfinished evaluations, in the loop that will serve."""
        self.evaluation_runner.wake()

    async def aclose(self) -> None:
        """End running evaluations, answers and the model's connections, in the loop that used them."""
        await self.evaluation_runner.close()
        await self.answers.close()
        if self.model is not None:
            await self.model.aclose()

    def close(self) -> None:
        """Stop and give everything back; idempotent. `await aclose()` comes first."""
        self.resources.close()


@dataclass(frozen=True, slots=True)
class WorkerContainer:
    """Everything the worker process uses: no index."""

    settings: Settings
    folder: DataFolder
    open_work: UnitOfWorkFactory
    embedder: Embedder
    reader: FileReader
    worker: Worker
    sources: SourceRunner
    resources: ExitStack
    """What `close` gives back."""

    def close(self) -> None:
        """End the reading children and give everything back; idempotent."""
        self.resources.close()
