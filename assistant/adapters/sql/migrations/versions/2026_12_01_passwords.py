"""Passwords of local accounts, the links that let set one, and failed attempts to sign in."""

import sqlalchemy as sa
from alembic import op

revision = "20261201_1"
down_revision = "20261130_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passwords",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "tenant_id"],
            ["people.id", "people.tenant_id"],
            name=op.f("fk_passwords_person_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_passwords")),
    )
    op.create_index(op.f("ix_passwords_tenant_id"), "passwords", ["tenant_id"])
    op.create_table(
        "password_links",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "tenant_id"],
            ["people.id", "people.tenant_id"],
            name=op.f("fk_password_links_person_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_password_links")),
        sa.UniqueConstraint("person_id", name=op.f("uq_password_links_person_id")),
    )
    op.create_index(op.f("ix_password_links_tenant_id"), "password_links", ["tenant_id"])
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_last_at"), "sign_in_failures", ["last_at"])


def downgrade() -> None:
    op.drop_table("sign_in_failures")
    op.drop_table("password_links")
    op.drop_table("passwords")
