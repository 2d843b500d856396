"""Tables of what tenants use; beside the other `tables` for their length."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, Table, Text

from assistant.adapters.sql.columns import Word
from assistant.adapters.sql.tables import metadata
from assistant.domain.usage import Unit

_LARGE = Integer().with_variant(BigInteger(), "postgresql")

usage_days = Table(
    "usage_days",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("unit", Word(Unit), primary_key=True),
    Column("amount", _LARGE, nullable=False),
)

person_days = Table(
    "person_days",
    metadata,
    Column("tenant_id", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("questions", Integer, nullable=False),
)
"""Kept for a few days only: nothing else tells how much each person asks."""
