"""Sign-in through identity providers: whom an identity is, and which groups a provider named.

Sessions end when idle and tell their device.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_2"
down_revision = "20261127_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("idle_until", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("device", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE sessions SET seen_at = created_at, idle_until = expires_at")
    with op.batch_alter_table("sessions") as table:
        for name in ("seen_at", "idle_until"):
            table.alter_column(name, existing_type=sa.DateTime(timezone=True), nullable=False)
        table.alter_column("device", existing_type=sa.Text(), server_default=None)
    _create_attempts()
    _create_federation()
    _create_identities()


def _create_attempts() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("browser_hash", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("code_verifier", sa.Text(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index(op.f("ix_sign_in_attempts_expires_at"), "sign_in_attempts", ["expires_at"])


def _create_federation() -> None:
    op.create_table(
        "federated_sessions",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("leaving_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name=op.f("fk_federated_sessions_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_federated_sessions")),
    )
    op.create_index(
        "ix_federated_sessions_by_subject", "federated_sessions", ["issuer", "subject"]
    )
    op.create_index("ix_federated_sessions_by_sid", "federated_sessions", ["issuer", "sid"])
    op.create_table(
        "logout_notices",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("good_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "jti", name=op.f("pk_logout_notices")),
    )
    op.create_index(op.f("ix_logout_notices_good_until"), "logout_notices", ["good_until"])


def _create_identities() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "tenant_id"],
            ["people.id", "people.tenant_id"],
            name=op.f("fk_identities_person_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index("ix_identities_by_person", "identities", ["person_id", "tenant_id"])
    op.create_index("ix_people_by_email", "people", ["email"])
    with op.batch_alter_table("group_members") as table:
        table.add_column(sa.Column("provider", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("group_members") as table:
        table.drop_column("provider")
    op.drop_index("ix_people_by_email", "people")
    op.drop_table("identities")
    op.drop_table("logout_notices")
    op.drop_table("federated_sessions")
    op.drop_table("sign_in_attempts")
    with op.batch_alter_table("sessions") as table:
        for name in ("device", "idle_until", "seen_at"):
            table.drop_column(name)
