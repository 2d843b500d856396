"""Question sets and evaluations, as repositories of a unit of work.

Sets are their tenant's; an evaluation is its person's, for its rows hold texts of that person's scope.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from assistant.domain.evaluation_summary import Tally
from assistant.domain.evaluations import Evaluation, EvaluationRow, Outcome
from assistant.domain.ids import EvaluationId, QuestionSetId
from assistant.domain.question_sets import ExpectedAnswer, QuestionSet
from assistant.domain.tenancy import Scope


class QuestionSetRepository(Protocol):
    """Question sets of the reader's own tenant."""

    def add(self, question_set: QuestionSet, questions: Sequence[ExpectedAnswer]) -> None:
        """Keep a new set with its questions, in order."""
        ...

    def find(self, set_id: QuestionSetId, *, scope: Scope) -> QuestionSet | None:
        """A set of the tenant."""
        ...

    def list_recent(self, *, scope: Scope, limit: int) -> list[QuestionSet]:
        """Sets of the tenant, newest first."""
        ...

    def questions(
        self, set_id: QuestionSetId, *, scope: Scope, limit: int, offset: int
    ) -> list[ExpectedAnswer]:
        """Questions in order; none when the set is not the tenant's."""
        ...

    def delete(self, set_id: QuestionSetId, *, scope: Scope) -> None:
        """Delete a set with its questions and all evaluations of it. Raises `NotFound`."""
        ...


class EvaluationRepository(Protocol):
    """Evaluations of the scope's own reader."""

    def add(self, evaluation: Evaluation) -> None:
        """Keep a new evaluation. Raises `Conflict` when its set is gone or another tenant's."""
        ...

    def find(self, evaluation_id: EvaluationId, *, scope: Scope) -> Evaluation | None:
        """An evaluation of the reader."""
        ...

    def list_recent(
        self, *, scope: Scope, set_id: QuestionSetId | None, limit: int
    ) -> list[Evaluation]:
        """The reader's evaluations, newest first; of one set, or of all."""
        ...

    def outcomes(self, evaluation_id: EvaluationId, *, scope: Scope) -> Mapping[int, Outcome]:
        """What became of the questions so far, by ordinal and in order, without any text."""
        ...

    def tallies(
        self, evaluation_ids: Collection[EvaluationId], *, scope: Scope
    ) -> Mapping[EvaluationId, Sequence[Tally]]:
        """What became of the questions of several evaluations, equal outcomes counted together.

        One query, whose rows do not grow with the questions. An evaluation without results is absent.
        """
        ...

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
        ...

    def request_cancel(self, evaluation_id: EvaluationId, *, scope: Scope) -> bool:
        """Ask to stop; False when it is not the reader's or has ended."""
        ...

    def is_cancel_requested(self, evaluation_id: EvaluationId) -> bool:
        """True when its reader asked to stop it, or it is gone."""
        ...

    def count_unfinished(self, *, scope: Scope) -> int:
        """How many of the reader's tenant, whoever asked for them, have not ended."""
        ...

    def next_unfinished(self) -> Evaluation | None:
        """The oldest that is running, else the oldest that is queued of the tenant least recently served.

        For what runs them: of every person. A tenant is served when one of its evaluations begins.
        """
        ...

    def update(self, evaluation: Evaluation) -> None:
        """Replace the mutable fields; nothing happens when it is gone."""
        ...

    def drop_rows(self, evaluation_id: EvaluationId) -> int:
        """Delete the results there are; how many there were."""
        ...

    def add_row(self, evaluation_id: EvaluationId, row: EvaluationRow) -> None:
        """Keep the result of a question. Raises `Conflict` when it is there, or all of it is gone."""
        ...
