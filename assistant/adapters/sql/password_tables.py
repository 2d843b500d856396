"""Tables of passwords, of links that let set one, and of failed attempts to sign in."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from assistant.adapters.sql.columns import UtcDateTime
from assistant.adapters.sql.tables import metadata, of_person

passwords = Table(
    "passwords",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False, index=True),
    Column("hash", Text, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    of_person(),
)

password_links = Table(
    "password_links",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("person_id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, nullable=False, index=True),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    of_person(),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
)
"""`key` is a hash of an account or an address: rows go a day after the last failure."""
