"""Tables of the audit log; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from assistant.adapters.sql.tables import metadata, of_person

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("time", Text, nullable=False),
    Column("act", Text, nullable=False),
    # Not `tenant_id`: an entry outlives its tenant, and is none of what is erased with it.
    Column("tenant", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_entries_by_tenant", "tenant", "number"),
    Index("ix_audit_entries_by_time", "time", "number"),
    Index("ix_audit_entries_by_act", "act", "number"),
)
"""All texts, hashed as they stand: whatever is written over them can still be read and told."""

audit_pseudonyms = Table(
    "audit_pseudonyms",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("pseudonym", Text, nullable=False, unique=True),
    of_person(),
    Index("ix_audit_pseudonyms_by_tenant", "tenant_id"),
)
"""The only link from entries to people; it goes with its person."""
