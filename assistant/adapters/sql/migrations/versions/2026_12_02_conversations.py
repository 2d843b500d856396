"""What people say of answers, what auditors read, and when cited documents were deleted."""

import sqlalchemy as sa
from alembic import op

revision = "20261202_1"
down_revision = "20261201_1"
branch_labels = None
depends_on = None


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["person_id", "tenant_id"],
        ["people.id", "people.tenant_id"],
        name=op.f(f"fk_{table}_person_id_tenant_id"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    _feedback()
    _inspections()
    op.create_table(
        "deleted_documents",
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id", "tenant_id"],
            ["collections.id", "collections.tenant_id"],
            name=op.f("fk_deleted_documents_collection_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_deleted_documents")),
    )
    op.create_index(
        "ix_deleted_documents_by_collection", "deleted_documents", ["collection_id", "tenant_id"]
    )


def _feedback() -> None:
    op.create_table(
        "answer_feedback",
        sa.Column("answer_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("collections", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["answers.id"],
            name=op.f("fk_answer_feedback_answer_id"),
            ondelete="CASCADE",
        ),
        _of_person("answer_feedback"),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_answer_feedback")),
    )
    op.create_index("ix_answer_feedback_by_person", "answer_feedback", ["person_id", "tenant_id"])
    op.create_index("ix_answer_feedback_by_month", "answer_feedback", ["tenant_id", "month"])
    op.create_table(
        "feedback_counts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_feedback_counts_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "month",
            "collection_id",
            "verdict",
            "reason",
            name=op.f("pk_feedback_counts"),
        ),
    )


def _inspections() -> None:
    op.create_table(
        "inspections",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_of_platform", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_inspections_conversation_id"),
            ondelete="SET NULL",
        ),
        _of_person("inspections"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_inspections")),
        sa.UniqueConstraint("id", name=op.f("uq_inspections_id")),
    )
    op.create_index("ix_inspections_conversation_id", "inspections", ["conversation_id"])
    op.create_index(
        "ix_inspections_by_person", "inspections", ["person_id", "tenant_id", "number"]
    )


def downgrade() -> None:
    for table in ("inspections", "feedback_counts", "answer_feedback", "deleted_documents"):
        op.drop_table(table)
