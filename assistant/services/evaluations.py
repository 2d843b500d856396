"""Evaluations as people see them: started, followed, cancelled. `EvaluationRunner` does the work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, LineFault, NotFound
from assistant.domain.evaluation_summary import Summary, Tally, summarise
from assistant.domain.evaluations import (
    UNFINISHED,
    Evaluation,
    EvaluationRow,
    EvaluationState,
    Verdict,
)
from assistant.domain.expected_documents import check_documents
from assistant.domain.ids import EvaluationId, QuestionSetId, new_id
from assistant.domain.question_sets import MAX_QUESTIONS, ExpectedAnswer, QuestionSet
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.roles import require_admin, require_writer

_WAITING = 5
"""Unfinished evaluations of one person: they run one after the other."""
_TENANT_WAITING = 10
"""Unfinished evaluations of one tenant, whoever asked for them."""
_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """An evaluation as it stands now."""

    evaluation: Evaluation
    question_set: QuestionSet
    done: int
    """Questions with a row."""
    elapsed_s: float
    """Since its start, until now or its end; 0 before."""
    left_s: float | None
    """Estimated time left; None while unknown or when ended."""
    summary: Summary
    """Figures of the questions done."""


class EvaluationService:
    """Starts, reads and stops evaluations; each is private to its person. Blocking."""

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, audit: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._audit = audit

    def start(
        self, set_id: QuestionSetId, *, principal: Principal, scope: Scope
    ) -> tuple[EvaluationReport, list[LineFault]]:
        """Queue an evaluation of a set; the runner takes it up when woken.

        Returns:
            How it stands, and what to tell of the documents that its questions expect, by line.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: The set is not the tenant's.
            Conflict: The person has too many that wait ("evaluations_too_many"), or its tenant
                ("tenant_evaluations_too_many").
        """
        require_writer(principal)
        evaluation = Evaluation(
            id=EvaluationId(new_id()),
            tenant_id=principal.tenant_id,
            person_id=principal.person_id,
            set_id=set_id,
            state=EvaluationState.QUEUED,
            created_at=self._clock.now(),
        )
        with self._open_work() as work:
            work.lock()
            if work.question_sets.find(set_id, scope=scope) is None:
                raise NotFound
            if work.evaluations.count_unfinished(scope=scope) >= _TENANT_WAITING:
                raise Conflict("tenant_evaluations_too_many", limit=_TENANT_WAITING)
            recent = work.evaluations.list_recent(scope=scope, set_id=None, limit=_LOOKED_AT)
            if sum(each.state in UNFINISHED for each in recent) >= _WAITING:
                raise Conflict("evaluations_too_many", limit=_WAITING)
            work.evaluations.add(evaluation)
            self._tell(work, Act.EVALUATION_STARTED, evaluation, principal)
            work.commit()
            questions = work.question_sets.questions(
                set_id, scope=scope, limit=MAX_QUESTIONS, offset=0
            )
            notices = check_documents(questions, work.documents.list_names(scope=scope))
            return self._report(work, evaluation, scope=scope), notices

    def list_recent(
        self,
        *,
        principal: Principal,
        scope: Scope,
        set_id: QuestionSetId | None = None,
        limit: int,
    ) -> list[EvaluationReport]:
        """The person's evaluations, newest first; of one set, or of all.

        Raises:
            Forbidden: The principal is no administrator.
        """
        require_admin(principal)
        with self._open_work() as work:
            found = work.evaluations.list_recent(scope=scope, set_id=set_id, limit=limit)
            tallies = work.evaluations.tallies([each.id for each in found], scope=scope)
            return [
                self._report_of(work, each, tallies=tallies.get(each.id, ()), scope=scope)
                for each in found
            ]

    def get(
        self, evaluation_id: EvaluationId, *, principal: Principal, scope: Scope
    ) -> EvaluationReport:
        """An evaluation as it stands now.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: It is not the person's.
        """
        require_admin(principal)
        with self._open_work() as work:
            return self._report(work, _found(work, evaluation_id, scope=scope), scope=scope)

    def rows(
        self,
        evaluation_id: EvaluationId,
        *,
        principal: Principal,
        scope: Scope,
        limit: int,
        offset: int = 0,
        verdicts: Collection[Verdict] = (),
    ) -> list[tuple[ExpectedAnswer, EvaluationRow | None]]:
        """Questions in order, each with its result, None while it waits.

        What a result quotes of a document that may no longer be read is withheld.

        Args:
            evaluation_id: The evaluation.
            principal: Who asks.
            scope: What they may read.
            limit: Greatest number of questions.
            offset: How many to pass over before.
            verdicts: Only questions with a result of one of these; empty takes all.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: The evaluation is not the person's.
        """
        require_admin(principal)
        with self._open_work() as work:
            _found(work, evaluation_id, scope=scope)
            ordinals = None
            if verdicts:
                outcomes = work.evaluations.outcomes(evaluation_id, scope=scope)
                ordinals = [place for place, each in outcomes.items() if each.verdict in verdicts]
                ordinals, offset = ordinals[offset : offset + limit], 0
            found = work.evaluations.rows(
                evaluation_id, scope=scope, limit=limit, offset=offset, ordinals=ordinals
            )
            quoted = {each for _, row in found if row is not None for each in row.chunk_ids}
            readable = work.chunks.live_ids(quoted, scope=scope)
        return [
            (expected, None if row is None else row.quoting_only(readable))
            for expected, row in found
        ]

    def cancel(
        self, evaluation_id: EvaluationId, *, principal: Principal, scope: Scope
    ) -> EvaluationReport:
        """Stop an evaluation: at once when it waits, else after its present question; rows stay.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: It is not the person's.
            Conflict: It has ended ("evaluation_ended").
        """
        require_admin(principal)
        with self._open_work() as work:
            work.lock()
            found = _found(work, evaluation_id, scope=scope)
            if not work.evaluations.request_cancel(evaluation_id, scope=scope):
                raise Conflict("evaluation_ended")
            if found.state is EvaluationState.QUEUED:
                found = replace(
                    found, state=EvaluationState.CANCELLED, finished_at=self._clock.now()
                )
                work.evaluations.update(found)
            self._tell(work, Act.EVALUATION_CANCELLED, found, principal)
            work.commit()
            return self._report(work, found, scope=scope)

    def _tell(self, work: UnitOfWork, act: Act, evaluation: Evaluation, by: Principal) -> None:
        self._audit.record_in(
            work,
            act,
            by=by,
            tenant_id=evaluation.tenant_id,
            subject=evaluation.id,
            details={"question_set": evaluation.set_id},
        )

    def _report(
        self, work: UnitOfWork, evaluation: Evaluation, *, scope: Scope
    ) -> EvaluationReport:
        tallies = work.evaluations.tallies([evaluation.id], scope=scope).get(evaluation.id, ())
        return self._report_of(work, evaluation, tallies=tallies, scope=scope)

    def _report_of(
        self,
        work: UnitOfWork,
        evaluation: Evaluation,
        *,
        tallies: Sequence[Tally],
        scope: Scope,
    ) -> EvaluationReport:
        question_set = work.question_sets.find(evaluation.set_id, scope=scope)
        if question_set is None:
            raise NotFound
        done = sum(each.count for each in tallies)
        end = evaluation.finished_at or self._clock.now()
        begun = evaluation.started_at or end
        elapsed_s = max(0.0, (end - begun).total_seconds())
        left = question_set.question_count - done
        is_running = evaluation.state is EvaluationState.RUNNING and done > 0
        return EvaluationReport(
            evaluation=evaluation,
            question_set=question_set,
            done=done,
            elapsed_s=elapsed_s,
            left_s=elapsed_s / done * left if is_running else None,
            summary=summarise(tallies),
        )


def _found(work: UnitOfWork, evaluation_id: EvaluationId, *, scope: Scope) -> Evaluation:
    found = work.evaluations.find(evaluation_id, scope=scope)
    if found is None:
        raise NotFound
    return found
