"""Tenants that search another generation of the index than the others."""

import sqlalchemy as sa
from alembic import op

revision = "20261209_1"
down_revision = "20261208_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "generation_tenants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("generation_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("overruled", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["generation_id"],
            ["generations.id"],
            name=op.f("fk_generation_tenants_generation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_generation_tenants_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_generation_tenants")),
    )
    op.create_index(
        op.f("ix_generation_tenants_generation_id"), "generation_tenants", ["generation_id"]
    )


def downgrade() -> None:
    op.drop_table("generation_tenants")
