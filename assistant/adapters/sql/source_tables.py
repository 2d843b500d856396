"""Tables of sources, their runs and the files that are remembered of them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from assistant.adapters.sql.columns import CompactJson, UtcDateTime, Word
from assistant.adapters.sql.tables import metadata
from assistant.domain.sources import Rhythm, RunKind, RunState, SourceKind

_LARGE = Integer().with_variant(BigInteger(), "postgresql")
_OPEN = text("state IN ('queued', 'running', 'awaiting_approval')")

sources = Table(
    "sources",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, nullable=False),
    Column("collection_id", Text, nullable=False),
    Column("kind", Word(SourceKind), nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("include", CompactJson, nullable=False),
    Column("exclude", CompactJson, nullable=False),
    Column("rhythm", Word(Rhythm), nullable=False),
    Column("at_minute", Integer, nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("removal_percent", Integer, nullable=False),
    Column("next_run_at", UtcDateTime),
    Column("first_synced_at", UtcDateTime),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["collection_id", "tenant_id"], ["collections.id", "collections.tenant_id"]
    ),
    UniqueConstraint("id", "tenant_id"),
    UniqueConstraint("tenant_id", "name"),
    Index("ix_sources_by_collection", "tenant_id", "collection_id"),
    Index("ix_sources_due", "next_run_at"),
)

source_runs = Table(
    "source_runs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("source_id", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("kind", Word(RunKind), nullable=False),
    Column("state", Word(RunState), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("outcome", CompactJson, nullable=False),
    Column("reason_code", Text),
    Column("reason_params", CompactJson),
    Column("approved_removal", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", UtcDateTime),
    Column("lease_owner", Text),
    Column("lease_until", UtcDateTime),
    Column("attempt", Integer, nullable=False, default=0),
    Column("turn", Integer, nullable=False, default=0),
    ForeignKeyConstraint(
        ["source_id", "tenant_id"], ["sources.id", "sources.tenant_id"], ondelete="CASCADE"
    ),
    Index("ix_source_runs_by_source", "source_id", "number"),
    Index("ix_source_runs_by_state", "state", "number"),
    Index("ix_source_runs_by_turn", "tenant_id", "turn"),
    Index(
        "uq_source_runs_one_open",
        "source_id",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
)

source_files = Table(
    "source_files",
    metadata,
    Column("source_id", Text, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size_bytes", _LARGE, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("sha256", Text, nullable=False),
)
