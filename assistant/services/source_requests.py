"""Looks at sources that people ask for, and what they decide of plans that wait."""

from __future__ import annotations

from dataclasses import replace

from assistant.domain.audit import Act
from assistant.domain.errors import Conflict, InvalidInput, NotFound
from assistant.domain.ids import SourceId, SourceRunId, new_id
from assistant.domain.sources import RunKind, RunState, Source, SourceKind, SourceRun
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.audit import AuditTrail
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.ports.source_queue import SourcePlaces
from assistant.services.roles import require_active, require_admin, require_writer
from assistant.services.source_drafts import SourceStatus, found_source, status_of
from assistant.services.transactions import retried

_CANCELLABLE = frozenset({RunState.QUEUED, RunState.RUNNING})


class SourceRequests:
    """Asks for looks at sources, and decides. Blocking: call it in a thread.

    Args:
        open_work: The store.
        clock: The time.
        places: Says which places are open.
        audit: Told of every request and decision.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        places: SourcePlaces,
        audit: AuditTrail,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._places = places
        self._audit = audit

    def runs(
        self, source_id: SourceId, *, principal: Principal, scope: Scope, limit: int
    ) -> list[SourceRun]:
        """Looks at a source, the newest first. Raises `Forbidden` and `NotFound`."""
        require_admin(principal)
        with self._open_work() as work:
            found_source(work, source_id, scope=scope)
            return work.sources.runs(source_id, scope=scope, limit=limit)

    def ask(
        self, source_id: SourceId, kind: RunKind, *, principal: Principal, scope: Scope
    ) -> SourceRun:
        """Ask for a look at a source; a plan that waits for approval is replaced.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such source in the scope.
            InvalidInput: A program sends its files ("source_is_push"), or its place is no longer open.
            UpstreamError: Its folder does not answer ("source_silent"), or too many of the tenant's do
                not ("source_calls_busy").
            Conflict: One is queued or under way ("source_busy").
        """
        require_writer(principal)
        with self._open_work() as work:
            asked = found_source(work, source_id, scope=scope)
        if asked.kind is SourceKind.PUSH:
            raise InvalidInput("source_is_push")
        self._places.check(asked)  # may wait for a disk, and so within no transaction

        def act() -> SourceRun:
            with self._open_work() as work:
                work.lock()
                source = found_source(work, source_id, scope=scope)
                require_active(work, source.tenant_id)
                waiting = work.sources.open_run(source_id, scope=scope)
                if waiting is not None:
                    if waiting.state is not RunState.AWAITING_APPROVAL:
                        raise Conflict("source_busy")
                    work.sources.update_run(replace(waiting, state=RunState.REPLACED))
                run = self._queued(source, kind, principal)
                work.sources.add_run(run)
                self._tell(work, Act.SOURCE_RUN_ASKED, source, principal, kind=kind.value)
                work.commit()
            return run

        return retried(act)

    def cancel(
        self, source_id: SourceId, run_id: SourceRunId, *, principal: Principal, scope: Scope
    ) -> SourceStatus:
        """Stop a look that is queued or under way, even one that hangs; what it submitted stays.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such run of a source in the scope.
            Conflict: It has ended, or waits for a decision ("source_not_running").
        """
        require_writer(principal)

        def act() -> SourceStatus:
            with self._open_work() as work:
                work.lock()
                source, run = _found_run(work, source_id, run_id, scope=scope)
                if run.state not in _CANCELLABLE:
                    raise Conflict("source_not_running")
                cancelled = replace(run, state=RunState.CANCELLED, finished_at=self._clock.now())
                work.sources.update_run(cancelled)
                self._tell(work, Act.SOURCE_RUN_CANCELLED, source, principal, kind=run.kind.value)
                work.commit()
                return status_of(work, source, scope=scope)

        return retried(act)

    def let_in(
        self, source_id: SourceId, erased_id: str, *, principal: Principal, scope: Scope
    ) -> SourceStatus:
        """Have looks take a file again whose document was erased.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such source in the scope, or no such file was erased of it.
        """
        require_writer(principal)

        def act() -> SourceStatus:
            with self._open_work() as work:
                work.lock()
                source = found_source(work, source_id, scope=scope)
                require_active(work, source.tenant_id)
                work.sources.let_in(source_id, erased_id, scope=scope)
                self._tell(work, Act.SOURCE_FILE_LET_IN, source, principal, file=erased_id)
                work.commit()
                return status_of(work, source, scope=scope)

        return retried(act)

    def decide(
        self,
        source_id: SourceId,
        run_id: SourceRunId,
        *,
        is_approved: bool,
        principal: Principal,
        scope: Scope,
    ) -> SourceStatus:
        """Approve the removals of a plan that waits, which another run then carries out, or refuse them.

        What is approved is this very set of documents: should another one be missing by then, the new
        run waits again.

        Raises:
            Forbidden: The principal is no administrator.
            NotFound: No such run of a source in the scope.
            Conflict: It does not wait (any more) ("source_not_waiting").
        """
        require_writer(principal)

        def act() -> SourceStatus:
            with self._open_work() as work:
                work.lock()
                source, run = _found_run(work, source_id, run_id, scope=scope)
                require_active(work, source.tenant_id)
                if run.state is not RunState.AWAITING_APPROVAL:
                    raise Conflict("source_not_waiting")
                self._decide(work, source, run, is_approved=is_approved, by=principal)
                work.commit()
                return status_of(work, source, scope=scope)

        return retried(act)

    def _decide(
        self,
        work: UnitOfWork,
        source: Source,
        run: SourceRun,
        *,
        is_approved: bool,
        by: Principal,
    ) -> None:
        state = RunState.APPROVED if is_approved else RunState.REFUSED
        decided = replace(run, state=state, decided_by=by.person_id, decided_at=self._clock.now())
        work.sources.update_run(decided)
        if is_approved:
            following = self._queued(source, RunKind.SYNC, by)
            work.sources.add_run(replace(following, approved_removal=run.outcome.removal))
        self._tell(work, Act.SOURCE_PLAN_DECIDED, source, by, approved=int(is_approved))

    def _queued(self, source: Source, kind: RunKind, by: Principal) -> SourceRun:
        return SourceRun(
            id=SourceRunId(new_id()),
            source_id=source.id,
            tenant_id=source.tenant_id,
            kind=kind,
            state=RunState.QUEUED,
            asked_by=by.person_id,
            asked_at=self._clock.now(),
        )

    def _tell(
        self, work: UnitOfWork, act: Act, source: Source, by: Principal, **details: str | int
    ) -> None:
        self._audit.record_in(
            work,
            act,
            by=by,
            tenant_id=source.tenant_id,
            subject=source.id,
            details={"collection": source.collection_id, **details},
        )


def _found_run(
    work: UnitOfWork, source_id: SourceId, run_id: SourceRunId, *, scope: Scope
) -> tuple[Source, SourceRun]:
    source = found_source(work, source_id, scope=scope)
    run = work.sources.find_run(run_id, scope=scope)
    if run is None or run.source_id != source_id:
        raise NotFound
    return source, run
