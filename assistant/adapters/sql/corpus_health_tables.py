"""Counters of what is found and what is not; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text

from assistant.adapters.sql.columns import UtcDateTime
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

question_keeping = Table(
    "question_keeping",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("decided_by", Text, nullable=False),
)
"""The tenants whose questions without answer are kept, from when on, and who said so."""

kept_questions = Table(
    "kept_questions",
    metadata,
    Column("answer_id", Text, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("collection_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Index("ix_kept_questions_by_day", "tenant_id", "day"),
)
"""Questions without answer of those tenants. Their words stand in their answers, and go with them."""

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
