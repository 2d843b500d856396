"""Sources of documents, the looks at them, and what is remembered of their files."""

import sqlalchemy as sa
from alembic import op

revision = "20261205_1"
down_revision = "20261204_1"
branch_labels = None
depends_on = None

_LARGE = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
_TIME = sa.DateTime(timezone=True)
_OPEN = sa.text("state IN ('queued', 'running', 'awaiting_approval')")


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "id", "tenant_id", "collection_id", "kind", "name", "address", "user", "sealed",
                "include", "exclude", "rhythm",
            )
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("at_minute", "weekday", "removal_percent")
        ),
        sa.Column("next_run_at", _TIME, nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id", "tenant_id"],
            ["collections.id", "collections.tenant_id"],
            name=op.f("fk_sources_collection_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sources")),
        sa.UniqueConstraint("id", name=op.f("uq_sources_id")),
        sa.UniqueConstraint("id", "tenant_id", name=op.f("uq_sources_id_tenant_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_sources_tenant_id_name")),
    )
    op.create_index("ix_sources_by_collection", "sources", ["tenant_id", "collection_id"])
    op.create_index("ix_sources_due", "sources", ["next_run_at"])
    op.create_table(
        "source_runs",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "source_id", "tenant_id", "kind", "state", "asked_by")
        ),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_params", sa.Text(), nullable=True),
        sa.Column("approved_removal", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id", "tenant_id"],
            ["sources.id", "sources.tenant_id"],
            name=op.f("fk_source_runs_source_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_source_runs")),
        sa.UniqueConstraint("id", name=op.f("uq_source_runs_id")),
    )
    op.create_index("ix_source_runs_by_source", "source_runs", ["source_id", "number"])
    op.create_index("ix_source_runs_by_state", "source_runs", ["state", "number"])
    op.create_index(
        "uq_source_runs_one_open",
        "source_runs",
        ["source_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "source_files",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", _LARGE, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("stamp", "sha256")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.id"],
            name=op.f("fk_source_files_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "name", name=op.f("pk_source_files")),
    )


def downgrade() -> None:
    op.drop_table("source_files")
    op.drop_table("source_runs")
    op.drop_table("sources")
