"""Passages belong to a cut, and each generation of the index has one."""

import sqlalchemy as sa
from alembic import op

revision = "20261210_1"
down_revision = "20261209_1"
branch_labels = None
depends_on = None

_FORMER = "uq_chunks_version_id_ordinal"
_PRESENT = "uq_chunks_version_id_cut_ordinal"


def upgrade() -> None:
    with op.batch_alter_table("chunks") as table:
        table.add_column(sa.Column("cut", sa.Text(), nullable=False, server_default=""))
        table.drop_constraint(op.f(_FORMER), type_="unique")
        table.create_unique_constraint(op.f(_PRESENT), ["version_id", "cut", "ordinal"])
    op.add_column(
        "generations", sa.Column("cut", sa.Text(), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("generations", "cut")
    op.execute(sa.text("DELETE FROM chunks WHERE cut <> ''"))
    with op.batch_alter_table("chunks") as table:
        table.drop_constraint(op.f(_PRESENT), type_="unique")
        table.create_unique_constraint(op.f(_FORMER), ["version_id", "ordinal"])
        table.drop_column("cut")
