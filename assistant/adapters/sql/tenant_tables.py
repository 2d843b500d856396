"""Tables of tenants and collections; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from assistant.adapters.sql.columns import CompactJson, UtcDateTime, Word
from assistant.adapters.sql.tables import metadata
from assistant.domain.tenancy import Audience
from assistant.domain.tenants import TenantKind, TenantState

tenants = Table(
    "tenants",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Word(TenantKind), nullable=False),
    Column("siren", Text, unique=True),
    Column("parent_id", Text, ForeignKey("tenants.id"), index=True),
    Column("state", Word(TenantState), nullable=False),
    Column("state_since", UtcDateTime),
    Column("colour", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("welcome", Text, nullable=False),
    Column("charter_version", Integer, nullable=False),
    Column("charter_text", Text, nullable=False),
    Column("retention_days", Integer),
    Column("quotas", CompactJson, nullable=False),
    Column("allowed_models", CompactJson, nullable=False),
)

tenant_sirets = Table(
    "tenant_sirets",
    metadata,
    Column("siret", Text, primary_key=True),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False, index=True),
)

tenant_logos = Table(
    "tenant_logos",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("image", LargeBinary, nullable=False),
)

collections = Table(
    "collections",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("audience", Word(Audience), nullable=False),
    UniqueConstraint("id", "tenant_id"),
    Index("ix_collections_by_audience", "audience", "tenant_id"),
)

collection_groups = Table(
    "collection_groups",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("collection_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    ForeignKeyConstraint(
        ["collection_id", "tenant_id"],
        ["collections.id", "collections.tenant_id"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["group_id", "tenant_id"], ["groups.id", "groups.tenant_id"], ondelete="CASCADE"
    ),
    Index("ix_collection_groups_by_collection", "collection_id", "tenant_id"),
)
"""Both ends name the same tenant: a collection is never opened to the group of another one."""

collection_tenants = Table(
    "collection_tenants",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "collection_id",
        Text,
        ForeignKey("collections.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)
"""`tenant_id` is the one that a collection is shared with, never its owner."""
