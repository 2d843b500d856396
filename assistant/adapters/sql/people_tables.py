"""Tables of people, their groups, invitations and keys; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from assistant.adapters.sql.columns import CompactJson, UtcDateTime, Word
from assistant.adapters.sql.tables import metadata, of_person
from assistant.domain.people import PersonState

people = Table(
    "people",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("roles", CompactJson, nullable=False),
    Column("state", Word(PersonState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("charter_version", Integer, nullable=False),
    Column("seen_at", UtcDateTime),
    Column("export_consent", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("id", "tenant_id"),
    UniqueConstraint("tenant_id", "email"),
    Index("ix_people_by_tenant", "tenant_id", "number"),
    Index("ix_people_by_email", "email"),
)

groups = Table(
    "groups",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("id", "tenant_id"),
    UniqueConstraint("tenant_id", "name"),
)

group_members = Table(
    "group_members",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("group_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("provider", Text, nullable=False, default=""),
    of_person(),
    ForeignKeyConstraint(
        ["group_id", "tenant_id"], ["groups.id", "groups.tenant_id"], ondelete="CASCADE"
    ),
    Index("ix_group_members_by_group", "group_id", "tenant_id"),
    Index("ix_group_members_by_tenant", "tenant_id"),
)
"""Both ends name the same tenant: a group never holds a person of another one.

`provider` is the identity provider that named the group; empty when an administrator gave it.
"""

invitations = Table(
    "invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("person_id", Text, nullable=False, unique=True),
    Column("code_hash", Text, nullable=False, unique=True),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    of_person(),
    Index("ix_invitations_by_tenant", "tenant_id", "created_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("permissions", CompactJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    of_person(),
    Index("ix_api_keys_by_person", "person_id", "tenant_id"),
    Index("ix_api_keys_by_tenant", "tenant_id", "number"),
)
