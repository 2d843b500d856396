"""Tenants that keep which questions nothing answered, and those questions."""

import sqlalchemy as sa
from alembic import op

revision = "20261211_1"
down_revision = "20261210_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question_keeping",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_question_keeping_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_question_keeping")),
    )
    op.create_table(
        "kept_questions",
        sa.Column("answer_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["answers.id"],
            name=op.f("fk_kept_questions_answer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_kept_questions_tenant_id")
        ),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_kept_questions")),
    )
    op.create_index("ix_kept_questions_by_day", "kept_questions", ["tenant_id", "day"])


def downgrade() -> None:
    op.drop_table("kept_questions")
    op.drop_table("question_keeping")
