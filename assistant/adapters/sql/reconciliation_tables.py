"""Table of the reports of reconciliation; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, Table

from assistant.adapters.sql.columns import CompactJson, UtcDateTime
from assistant.adapters.sql.tables import metadata

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime, nullable=False),
    Column("is_repair", Boolean, nullable=False),
    Column("compared", CompactJson, nullable=False),
    Column("findings", CompactJson, nullable=False),
)
