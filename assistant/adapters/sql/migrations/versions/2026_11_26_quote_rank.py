"""Where among the citations of an evaluated answer the expected words are quoted."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_2"
down_revision = "20261126_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evaluation_rows", sa.Column("quote_rank", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("evaluation_rows") as table:
        table.drop_column("quote_rank")
