"""Evaluations of one reader, and the queue of those to run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, and_, func, select, update

from assistant.adapters.sql.evaluation_rows import OUTCOME_FIELDS, keep_row, outcome_of, row_of
from assistant.adapters.sql.evaluation_tables import evaluation_rows, evaluations, questions
from assistant.adapters.sql.question_sets import question_of
from assistant.adapters.sql.rows import fields_of, reason_fields, reason_of
from assistant.adapters.sql.scoping import of_reader, of_tenant
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.evaluation_summary import Tally
from assistant.domain.evaluations import (
    UNFINISHED,
    Evaluation,
    EvaluationRow,
    EvaluationState,
    Outcome,
)
from assistant.domain.ids import EvaluationId, QuestionSetId
from assistant.domain.question_sets import ExpectedAnswer
from assistant.domain.tenancy import Scope

_FIELDS = tuple(each.name for each in fields(Evaluation) if each.name != "reason")
_EQUAL = tuple(name for name in OUTCOME_FIELDS if name != "expected_words")
_MUTABLE = ("state", "started_at", "finished_at", "attempt", "made_by")


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
            select(evaluation_rows.c.ordinal, *(evaluation_rows.c[name] for name in OUTCOME_FIELDS))
            .join(evaluations, evaluations.c.id == evaluation_rows.c.evaluation_id)
            .where(evaluation_rows.c.evaluation_id == evaluation_id, of_reader(scope, evaluations))
            .order_by(evaluation_rows.c.ordinal)
        )
        return {row.ordinal: outcome_of(row) for row in self._transaction.read(query)}

    def tallies(
        self, evaluation_ids: Collection[EvaluationId], *, scope: Scope
    ) -> dict[EvaluationId, list[Tally]]:
        """What became of the questions of several evaluations, equal outcomes counted together."""
        # Grouped by the database: a list of evaluations would else read every question of each.
        words = evaluation_rows.c.expected_words
        own = (evaluation_rows.c.evaluation_id, *(evaluation_rows.c[name] for name in _EQUAL))
        query = (
            select(*own, func.avg(words).label("expected_words"), func.count().label("total"))
            .join(evaluations, evaluations.c.id == evaluation_rows.c.evaluation_id)
            .where(
                evaluation_rows.c.evaluation_id.in_(evaluation_ids), of_reader(scope, evaluations)
            )
            .group_by(*own, words.is_(None))
        )
        found: dict[EvaluationId, list[Tally]] = {}
        for row in self._transaction.read(query):
            tally = Tally(outcome_of(row), row.total)
            found.setdefault(EvaluationId(row.evaluation_id), []).append(tally)
        return found

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
            (question_of(row), None if row.evaluation_id is None else row_of(row))
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

    def count_unfinished(self, *, scope: Scope) -> int:
        """How many of the reader's tenant, whoever asked for them, have not ended."""
        query = select(func.count().label("total")).where(
            of_tenant(scope, evaluations), evaluations.c.state.in_(UNFINISHED)
        )
        return self._transaction.read(query)[0].total

    def next_unfinished(self) -> Evaluation | None:
        """The oldest that is running, else the oldest that is queued of the tenant least recently served."""
        served = evaluations.alias("served")
        last_served = (
            select(func.max(served.c.started_at))
            .where(served.c.tenant_id == evaluations.c.tenant_id)
            .scalar_subquery()
        )
        orders = {
            EvaluationState.RUNNING: (evaluations.c.number,),
            EvaluationState.QUEUED: (last_served.nulls_first(), evaluations.c.number),
        }
        for state, order in orders.items():
            query = select(evaluations).where(evaluations.c.state == state).order_by(*order)
            row = self._transaction.first(query.limit(1))
            if row is not None:
                return _evaluation_of(row)
        return None

    def update(self, evaluation: Evaluation) -> None:
        """Replace the mutable fields; nothing happens when it is gone."""
        columns = {**fields_of(evaluation, _MUTABLE), **reason_fields(evaluation.reason)}
        self._transaction.write(
            update(evaluations).where(evaluations.c.id == evaluation.id).values(**columns)
        )

    def drop_rows(self, evaluation_id: EvaluationId) -> int:
        """Delete the results there are; how many there were."""
        these = evaluation_rows.c.evaluation_id == evaluation_id
        return self._transaction.write(evaluation_rows.delete().where(these))

    def add_row(self, evaluation_id: EvaluationId, row: EvaluationRow) -> None:
        """Keep the result of a question. Raises `Conflict` when it is there, or all of it is gone."""
        keep_row(self._transaction, row, evaluation_id=evaluation_id)


def _evaluation_of(row: Row[Any]) -> Evaluation:
    return Evaluation(**fields_of(row, _FIELDS), reason=reason_of(row))
