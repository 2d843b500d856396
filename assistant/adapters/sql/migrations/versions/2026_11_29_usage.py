"""Counters of what tenants use, by day, and of the questions of their people."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_1"
down_revision = "20261128_2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_days",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "amount", sa.Integer().with_variant(sa.BigInteger(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_usage_days_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "day", "unit", name=op.f("pk_usage_days")),
    )
    op.create_table(
        "person_days",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_person_days_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", "day", name=op.f("pk_person_days")),
    )


def downgrade() -> None:
    op.drop_table("person_days")
    op.drop_table("usage_days")
