"""Counters of the documents that are found and of the questions without answer."""

import sqlalchemy as sa
from alembic import op

revision = "20261207_2"
down_revision = "20261207_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_days",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_document_days_document_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", "day", name=op.f("pk_document_days")),
    )
    op.create_index("ix_document_days_day", "document_days", ["day"])
    op.create_table(
        "gap_days",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_gap_days_tenant_id")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "day", "collection_id", "kind", name=op.f("pk_gap_days")
        ),
    )


def downgrade() -> None:
    op.drop_table("gap_days")
    op.drop_table("document_days")
