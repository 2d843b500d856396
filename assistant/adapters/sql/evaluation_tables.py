"""Tables of question sets and evaluations; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from assistant.adapters.sql.columns import CompactJson, UtcDateTime, Word
from assistant.adapters.sql.tables import metadata
from assistant.domain.answers import AnswerStatus
from assistant.domain.evaluations import EvaluationState

question_sets = Table(
    "question_sets",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("question_count", Integer, nullable=False),
    Column("unanswerable_count", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("id", "tenant_id"),
    Index("ix_question_sets_by_tenant", "tenant_id", "number"),
)

questions = Table(
    "questions",
    metadata,
    Column("set_id", Text, ForeignKey("question_sets.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("document", Text),
    Column("pages", CompactJson, nullable=False),
    Column("passage", Text, nullable=False),
    Column("answer", Text, nullable=False),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("set_id", Text, nullable=False),
    Column("state", Word(EvaluationState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("made_by", CompactJson),
    Column("reason_code", Text),
    Column("reason_params", CompactJson),
    ForeignKeyConstraint(
        ["set_id", "tenant_id"],
        ["question_sets.id", "question_sets.tenant_id"],
        ondelete="CASCADE",
    ),
    Index("ix_evaluations_by_person", "tenant_id", "person_id", "number"),
    Index("ix_evaluations_by_set", "set_id", "tenant_id"),
    Index("ix_evaluations_by_state", "state", "number"),
)

evaluation_rows = Table(
    "evaluation_rows",
    metadata,
    Column(
        "evaluation_id", Text, ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("is_answerable", Boolean, nullable=False),
    Column("status", Word(AnswerStatus), nullable=False),
    Column("document_rank", Integer),
    Column("passage_rank", Integer),
    Column("citation_rank", Integer),
    Column("quote_rank", Integer),
    Column("expected_words", Float),
    Column("unsupported_sentences", Integer),
    Column("uncited_sentences", Integer),
    Column("model_fault", Text),
    Column("text", Text, nullable=False),
    Column("citations", CompactJson, nullable=False),
    Column("reason_code", Text),
    Column("reason_params", CompactJson),
    Column("elapsed_ms", Integer, nullable=False),
)

evaluation_sources = Table(
    "evaluation_sources",
    metadata,
    Column("evaluation_id", Text, primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("version_id", Text, primary_key=True),
    ForeignKeyConstraint(
        ["evaluation_id", "ordinal"],
        ["evaluation_rows.evaluation_id", "evaluation_rows.ordinal"],
        ondelete="CASCADE",
    ),
    Index("ix_evaluation_sources_by_version", "version_id"),
)
