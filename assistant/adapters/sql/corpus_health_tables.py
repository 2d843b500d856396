"""Counters of what is found and what is not; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text

from assistant.adapters.sql.tables import metadata

document_days = Table(
    "document_days",
    metadata,
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("found", Integer, nullable=False),
    Index("ix_document_days_day", "day"),
)
"""How often each document was found; goes with it. No question, and nobody who asked."""

gap_days = Table(
    "gap_days",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("collection_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("amount", Integer, nullable=False),
)
"""Questions without answer, by the collection and kind of what was nearest; empty for nothing."""
