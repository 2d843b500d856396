"""Jobs take turns between tenants, and files that failed in passing are tried again at a known time."""

import sqlalchemy as sa
from alembic import op

revision = "20261204_1"
down_revision = "20261203_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", _count("turn"))
    op.create_index("ix_jobs_by_turn", "jobs", ["tenant_id", "turn"])
    op.add_column("job_items", _count("setbacks"))
    op.add_column("job_items", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Files that wait for another try become pending, which the older program knows."""
    op.execute(
        "UPDATE job_items SET state = 'pending', reason_code = NULL, reason_params = NULL "
        "WHERE state = 'retrying'"
    )
    op.drop_column("job_items", "not_before")
    op.drop_column("job_items", "setbacks")
    op.drop_index("ix_jobs_by_turn", "jobs")
    op.drop_column("jobs", "turn")
    op.drop_column("jobs", "not_before")


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")
