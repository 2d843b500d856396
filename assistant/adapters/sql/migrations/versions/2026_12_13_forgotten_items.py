"""Lines of ended jobs are kept for a time; the jobs keep their counts, and readings who asked for them."""

import sqlalchemy as sa
from alembic import op

revision = "20261213_1"
down_revision = "20261212_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is forgotten yet."""
    op.add_column("jobs", sa.Column("forgotten", sa.Text()))
    op.add_column("versions", sa.Column("asked_in", sa.Text()))


def downgrade() -> None:
    """Counts of what was forgotten go with it."""
    op.drop_column("versions", "asked_in")
    op.drop_column("jobs", "forgotten")
