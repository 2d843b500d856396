"""Question sets of tenants, and evaluations of them."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_1"
down_revision = "20261125_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question_sets",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("question_count", sa.Integer(), nullable=False),
        sa.Column("unanswerable_count", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_question_sets_tenant_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_question_sets")),
        sa.UniqueConstraint("id", name=op.f("uq_question_sets_id")),
        sa.UniqueConstraint("id", "tenant_id", name=op.f("uq_question_sets_id_tenant_id")),
    )
    op.create_index("ix_question_sets_by_tenant", "question_sets", ["tenant_id", "number"])
    op.create_table(
        "questions",
        sa.Column("set_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"],
            ["question_sets.id"],
            name=op.f("fk_questions_set_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("set_id", "ordinal", name=op.f("pk_questions")),
    )
    _create_evaluations()


def _create_evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("set_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_params", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["set_id", "tenant_id"],
            ["question_sets.id", "question_sets.tenant_id"],
            name=op.f("fk_evaluations_set_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("id", name=op.f("uq_evaluations_id")),
    )
    op.create_index(
        "ix_evaluations_by_person", "evaluations", ["tenant_id", "person_id", "number"]
    )
    op.create_index("ix_evaluations_by_set", "evaluations", ["set_id", "tenant_id"])
    op.create_index("ix_evaluations_by_state", "evaluations", ["state", "number"])
    op.create_table(
        "evaluation_rows",
        sa.Column("evaluation_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_answerable", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("document_rank", sa.Integer(), nullable=True),
        sa.Column("passage_rank", sa.Integer(), nullable=True),
        sa.Column("citation_rank", sa.Integer(), nullable=True),
        sa.Column("expected_words", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("citations", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_params", sa.Text(), nullable=True),
        sa.Column("elapsed_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.id"],
            name=op.f("fk_evaluation_rows_evaluation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evaluation_id", "ordinal", name=op.f("pk_evaluation_rows")),
    )


def downgrade() -> None:
    op.drop_table("evaluation_rows")
    op.drop_table("evaluations")
    op.drop_table("questions")
    op.drop_table("question_sets")
