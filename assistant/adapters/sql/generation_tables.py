"""The tables of index generations, and of the tenants that search another one than the others."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from assistant.adapters.sql.columns import CompactJson, UtcDateTime, Word
from assistant.adapters.sql.tables import metadata
from assistant.domain.generations import GenerationState

generations = Table(
    "generations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("embedder_name", Text, nullable=False),
    Column("embedder_id", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("chunker", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("cut", Text, nullable=False),
    Column("layout", Integer, nullable=False),
    Column("place", Text, nullable=False, unique=True),
    Column("state", Word(GenerationState), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("forecast", CompactJson),
    Column("progress", CompactJson, nullable=False),
    Column("built_at", UtcDateTime),
    Column("switched_at", UtcDateTime),
    Column("is_trial_wanted", Boolean, nullable=False),
    Column("trial", CompactJson),
    Column("overruled", Text, nullable=False),
    Column("reason_code", Text),
    Column("reason_params", CompactJson),
    Column("is_erased", Boolean, nullable=False),
    Column("owner", Text),
    Column("lease_until", UtcDateTime),
    Index(
        "ix_generations_one_active",
        "state",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
)

generation_tenants = Table(
    "generation_tenants",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("generation_id", Text, ForeignKey("generations.id"), nullable=False, index=True),
    Column("since", UtcDateTime, nullable=False),
    Column("overruled", Text, nullable=False),
)
