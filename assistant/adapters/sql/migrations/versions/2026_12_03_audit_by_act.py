"""The last entry of an act is found without reading the whole audit log."""

from alembic import op

revision = "20261203_1"
down_revision = "20261202_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_entries_by_act", "audit_entries", ["act", "number"])


def downgrade() -> None:
    op.drop_index("ix_audit_entries_by_act", "audit_entries")
