"""Answers and their numbered events, private to one reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from assistant.adapters.sql.events import dump_event, load_event
from assistant.adapters.sql.rows import ANSWER_FIELDS, answer_of, fields_of
from assistant.adapters.sql.scoping import of_reader
from assistant.adapters.sql.tables import answer_events, answers
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.answers import Answer, AnswerStatus, NumberedEvent
from assistant.domain.ids import AnswerId, PersonId
from assistant.domain.tenancy import Scope


class SqlAnswerRepository:
    """Implements `AnswerRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, answer: Answer) -> None:
        """Keep a new running answer."""
        self._transaction.write(answers.insert().values(**fields_of(answer, ANSWER_FIELDS)))

    def find(self, answer_id: AnswerId, *, scope: Scope) -> Answer | None:
        """An answer of the reader."""
        row = self._transaction.first(
            select(answers).where(answers.c.id == answer_id, of_reader(scope, answers))
        )
        return None if row is None else answer_of(row)

    def append_events(self, answer_id: AnswerId, events: Sequence[NumberedEvent]) -> None:
        """Keep events. Raises `Conflict` for a number already kept, or when the answer is gone."""
        rows = [
            {"answer_id": answer_id, "number": item.number, "event": dump_event(item.event)}
            for item in events
        ]
        self._transaction.write(answer_events.insert(), rows)

    def events_after(
        self, answer_id: AnswerId, *, number: int, scope: Scope
    ) -> list[NumberedEvent]:
        """Events with a greater number, in order; empty when the answer is not the reader's."""
        query = (
            select(answer_events.c.number, answer_events.c.event)
            .join(answers, answers.c.id == answer_events.c.answer_id)
            .where(
                answer_events.c.answer_id == answer_id,
                answer_events.c.number > number,
                of_reader(scope, answers),
            )
            .order_by(answer_events.c.number)
        )
        return [
            NumberedEvent(row.number, load_event(row.event))
            for row in self._transaction.read(query)
        ]

    def finish(self, answer_id: AnswerId, *, status: AnswerStatus, now: datetime) -> None:
        """Write how an answer ended; nothing happens when it has ended."""
        self._transaction.write(
            update(answers)
            .where(answers.c.id == answer_id, answers.c.status == AnswerStatus.RUNNING)
            .values(status=status, finished_at=now)
        )

    def running(self) -> list[Answer]:
        """Answers in state RUNNING of every person, oldest first."""
        query = (
            select(answers)
            .where(answers.c.status == AnswerStatus.RUNNING)
            .order_by(answers.c.number)
        )
        return [answer_of(row) for row in self._transaction.read(query)]

    def request_cancel(self, answer_id: AnswerId, *, scope: Scope) -> bool:
        """Ask to stop a running answer; False when it is not the reader's or has ended."""
        asked = self._transaction.write(
            update(answers)
            .where(
                answers.c.id == answer_id,
                answers.c.status == AnswerStatus.RUNNING,
                of_reader(scope, answers),
            )
            .values(cancel_requested=True)
        )
        return asked == 1

    def is_cancel_requested(self, answer_id: AnswerId) -> bool:
        """True when its reader asked to stop it."""
        query = select(answers.c.cancel_requested).where(answers.c.id == answer_id)
        row = self._transaction.first(query)
        return row is not None and bool(row.cancel_requested)

    def request_cancel_of(self, person_id: PersonId) -> None:
        """Ask to stop all running answers of a person, who may no longer read."""
        self._transaction.write(
            update(answers)
            .where(answers.c.status == AnswerStatus.RUNNING, answers.c.person_id == person_id)
            .values(cancel_requested=True)
        )

    def forget_stateless(self, *, ended_before: datetime, limit: int) -> int:
        """Delete ended answers outside any conversation, of every person; how many there were."""
        oldest = (
            select(answers.c.id)
            .where(
                answers.c.conversation_id.is_(None),
                answers.c.status != AnswerStatus.RUNNING,
                answers.c.finished_at < ended_before,
            )
            .order_by(answers.c.number)
            .limit(limit)
        )
        return self._transaction.write(answers.delete().where(answers.c.id.in_(oldest)))
