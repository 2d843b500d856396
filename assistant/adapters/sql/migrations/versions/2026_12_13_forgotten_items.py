"""Ended jobs keep their counts and readings who asked for them; sources know which files were erased."""

import sqlalchemy as sa
from alembic import op

revision = "20261213_1"
down_revision = "20261212_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was forgotten or erased before, as far as is known."""
    op.add_column("jobs", sa.Column("forgotten", sa.Text()))
    op.add_column("versions", sa.Column("asked_in", sa.Text()))
    op.create_table(
        "source_erasures",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.id"],
            name=op.f("fk_source_erasures_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "digest", name=op.f("pk_source_erasures")),
    )


def downgrade() -> None:
    """Counts of what was forgotten go with it, and erased files come back."""
    op.drop_table("source_erasures")
    op.drop_column("versions", "asked_in")
    op.drop_column("jobs", "forgotten")
