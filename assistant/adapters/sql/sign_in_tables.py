"""Tables of sign-ins through identity providers, and of whom their identities are."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from assistant.adapters.sql.columns import UtcDateTime
from assistant.adapters.sql.tables import metadata, of_person

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("browser_hash", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("code_verifier", Text, nullable=False),
    Column("return_to", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

federated_sessions = Table(
    "federated_sessions",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("provider", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sid", Text, nullable=False),
    Column("id_token", Text, nullable=False),
    Column("leaving_hash", Text, nullable=False),
    Index("ix_federated_sessions_by_subject", "issuer", "subject"),
    Index("ix_federated_sessions_by_sid", "issuer", "sid"),
)

logout_notices = Table(
    "logout_notices",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    Column("good_until", UtcDateTime, nullable=False, index=True),
)

identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("linked_at", UtcDateTime, nullable=False),
    of_person(),
    Index("ix_identities_by_person", "person_id", "tenant_id"),
)
"""`provider` is the name that the settings had for the issuer when the identity was tied."""
