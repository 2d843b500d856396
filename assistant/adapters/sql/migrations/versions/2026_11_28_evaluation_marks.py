"""What verification marked in an evaluated answer, and how its model failed.

Results kept before have neither: nothing tells them any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1"
down_revision = "20261127_3"
branch_labels = None
depends_on = None

_COLUMNS = {
    "unsupported_sentences": sa.Integer,
    "uncited_sentences": sa.Integer,
    "model_fault": sa.Text,
}


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("evaluation_rows", sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("evaluation_rows") as table:
        for name in _COLUMNS:
            table.drop_column(name)
