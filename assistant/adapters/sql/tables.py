"""Tables of documents, jobs and conversations, with the keys, cascades and indexes that its queries need.

`number` columns give an order of arrival where ids, being random, do not. Tenant and collection
travel together through composite foreign keys: a row can never claim the collection of another tenant.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from assistant.adapters.sql.columns import CompactJson, Float32, Integers, UtcDateTime, Word
from assistant.domain.answers import AnswerStatus
from assistant.domain.conversations import Author
from assistant.domain.documents import DocumentState, LinkKind, VersionState
from assistant.domain.jobs import ItemState, JobKind, JobState
from assistant.domain.links import LinkState
from ingest.model import ActStatus, DocumentKind, FileFormat

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def of_person() -> ForeignKeyConstraint:
    """Ties `person_id` and `tenant_id` of a table to one person; its rows go with it."""
    return ForeignKeyConstraint(
        ["person_id", "tenant_id"], ["people.id", "people.tenant_id"], ondelete="CASCADE"
    )


def _text(name: str, *, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=False, default=default)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0)


def _bytes(name: str) -> Column[int]:
    """A size, which the 32 bits of PostgreSQL's own integers do not always hold."""
    kind = Integer().with_variant(BigInteger(), "postgresql")
    return Column(name, kind, nullable=False, default=0)


def _number() -> Column[int]:
    return Column("number", Integer, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", Text, nullable=False, unique=True)


documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("collection_id"),
    _text("source"),
    _text("name"),
    _text("folded_name"),
    Column("state", Word(DocumentState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    _text("sha256"),
    _bytes("size_bytes"),
    _text("title"),
    Column("format", Word(FileFormat)),
    Column("kind", Word(DocumentKind), nullable=False),
    Column("date", Date),
    _count("page_count"),
    _count("chunk_count"),
    Column("notices", CompactJson, nullable=False),
    Column("reason_code", Text),
    Column("reason_params", CompactJson),
    Column("is_deleted", Boolean, nullable=False, default=False),
    Column("excluded_at", UtcDateTime),
    Column("excluded_by", Text),
    ForeignKeyConstraint(
        ["collection_id", "tenant_id"], ["collections.id", "collections.tenant_id"]
    ),
    UniqueConstraint("id", "tenant_id", "collection_id"),
    Index(
        "uq_documents_name_in_source",
        "collection_id",
        "source",
        "name",
        unique=True,
        sqlite_where=text("is_deleted = 0"),
        postgresql_where=text("NOT is_deleted"),
    ),
    Index(
        "ix_documents_by_name",
        "tenant_id",
        "collection_id",
        "is_deleted",
        "name",
        "id",
    ),
    Index(
        "ix_documents_by_state",
        "tenant_id",
        "collection_id",
        "is_deleted",
        "state",
        "chunk_count",
        "excluded_at",
    ),
    Index("ix_documents_sha256", "sha256"),
)

versions = Table(
    "versions",
    metadata,
    _number(),
    _id(),
    _text("document_id"),
    _text("tenant_id"),
    _text("collection_id"),
    Column("state", Word(VersionState), nullable=False),
    _text("sha256"),
    _text("fingerprint"),
    _text("title"),
    _text("searched_title", default=""),
    Column("format", Word(FileFormat), nullable=False),
    Column("kind", Word(DocumentKind), nullable=False),
    Column("date", Date),
    _count("page_count"),
    Column("notices", CompactJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("asked_in", Text),
    ForeignKeyConstraint(
        ["document_id", "tenant_id", "collection_id"],
        ["documents.id", "documents.tenant_id", "documents.collection_id"],
        ondelete="CASCADE",
    ),
    Index("ix_versions_by_document", "document_id", "state"),
    Index("ix_versions_by_state", "state", "number"),
    Index("ix_versions_sha256", "sha256"),
    Index(
        "uq_versions_one_live",
        "document_id",
        unique=True,
        sqlite_where=text("state = 'live'"),
        postgresql_where=text("state = 'live'"),
    ),
    Index(
        "uq_versions_one_ready",
        "document_id",
        unique=True,
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
)

readings = Table(
    "readings",
    metadata,
    Column("version_id", Text, ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True),
    Column("status", Word(ActStatus)),
    Column("act", CompactJson, nullable=False),
    Column("quality", CompactJson, nullable=False),
    Column("sketch", Integers, nullable=False),
)

reading_marks = Table(
    "reading_marks",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("collection_id", Text, primary_key=True),
    Column("mark", Text, primary_key=True),
    Column(
        "version_id",
        Text,
        ForeignKey("readings.version_id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

document_links = Table(
    "document_links",
    metadata,
    _number(),
    _id(),
    _text("tenant_id"),
    _text("collection_id"),
    _text("source_id"),
    _text("target_id"),
    Column("kind", Word(LinkKind), nullable=False),
    Column("state", Word(LinkState), nullable=False),
    _text("evidence"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", UtcDateTime),
    *(
        ForeignKeyConstraint(
            [end, "tenant_id", "collection_id"],
            ["documents.id", "documents.tenant_id", "documents.collection_id"],
            ondelete="CASCADE",
        )
        for end in ("source_id", "target_id")
    ),
    UniqueConstraint("source_id", "target_id", "kind"),
    Index("ix_document_links_by_target", "target_id", "state"),
    Index("ix_document_links_by_state", "tenant_id", "collection_id", "state", "number"),
)

chunks = Table(
    "chunks",
    metadata,
    _number(),
    _id(),
    Column("version_id", Text, ForeignKey("versions.id", ondelete="CASCADE"), nullable=False),
    _text("cut", default=""),
    Column("ordinal", Integer, nullable=False),
    _text("text"),
    Column("locator", Text, nullable=False),
    Column("tokens", Integer, nullable=False),
    _text("embedded_hash"),
    UniqueConstraint("version_id", "cut", "ordinal"),
    Index("ix_chunks_by_hash", "embedded_hash", "version_id"),
)

vectors = Table(
    "vectors",
    metadata,
    _number(),
    _text("hash"),
    _text("embedder_id"),
    Column("vector", Float32, nullable=False),
    UniqueConstraint("hash", "embedder_id"),
)

contents = Table("contents", metadata, Column("sha256", Text, primary_key=True))

jobs = Table(
    "jobs",
    metadata,
    _number(),
    _id(),
    _text("tenant_id"),
    _text("collection_id"),
    Column("kind", Word(JobKind), nullable=False),
    _text("source"),
    Column("state", Word(JobState), nullable=False),
    _text("created_by"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    _count("attempt"),
    Column("lease_owner", Text),
    Column("lease_until", UtcDateTime),
    Column("not_before", UtcDateTime),
    _count("turn"),
    Column("forgotten", CompactJson),
    ForeignKeyConstraint(
        ["collection_id", "tenant_id"], ["collections.id", "collections.tenant_id"]
    ),
    Index("ix_jobs_by_collection", "tenant_id", "collection_id", "number"),
    Index("ix_jobs_by_state", "state", "number"),
    Index("ix_jobs_by_turn", "tenant_id", "turn"),
)

job_items = Table(
    "job_items",
    metadata,
    _number(),
    _id(),
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    _text("name"),
    Column("state", Word(ItemState), nullable=False),
    _text("sha256"),
    _bytes("size_bytes"),
    Column("document_id", Text, ForeignKey("documents.id", ondelete="SET NULL"), index=True),
    Column("version_id", Text, index=True),
    Column("reason_code", Text),
    Column("reason_params", CompactJson),
    _count("chunks"),
    _count("pages"),
    _count("attempt"),
    _count("setbacks"),
    Column("not_before", UtcDateTime),
    UniqueConstraint("job_id", "ordinal"),
    Index("ix_job_items_by_state", "job_id", "state", "ordinal"),
    Index("ix_job_items_sha256", "sha256", "state"),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("code_hash", Text, primary_key=True),
    _text("person_id"),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Index("ix_sign_in_links_by_person", "person_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", Text, nullable=False, unique=True),
    _text("person_id"),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("idle_until", UtcDateTime, nullable=False),
    _text("device"),
    Index("ix_sessions_by_person", "person_id"),
)

conversations = Table(
    "conversations",
    metadata,
    _number(),
    _id(),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    _text("person_id"),
    _text("title"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_conversations_by_person", "tenant_id", "person_id", "updated_at", "number"),
)

messages = Table(
    "messages",
    metadata,
    _number(),
    _id(),
    Column(
        "conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    Column("author", Word(Author), nullable=False),
    _text("text"),
    Column(
        "answer_id",
        Text,
        ForeignKey("answers.id", ondelete="SET NULL", deferrable=True, initially="DEFERRED"),
        index=True,
    ),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_messages_by_conversation", "conversation_id", "number"),
)

answers = Table(
    "answers",
    metadata,
    _number(),
    _id(),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    _text("person_id"),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), index=True),
    _text("question"),
    Column("status", Word(AnswerStatus), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Index("ix_answers_by_status", "status", "number"),
)

answer_events = Table(
    "answer_events",
    metadata,
    Column("answer_id", Text, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
)

index_state = Table(
    "index_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _text("embedder_id"),
)
