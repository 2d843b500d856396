# ruff: noqa: S101 - a test suite that ships with the product
"""What the repository suites stand on: two tenants that hold the same text, and makers of entities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from assistant.domain.answers import Answer, AnswerStatus
from assistant.domain.conversations import Author, Conversation, Message
from assistant.domain.documents import (
    Document,
    DocumentState,
    DocumentVersion,
    NewChunk,
    VersionState,
)
from assistant.domain.ids import (
    AnswerId,
    ChunkId,
    CollectionId,
    ConversationId,
    DocumentId,
    JobId,
    JobItemId,
    MessageId,
    PersonId,
    TenantId,
    VersionId,
    new_id,
)
from assistant.domain.jobs import ItemState, Job, JobItem, JobKind, JobState
from assistant.domain.people import Person, PersonState
from assistant.domain.retrieval import EmbedderIdentity
from assistant.domain.tenancy import Collection, Grant, Role, Scope
from assistant.domain.tenants import Tenant
from assistant.ports.repositories import UnitOfWorkFactory
from ingest.model import Box, Chunk, DocumentKind, FileFormat, Locator, Notice

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
"""The time at which everything is made."""

EMBEDDER = EmbedderIdentity(id="test-1", dimensions=4)
"""The embedder of the suites; its vectors are halves, which 32-bit floats keep exactly."""

ROLES = frozenset({Role.AGENT, Role.TENANT_ADMIN})
"""Of the people of the suites."""

SAME_TEXT = "Le taux de subvention est fixé à 40 % des dépenses éligibles."
"""What every tenant's documents say."""


@dataclass(frozen=True)
class Reader:
    """A person, its tenant and the collections it reads."""

    scope: Scope

    @property
    def tenant_id(self) -> TenantId:
        """The reader's tenant."""
        return self.scope.tenant_id

    @property
    def person_id(self) -> PersonId:
        """The reader."""
        return self.scope.person_id

    @property
    def collection_id(self) -> CollectionId:
        """The only collection of its tenant."""
        return self.scope.collection_ids[0]


@dataclass(frozen=True)
class World:
    """Two tenants with one collection each."""

    here: Reader
    there: Reader

    @property
    def nobody(self) -> Scope:
        """A reader of here without grants."""
        return replace(self.here.scope, grants=frozenset())

    @property
    def crossed(self) -> Scope:
        """Grants whose tenants and collections exist, but not as pairs."""
        here, there = self.here, self.there
        grants = {
            Grant(here.tenant_id, there.collection_id),
            Grant(there.tenant_id, here.collection_id),
        }
        return replace(here.scope, grants=frozenset(grants))

    @property
    def both(self) -> Scope:
        """The reader of here with the collections of both."""
        return replace(self.here.scope, grants=self.here.scope.grants | self.there.scope.grants)

    def colleague(self) -> Reader:
        """Another person of here."""
        return Reader(replace(self.here.scope, person_id=PersonId("colleague")))


class RepositoryContract:
    """Base of the suites: override `open_work` with an empty store."""

    @pytest.fixture
    def open_work(self) -> UnitOfWorkFactory:
        """Opens units of work over one empty store."""
        raise NotImplementedError

    @pytest.fixture
    def world(self, open_work: UnitOfWorkFactory) -> World:
        """Two tenants, stored."""
        return World(here=add_reader(open_work, "here"), there=add_reader(open_work, "there"))


def add_reader(open_work: UnitOfWorkFactory, name: str) -> Reader:
    """Store a tenant with one collection; its reader is called the same."""
    tenant = Tenant(TenantId(f"tenant-{name}"), f"Région {name}")
    collection = Collection(CollectionId(f"collection-{name}"), tenant.id, "Actes")
    with open_work() as work:
        work.tenancy.add_tenant(tenant)
        work.tenancy.add_collection(collection)
        work.people.add(make_person(tenant.id, name=name))
        work.commit()
    grants = frozenset({Grant(tenant.id, collection.id)})
    return Reader(Scope(tenant_id=tenant.id, person_id=PersonId(name), grants=grants))


def make_person(tenant_id: TenantId, *, name: str, roles: frozenset[Role] = ROLES) -> Person:
    """An active person, whose id is its name."""
    return Person(
        id=PersonId(name),
        tenant_id=tenant_id,
        name=name,
        email=f"{name}@exemple.fr",
        roles=roles,
        state=PersonState.ACTIVE,
        created_at=NOON,
    )


def sha(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def make_document(reader: Reader, *, name: str = "actes/délibération.pdf") -> Document:
    """A document just announced."""
    return Document(
        id=DocumentId(new_id()),
        tenant_id=reader.tenant_id,
        collection_id=reader.collection_id,
        source="upload",
        name=name,
        state=DocumentState.PENDING,
        created_at=NOON,
        updated_at=NOON,
        sha256=sha(name),
        size_bytes=1000,
    )


def make_version(document: Document) -> DocumentVersion:
    """A complete reading of a document."""
    return DocumentVersion(
        id=VersionId(new_id()),
        document_id=document.id,
        tenant_id=document.tenant_id,
        collection_id=document.collection_id,
        state=VersionState.READY,
        sha256=document.sha256,
        fingerprint=sha(f"fingerprint {document.sha256}"),
        title="Délibération n° 2024-123",
        format=FileFormat.PDF,
        kind=DocumentKind.DELIBERATION,
        date=date(2024, 6, 28),
        page_count=3,
        notices=(Notice.PAGES_WITHOUT_TEXT,),
        created_at=NOON,
    )


def make_chunks(version: DocumentVersion, *, texts: Sequence[str] = (SAME_TEXT,)) -> list[NewChunk]:
    """Chunks of a version, one per text."""
    return [_make_chunk(version, ordinal=ordinal, text=text) for ordinal, text in enumerate(texts)]


def _make_chunk(version: DocumentVersion, *, ordinal: int, text: str) -> NewChunk:
    locator = Locator(
        pages=(1, 2),
        boxes=(Box(1, 0.1, 0.25, 1 / 3, 0.75), Box(2, 0.0, 0.0, 1.0, 0.5)),
        section=("Titre I", "Article 2"),
        first_block=ordinal,
        last_block=ordinal + 1,
        page_starts=(0, len(text) // 2),
    )
    chunk = Chunk(ordinal=ordinal, text=text, locator=locator, tokens=12)
    embedded_hash = sha(chunk.embedded_text(title=version.title))
    return NewChunk(ChunkId(new_id()), ordinal, text, locator, 12, embedded_hash)


@dataclass(frozen=True)
class Stored:
    """A document as stored, with the version and chunks that were given."""

    document: Document
    version: DocumentVersion
    chunks: list[NewChunk]

    @property
    def chunk_ids(self) -> list[ChunkId]:
        """Ids of its chunks, in order."""
        return [chunk.id for chunk in self.chunks]


def store_ready(
    open_work: UnitOfWorkFactory, document: Document, *, texts: Sequence[str] = (SAME_TEXT,)
) -> Stored:
    """Store a READY version of an existing document, with its vectors."""
    version = make_version(document)
    chunks = make_chunks(version, texts=texts)
    with open_work() as work:
        work.vectors.add(
            {chunk.embedded_hash: (0.5, 0.5, 0.5, 0.5) for chunk in chunks}, embedder=EMBEDDER
        )
        work.ledger.add_version(version, chunks)
        work.commit()
    return Stored(document, version, chunks)


def store_live(
    open_work: UnitOfWorkFactory,
    reader: Reader,
    *,
    name: str = "actes/délibération.pdf",
    texts: Sequence[str] = (SAME_TEXT,),
) -> Stored:
    """Store a new document whose first version is live."""
    document = make_document(reader, name=name)
    with open_work() as work:
        work.documents.add(document)
        work.commit()
    stored = store_ready(open_work, document, texts=texts)
    with open_work() as work:
        assert work.ledger.make_live(stored.version.id, now=NOON + timedelta(minutes=1))
        work.commit()
    return stored


def make_job(reader: Reader, *, state: JobState = JobState.QUEUED) -> Job:
    """A job of a reader."""
    return Job(
        id=JobId(new_id()),
        tenant_id=reader.tenant_id,
        collection_id=reader.collection_id,
        kind=JobKind.INGEST,
        source="upload",
        state=state,
        created_by=reader.person_id,
        created_at=NOON,
    )


def make_item(job: Job, *, ordinal: int = 0, state: ItemState = ItemState.PENDING) -> JobItem:
    """An item of a job."""
    return JobItem(
        id=JobItemId(new_id()),
        job_id=job.id,
        ordinal=ordinal,
        name=f"{ordinal}.pdf",
        state=state,
        sha256=sha(f"{job.id} {ordinal}"),
        size_bytes=10,
    )


def store_job(
    open_work: UnitOfWorkFactory,
    reader: Reader,
    *,
    states: Sequence[ItemState] = (ItemState.PENDING,),
) -> tuple[Job, list[JobItem]]:
    """Store a queued job with one item per state."""
    job = make_job(reader)
    items = [make_item(job, ordinal=place, state=state) for place, state in enumerate(states)]
    with open_work() as work:
        work.jobs.add(job, items)
        work.commit()
    return job, items


def make_conversation(reader: Reader, *, at: datetime = NOON) -> Conversation:
    """A conversation of a reader."""
    return Conversation(
        id=ConversationId(new_id()),
        tenant_id=reader.tenant_id,
        person_id=reader.person_id,
        title="Subventions",
        created_at=at,
        updated_at=at,
    )


def make_answer(reader: Reader, *, conversation_id: ConversationId | None = None) -> Answer:
    """A running answer of a reader."""
    return Answer(
        id=AnswerId(new_id()),
        tenant_id=reader.tenant_id,
        person_id=reader.person_id,
        conversation_id=conversation_id,
        question="Quel est le taux de subvention ?",
        status=AnswerStatus.RUNNING,
        created_at=NOON,
    )


def make_messages(answer: Answer, *, conversation_id: ConversationId) -> list[Message]:
    """The question of an answer and the place of its text."""
    return [
        Message(MessageId(new_id()), conversation_id, Author.PERSON, answer.question, None, NOON),
        Message(MessageId(new_id()), conversation_id, Author.ASSISTANT, "", answer.id, NOON),
    ]
