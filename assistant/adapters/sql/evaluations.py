"""Evaluations of one reader, and the queue of those to run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, and_, select, update

from assistant.adapters.sql.evaluation_tables import evaluation_rows, evaluations, questions
from assistant.adapters.sql.question_sets import question_of
from assistant.adapters.sql.rows import fields_of, reason_fields, reason_of
from assistant.adapters.sql.scoping import of_reader
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.evaluations import (
    UNFINISHED,
    CitedPassage,
    Evaluation,
    EvaluationRow,
    EvaluationState,
    Outcome,
)
from assistant.domain.ids import EvaluationId, QuestionSetId
from assistant.domain.question_sets import ExpectedAnswer
from assistant.domain.tenancy import Scope

_FIELDS = tuple(each.name for each in fields(Evaluation) if each.name != "reason")
_MUTABLE = ("state", "started_at", "finished_at", "attempt", "made_by")
_OUTCOME_FIELDS = tuple(each.name for each in fields(Outcome))


class SqlEvaluationRepository:
    """Implements `EvaluationRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, evaluation: Evaluation) -> None:
        """Keep a new evaluation. Raises `Conflict` when its set is gone or another tenant's."""
        columns = {**fields_of(evaluation, _FIELDS), **reason_fields(evaluation.reason)}
        self._transaction.write(evaluations.insert().values(**columns))

    def find(self, evaluation_id: EvaluationId, *, scope: Scope) -> Evaluation | None:
        """An evaluation of the reader."""
        query = select(evaluations).where(
            evaluations.c.id == evaluation_id, of_reader(scope, evaluations)
        )
        row = self._transaction.first(query)
        return None if row is None else _evaluation_of(row)

    def list_recent(
        self, *, scope: Scope, set_id: QuestionSetId | None, limit: int
    ) -> list[Evaluation]:
        """The reader's evaluations, newest first; of one set, or of all."""
        query = (
            select(evaluations)
            .where(of_reader(scope, evaluations))
            .order_by(evaluations.c.number.desc())
            .limit(limit)
        )
        if set_id is not None:
            query = query.where(evaluations.c.set_id == set_id)
        return [_evaluation_of(row) for row in self._transaction.read(query)]

    def outcomes(self, evaluation_id: EvaluationId, *, scope: Scope) -> dict[int, Outcome]:
        """What became of the questions so far, by ordinal and in order, without any text."""
        query = (
            select(
                evaluation_rows.c.ordinal, *(evaluation_rows.c[name] for name in _OUTCOME_FIELDS)
            )
            .join(evaluations, evaluations.c.id == evaluation_rows.c.evaluation_id)
            .where(evaluation_rows.c.evaluation_id == evaluation_id, of_reader(scope, evaluations))
            .order_by(evaluation_rows.c.ordinal)
        )
        return {row.ordinal: _outcome_of(row) for row in self._transaction.read(query)}

    def rows(
        self,
        evaluation_id: EvaluationId,
        *,
        scope: Scope,
        limit: int,
        offset: int,
        ordinals: Collection[int] | None = None,
    ) -> list[tuple[ExpectedAnswer, EvaluationRow | None]]:
        """Questions in order, each with its row, None while it waits; those of `ordinals`, or all."""
        is_its_row = and_(
            evaluation_rows.c.evaluation_id == evaluations.c.id,
            evaluation_rows.c.ordinal == questions.c.ordinal,
        )
        query = (
            select(questions, *(each for each in evaluation_rows.c if each.name != "ordinal"))
            .select_from(evaluations)
            .join(questions, questions.c.set_id == evaluations.c.set_id)
            .outerjoin(evaluation_rows, is_its_row)
            .where(evaluations.c.id == evaluation_id, of_reader(scope, evaluations))
            .order_by(questions.c.ordinal)
            .limit(limit)
            .offset(offset)
        )
        if ordinals is not None:
            query = query.where(questions.c.ordinal.in_(ordinals))
        return [
            (question_of(row), None if row.evaluation_id is None else _row_of(row))
            for row in self._transaction.read(query)
        ]

    def request_cancel(self, evaluation_id: EvaluationId, *, scope: Scope) -> bool:
        """Ask to stop; False when it is not the reader's or has ended."""
        asked = self._transaction.write(
            update(evaluations)
            .where(
                evaluations.c.id == evaluation_id,
                evaluations.c.state.in_(UNFINISHED),
                of_reader(scope, evaluations),
            )
            .values(cancel_requested=True)
        )
        return asked == 1

    def is_cancel_requested(self, evaluation_id: EvaluationId) -> bool:
        """True when its reader asked to stop it, or it is gone."""
        query = select(evaluations.c.cancel_requested).where(evaluations.c.id == evaluation_id)
        row = self._transaction.first(query)
        return row is None or bool(row.cancel_requested)

    def first_unfinished(self) -> Evaluation | None:
        """The oldest one that is running, else the oldest that is queued, of every person."""
        for state in (EvaluationState.RUNNING, EvaluationState.QUEUED):
            query = (
                select(evaluations)
                .where(evaluations.c.state == state)
                .order_by(evaluations.c.number)
                .limit(1)
            )
            row = self._transaction.first(query)
            if row is not None:
                return _evaluation_of(row)
        return None

    def update(self, evaluation: Evaluation) -> None:
        """Replace the mutable fields; nothing happens when it is gone."""
        columns = {**fields_of(evaluation, _MUTABLE), **reason_fields(evaluation.reason)}
        self._transaction.write(
            update(evaluations).where(evaluations.c.id == evaluation.id).values(**columns)
        )

    def add_row(self, evaluation_id: EvaluationId, row: EvaluationRow) -> None:
        """Keep the result of a question. Raises `Conflict` when it is there, or all of it is gone."""
        self._transaction.write(
            evaluation_rows.insert().values(
                evaluation_id=evaluation_id,
                ordinal=row.ordinal,
                text=row.text,
                citations=[asdict(each) for each in row.citations],
                elapsed_ms=row.elapsed_ms,
                **fields_of(row.outcome, _OUTCOME_FIELDS),
                **reason_fields(row.reason),
            )
        )


def _evaluation_of(row: Row[Any]) -> Evaluation:
    return Evaluation(**fields_of(row, _FIELDS), reason=reason_of(row))


def _outcome_of(row: Row[Any]) -> Outcome:
    return Outcome(**fields_of(row, _OUTCOME_FIELDS))


def _row_of(row: Row[Any]) -> EvaluationRow:
    citations = (
        CitedPassage(
            file=each["file"],
            title=each["title"],
            pages=tuple(each["pages"]),
            quote=each["quote"],
            is_right=each["is_right"],
            chunk_id=each.get("chunk_id"),
        )
        for each in row.citations
    )
    return EvaluationRow(
        ordinal=row.ordinal,
        outcome=_outcome_of(row),
        text=row.text,
        citations=tuple(citations),
        reason=reason_of(row),
        elapsed_ms=row.elapsed_ms,
    )
