"""Results of evaluations are tied to the versions they quote.

Those kept before are tied too; what quotes text that is erased already is emptied.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "20261127_3"
down_revision = "20261126_2"
branch_labels = None
depends_on = None

_ROWS = sa.table(
    "evaluation_rows",
    sa.column("evaluation_id", sa.Text()),
    sa.column("ordinal", sa.Integer()),
    sa.column("text", sa.Text()),
    sa.column("citations", sa.Text()),
)
_CHUNKS = sa.table("chunks", sa.column("id", sa.Text()), sa.column("version_id", sa.Text()))
_WITHHELD = {"file": "", "title": "", "pages": [], "quote": "", "chunk_id": None}


def upgrade() -> None:
    sources = op.create_table(
        "evaluation_sources",
        sa.Column("evaluation_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id", "ordinal"],
            ["evaluation_rows.evaluation_id", "evaluation_rows.ordinal"],
            name=op.f("fk_evaluation_sources_evaluation_id_ordinal"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "evaluation_id", "ordinal", "version_id", name=op.f("pk_evaluation_sources")
        ),
    )
    op.create_index("ix_evaluation_sources_by_version", "evaluation_sources", ["version_id"])
    connection = op.get_bind()
    for row in connection.execute(sa.select(_ROWS)).all():
        _tie(connection, row, sources=sources)


def _tie(connection: sa.Connection, row: sa.Row, *, sources: sa.Table) -> None:
    citations = json.loads(row.citations)
    ids = {each.get("chunk_id") for each in citations} - {None}
    found = connection.execute(sa.select(_CHUNKS).where(_CHUNKS.c.id.in_(ids))).all()
    key = {"evaluation_id": row.evaluation_id, "ordinal": row.ordinal}
    for version_id in sorted({each.version_id for each in found}):
        connection.execute(sources.insert().values(version_id=version_id, **key))
    kept = {each.id for each in found}
    if any(each.get("chunk_id") not in kept for each in citations):
        told = [
            each
            if each.get("chunk_id") in kept
            else {**_WITHHELD, "is_right": each["is_right"], "is_withheld": True}
            for each in citations
        ]
        written = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        this = sa.and_(
            _ROWS.c.evaluation_id == row.evaluation_id, _ROWS.c.ordinal == row.ordinal
        )
        connection.execute(sa.update(_ROWS).where(this).values(text="", citations=written))


def downgrade() -> None:
    op.drop_table("evaluation_sources")
