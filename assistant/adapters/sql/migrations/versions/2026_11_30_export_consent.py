"""Whether a person lets its conversations leave with its tenant: not before it says so."""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1"
down_revision = "20261129_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "people",
        sa.Column("export_consent", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("people", "export_consent")
