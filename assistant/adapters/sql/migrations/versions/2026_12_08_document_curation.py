"""What people put right of documents, and which they exclude."""

import sqlalchemy as sa
from alembic import op

revision = "20261208_1"
down_revision = "20261207_2"
branch_labels = None
depends_on = None

_BY_STATE = ["tenant_id", "collection_id", "is_deleted", "state", "chunk_count"]


def upgrade() -> None:
    op.add_column("documents", sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("excluded_by", sa.Text(), nullable=True))
    op.drop_index("ix_documents_by_state", "documents")
    op.create_index("ix_documents_by_state", "documents", [*_BY_STATE, "excluded_at"])
    op.add_column(
        "versions", sa.Column("searched_title", sa.Text(), nullable=False, server_default="")
    )
    op.create_table(
        "document_corrections",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("is_undated", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id", "tenant_id", "collection_id"],
            ["documents.id", "documents.tenant_id", "documents.collection_id"],
            name=op.f("fk_document_corrections_document_id_tenant_id_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_corrections")),
    )


def downgrade() -> None:
    op.drop_table("document_corrections")
    op.drop_column("versions", "searched_title")
    op.drop_index("ix_documents_by_state", "documents")
    op.create_index("ix_documents_by_state", "documents", _BY_STATE)
    op.drop_column("documents", "excluded_by")
    op.drop_column("documents", "excluded_at")
