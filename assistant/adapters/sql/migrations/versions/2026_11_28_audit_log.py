"""The audit log: a chain of entries, and the pseudonyms of people in it."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_2"
down_revision = "20261127_2"
branch_labels = None
depends_on = None

_TEXTS = ("time", "act", "tenant", "actor", "subject", "details", "previous", "hash")


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_entries_id")),
    )
    op.create_index("ix_audit_entries_by_tenant", "audit_entries", ["tenant", "number"])
    op.create_index("ix_audit_entries_by_time", "audit_entries", ["time", "number"])
    op.create_table(
        "audit_pseudonyms",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "tenant_id"],
            ["people.id", "people.tenant_id"],
            name=op.f("fk_audit_pseudonyms_person_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_audit_pseudonyms")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_audit_pseudonyms_pseudonym")),
    )
    op.create_index("ix_audit_pseudonyms_by_tenant", "audit_pseudonyms", ["tenant_id"])


def downgrade() -> None:
    op.drop_table("audit_pseudonyms")
    op.drop_table("audit_entries")
