"""Tables about conversations beside the other `tables` for their length.

What people say of answers, what auditors read, and when documents that answers cite were deleted.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
)

from assistant.adapters.sql.columns import CompactJson, UtcDateTime, Word
from assistant.adapters.sql.tables import metadata, of_person
from assistant.domain.feedback import Verdict

answer_feedback = Table(
    "answer_feedback",
    metadata,
    Column("answer_id", Text, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("verdict", Word(Verdict), nullable=False),
    Column("reasons", CompactJson, nullable=False),
    Column("comment", Text, nullable=False),
    Column("is_shared", Boolean, nullable=False),
    Column("month", Date, nullable=False),
    Column("collections", CompactJson, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    of_person(),
    Index("ix_answer_feedback_by_person", "person_id", "tenant_id"),
    Index("ix_answer_feedback_by_month", "tenant_id", "month"),
)
"""Goes with its answer, and with its person."""

feedback_counts = Table(
    "feedback_counts",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("collection_id", Text, primary_key=True),
    Column("verdict", Word(Verdict), primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("amount", Integer, nullable=False),
)
"""Outlives what it counts: it names nobody. An empty collection or reason stands for all of them."""

inspections = Table(
    "inspections",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column(
        "conversation_id", Text, ForeignKey("conversations.id", ondelete="SET NULL"), index=True
    ),
    Column("reason", Text, nullable=False),
    Column("is_of_platform", Boolean, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime),
    of_person(),
    Index("ix_inspections_by_person", "person_id", "tenant_id", "number"),
)
"""Stays when the conversation goes: its person has a right to know."""

deleted_documents = Table(
    "deleted_documents",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("collection_id", Text, nullable=False),
    Column("deleted_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["collection_id", "tenant_id"],
        ["collections.id", "collections.tenant_id"],
        ondelete="CASCADE",
    ),
    Index("ix_deleted_documents_by_collection", "collection_id", "tenant_id"),
)
"""When a document was deleted, for the answers that cite it; nothing else of it is kept."""
