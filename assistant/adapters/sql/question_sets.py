"""Question sets of one tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from assistant.adapters.sql.evaluation_tables import question_sets
from assistant.adapters.sql.evaluation_tables import questions as question_rows
from assistant.adapters.sql.rows import fields_of
from assistant.adapters.sql.scoping import of_tenant
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.errors import NotFound
from assistant.domain.ids import QuestionSetId
from assistant.domain.question_sets import ExpectedAnswer, QuestionSet
from assistant.domain.tenancy import Scope

_SET_FIELDS = (
    "id", "tenant_id", "name", "revision", "question_count", "unanswerable_count", "created_by",
    "created_at",
)  # fmt: skip
_QUESTION_FIELDS = ("line", "question", "document", "pages", "passage", "answer")


class SqlQuestionSetRepository:
    """Implements `QuestionSetRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, question_set: QuestionSet, questions: Sequence[ExpectedAnswer]) -> None:
        """Keep a new set with its questions, in order."""
        self._transaction.write(
            question_sets.insert().values(**fields_of(question_set, _SET_FIELDS))
        )
        rows = [
            {"set_id": question_set.id, "ordinal": ordinal, **fields_of(each, _QUESTION_FIELDS)}
            for ordinal, each in enumerate(questions)
        ]
        self._transaction.write(question_rows.insert(), rows)

    def find(self, set_id: QuestionSetId, *, scope: Scope) -> QuestionSet | None:
        """A set of the tenant."""
        query = select(question_sets).where(
            question_sets.c.id == set_id, of_tenant(scope, question_sets)
        )
        row = self._transaction.first(query)
        return None if row is None else _set_of(row)

    def list_recent(self, *, scope: Scope, limit: int) -> list[QuestionSet]:
        """Sets of the tenant, newest first."""
        query = (
            select(question_sets)
            .where(of_tenant(scope, question_sets))
            .order_by(question_sets.c.number.desc())
            .limit(limit)
        )
        return [_set_of(row) for row in self._transaction.read(query)]

    def questions(
        self, set_id: QuestionSetId, *, scope: Scope, limit: int, offset: int
    ) -> list[ExpectedAnswer]:
        """Questions in order; none when the set is not the tenant's."""
        query = (
            select(question_rows)
            .join(question_sets, question_sets.c.id == question_rows.c.set_id)
            .where(question_rows.c.set_id == set_id, of_tenant(scope, question_sets))
            .order_by(question_rows.c.ordinal)
            .limit(limit)
            .offset(offset)
        )
        return [question_of(row) for row in self._transaction.read(query)]

    def delete(self, set_id: QuestionSetId, *, scope: Scope) -> None:
        """Delete a set with its questions and all evaluations of it. Raises `NotFound`."""
        deleted = self._transaction.write(
            question_sets.delete().where(
                question_sets.c.id == set_id, of_tenant(scope, question_sets)
            )
        )
        if not deleted:
            raise NotFound


def question_of(row: Row[Any]) -> ExpectedAnswer:
    """The question of a row."""
    fields = fields_of(row, _QUESTION_FIELDS)
    fields["pages"] = tuple(row.pages)
    return ExpectedAnswer(**fields)


def _set_of(row: Row[Any]) -> QuestionSet:
    return QuestionSet(**fields_of(row, _SET_FIELDS))
