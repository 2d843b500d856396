"""What people put right of documents; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKeyConstraint, Integer, Table, Text

from assistant.adapters.sql.columns import UtcDateTime, Word
from assistant.adapters.sql.tables import metadata
from ingest.model import DocumentKind

document_corrections = Table(
    "document_corrections",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("collection_id", Text, nullable=False),
    Column("title", Text),
    Column("kind", Word(DocumentKind)),
    Column("date", Date),
    Column("is_undated", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("corrected_by", Text, nullable=False),
    Column("corrected_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["document_id", "tenant_id", "collection_id"],
        ["documents.id", "documents.tenant_id", "documents.collection_id"],
        ondelete="CASCADE",
    ),
)
