"""What the text of a version tells of it, and the links between documents."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_1"
down_revision = "20261123_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readings",
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["versions.id"],
            name=op.f("fk_readings_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_readings")),
    )
    op.create_table(
        "reading_marks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["readings.version_id"],
            name=op.f("fk_reading_marks_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "collection_id", "mark", "version_id", name=op.f("pk_reading_marks")
        ),
    )
    op.create_index("ix_reading_marks_version_id", "reading_marks", ["version_id"])
    _create_links()


def _create_links() -> None:
    ends = [
        sa.ForeignKeyConstraint(
            [end, "tenant_id", "collection_id"],
            ["documents.id", "documents.tenant_id", "documents.collection_id"],
            name=op.f(f"fk_document_links_{end}_tenant_id_collection_id"),
            ondelete="CASCADE",
        )
        for end in ("source_id", "target_id")
    ]
    op.create_table(
        "document_links",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        *ends,
        sa.PrimaryKeyConstraint("number", name=op.f("pk_document_links")),
        sa.UniqueConstraint("id", name=op.f("uq_document_links_id")),
        sa.UniqueConstraint(
            "source_id",
            "target_id",
            "kind",
            name=op.f("uq_document_links_source_id_target_id_kind"),
        ),
    )
    op.create_index("ix_document_links_by_target", "document_links", ["target_id", "state"])
    op.create_index(
        "ix_document_links_by_state",
        "document_links",
        ["tenant_id", "collection_id", "state", "number"],
    )


def downgrade() -> None:
    op.drop_table("document_links")
    op.drop_table("reading_marks")
    op.drop_table("readings")
