"""Looks at sources take turns and end after vain attempts; a schedule counts from the first run."""

import sqlalchemy as sa
from alembic import op

revision = "20261212_1"
down_revision = "20261211_1"
branch_labels = None
depends_on = None

_FIRST = """
UPDATE sources SET first_synced_at = coalesce(
  (SELECT min(finished_at) FROM source_runs
    WHERE source_id = sources.id AND kind = 'sync' AND state = 'done'),
  created_at)
WHERE next_run_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM source_files WHERE source_id = sources.id)
  OR EXISTS (SELECT 1 FROM source_runs
    WHERE source_id = sources.id AND kind = 'sync' AND state = 'done')
"""


def upgrade() -> None:
    """A source whose first run was forgotten by now is known by its files, or by its schedule."""
    op.add_column("sources", sa.Column("first_synced_at", sa.DateTime(timezone=True)))
    op.execute(_FIRST)
    op.add_column("source_runs", _count("attempt"))
    op.add_column("source_runs", _count("turn"))
    op.create_index("ix_source_runs_by_turn", "source_runs", ["tenant_id", "turn"])


def downgrade() -> None:
    """What was cancelled becomes what the older program knows."""
    op.execute("UPDATE source_runs SET state = 'refused' WHERE state = 'cancelled'")
    op.drop_index("ix_source_runs_by_turn", "source_runs")
    op.drop_column("source_runs", "turn")
    op.drop_column("source_runs", "attempt")
    op.drop_column("sources", "first_synced_at")


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")
