"""Results of evaluated questions, tied to the versions they quote: erased text leaves them too."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, and_, select, update

from assistant.adapters.sql.evaluation_tables import evaluation_rows, evaluation_sources
from assistant.adapters.sql.rows import fields_of, reason_fields, reason_of
from assistant.adapters.sql.tables import chunks
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.cuts import Cut
from assistant.domain.evaluations import CitedPassage, EvaluationRow, Outcome
from assistant.domain.ids import EvaluationId, VersionId

OUTCOME_FIELDS = tuple(each.name for each in fields(Outcome))


def keep_row(transaction: Transaction, row: EvaluationRow, *, evaluation_id: EvaluationId) -> None:
    """Keep the result of a question, tied to what it quotes. Raises `Conflict` when it is there."""
    quoted = select(chunks.c.version_id).where(chunks.c.id.in_(row.chunk_ids)).distinct()
    transaction.write(
        evaluation_rows.insert().values(
            evaluation_id=evaluation_id,
            ordinal=row.ordinal,
            elapsed_ms=row.elapsed_ms,
            **_text_columns(row),
            **fields_of(row.outcome, OUTCOME_FIELDS),
            **reason_fields(row.reason),
        )
    )
    transaction.write(
        evaluation_sources.insert(),
        [
            {"evaluation_id": evaluation_id, "ordinal": row.ordinal, "version_id": each.version_id}
            for each in transaction.read(quoted)
        ],
    )


def drop_quotes_of(
    transaction: Transaction, version_id: VersionId, *, cut: Cut | None = None
) -> None:
    """Empty what results quote of a version whose chunks are about to be deleted.

    Args:
        transaction: The unit of work.
        version_id: The version.
        cut: Only its chunks of this cut go; None for all of them.
    """
    own = select(chunks.c.id).where(chunks.c.version_id == version_id)
    if cut is not None:
        own = own.where(chunks.c.cut == cut.id)
    is_source = and_(
        evaluation_sources.c.evaluation_id == evaluation_rows.c.evaluation_id,
        evaluation_sources.c.ordinal == evaluation_rows.c.ordinal,
    )
    quoting = (
        select(evaluation_rows)
        .select_from(evaluation_sources.join(evaluation_rows, is_source))
        .where(evaluation_sources.c.version_id == version_id)
    )
    found = transaction.read(quoting)
    gone = frozenset(row.id for row in transaction.read(own)) if found else frozenset[str]()
    for each in found:
        row = row_of(each)
        transaction.write(
            update(evaluation_rows)
            .where(
                evaluation_rows.c.evaluation_id == each.evaluation_id,
                evaluation_rows.c.ordinal == each.ordinal,
            )
            .values(**_text_columns(row.quoting_only(row.chunk_ids - gone)))
        )
    if cut is None:
        transaction.write(
            evaluation_sources.delete().where(evaluation_sources.c.version_id == version_id)
        )


def _text_columns(row: EvaluationRow) -> dict[str, Any]:
    return {"text": row.text, "citations": [asdict(each) for each in row.citations]}


def outcome_of(row: Row[Any]) -> Outcome:
    """The outcome in a row."""
    return Outcome(**fields_of(row, OUTCOME_FIELDS))


def row_of(row: Row[Any]) -> EvaluationRow:
    """The result in a row."""
    citations = (
        CitedPassage(
            file=each["file"],
            title=each["title"],
            pages=tuple(each["pages"]),
            quote=each["quote"],
            is_right=each["is_right"],
            chunk_id=each.get("chunk_id"),
            is_withheld=each.get("is_withheld", False),
        )
        for each in row.citations
    )
    return EvaluationRow(
        ordinal=row.ordinal,
        outcome=outcome_of(row),
        text=row.text,
        citations=tuple(citations),
        reason=reason_of(row),
        elapsed_ms=row.elapsed_ms,
    )
