"""What runs evaluations: one question at a time in the serving process, behind people's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import structlog
from anyio import to_thread

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerFailed,
    Citation,
    Passage,
    Question,
    RetrievalCompleted,
)
from assistant.domain.documents import Reason
from assistant.domain.errors import AssistantError, Conflict, StorageError
from assistant.domain.evaluations import (
    CitedPassage,
    Evaluation,
    EvaluationRow,
    EvaluationState,
    is_right,
    outcome_of,
)
from assistant.domain.question_sets import ExpectedAnswer
from assistant.domain.tenancy import Principal, Scope
from assistant.domain.tenants import Tenant
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import author_now
from assistant.services.answers import AnswerSource

_log = structlog.get_logger(__name__)

_ATTEMPTS = 3
"""Times an evaluation is taken up without getting a question further."""
_YIELD_S = 0.2
_MOST_YIELDS = 100
"""Pauses that a question makes for people's answers: an evaluation always gets on."""
_STORAGE_PAUSE_S = 4.0
_CLOSE_S = 5.0
_PAGE = 200
_QUOTE_CHARS = 400


class EvaluationRunner:
    """Runs what is queued, tenants in turn. Used from one event loop, by the one serving process.

    Every row is kept at once, so that after a restart an evaluation goes on with its next question,
    or begins anew when the program or one of its models is another than before, be it that its tenant
    allows the chat model no more.
    Each question is read within the scope that its person has then, and none for a person who no
    longer administers the tenant.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        answers: AnswerSource,
        clock: Clock,
        *,
        made_by: Callable[[Tenant | None], Mapping[str, str]],
        is_busy: Callable[[], bool],
    ) -> None:
        """Prepare; nothing runs before `wake`.

        Args:
            open_work: The relational store.
            answers: Finds passages and answers a question; nothing of it is kept but the row.
            clock: The time.
            made_by: What names the program and its models in the evaluations of a tenant.
            is_busy: Tells that somebody waits for an answer.
        """
        self._open_work = open_work
        self._answers = answers
        self._clock = clock
        self._made_by = made_by
        self._is_busy = is_busy
        self._task: asyncio.Task[None] | None = None
        self._is_wanted = False

    def wake(self) -> None:
        """Begin to run what is queued, unless that is going on."""
        self._is_wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._loop())

    async def close(self) -> None:
        """Stop; what is unfinished goes on at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_CLOSE_S)

    async def _loop(self) -> None:
        while self._is_wanted:
            # Whoever wakes it from here on may have come too late for this look.
            self._is_wanted = False
            try:
                while (taken := await to_thread.run_sync(self._take)) is not None:
                    await self._run(taken)
            except StorageError as error:
                _log.warning("evaluation_waits", code=error.code)
                self._is_wanted = True
                await asyncio.sleep(_STORAGE_PAUSE_S)
            except Exception as error:  # noqa: BLE001 - the next ones must still run
                _log.error("evaluation_crashed", kind=type(error).__name__)
                self._is_wanted = True
                await asyncio.sleep(_STORAGE_PAUSE_S)

    def _take(self) -> Evaluation | None:
        """The next evaluation, marked as running."""
        with self._open_work() as work:
            work.lock()
            while (found := work.evaluations.next_unfinished()) is not None:
                taken = self._taken(work, found)
                work.evaluations.update(taken)
                if taken.state is EvaluationState.RUNNING:
                    work.commit()
                    return taken
            work.commit()
            return None

    def _taken(self, work: UnitOfWork, found: Evaluation) -> Evaluation:
        if (stopped := self._stopped(work, found)) is not None:
            return stopped
        now = self._clock.now()
        if found.attempt >= _ATTEMPTS:
            reason = Reason("evaluation_given_up", {})
            return replace(found, state=EvaluationState.FAILED, finished_at=now, reason=reason)
        made_by = self._maker(work, found)
        if found.made_by not in (None, made_by) and work.evaluations.drop_rows(found.id):
            # Figures of two programs in one summary would tell of neither.
            reason = Reason("evaluation_begun_anew", {})
            found = replace(found, started_at=now, attempt=0, reason=reason)
        return replace(
            found,
            state=EvaluationState.RUNNING,
            started_at=found.started_at or now,
            attempt=found.attempt + 1,
            made_by=made_by,
        )

    def _maker(self, work: UnitOfWork, evaluation: Evaluation) -> Mapping[str, str]:
        """What names the program and the models that the tenant allows it now."""
        return self._made_by(work.tenancy.find_tenant(evaluation.tenant_id))

    def _stopped(self, work: UnitOfWork, evaluation: Evaluation) -> Evaluation | None:
        """The evaluation as it ends before its next question; None when it goes on."""
        now = self._clock.now()
        if work.evaluations.is_cancel_requested(evaluation.id):
            return replace(evaluation, state=EvaluationState.CANCELLED, finished_at=now)
        author = _author_of(work, evaluation)
        if author is None or not author.is_admin:
            reason = Reason("evaluation_author_demoted", {})
            return replace(evaluation, state=EvaluationState.FAILED, finished_at=now, reason=reason)
        return None

    async def _run(self, evaluation: Evaluation) -> None:
        left = await to_thread.run_sync(self._left, evaluation)
        for ordinal, expected in left:
            await self._let_people_pass()
            scope = await to_thread.run_sync(self._next_scope, evaluation)
            if scope is None:
                return
            row = await self._row(ordinal, expected, scope=scope)
            if not await self._keep(evaluation, row):
                return
            evaluation = replace(evaluation, attempt=0)
        await self._end(evaluation)

    def _next_scope(self, evaluation: Evaluation) -> Scope | None:
        """What the next question may read; None once the evaluation is stopped, which is kept.

        None as well when another model would answer it: the evaluation is then taken up anew.
        """
        with self._open_work() as work:
            stopped = self._stopped(work, evaluation)
            if stopped is None:
                is_same = self._maker(work, evaluation) == evaluation.made_by
                return _scope_of(work, evaluation) if is_same else None
            work.evaluations.update(stopped)
            work.commit()
            return None

    def _left(self, evaluation: Evaluation) -> list[tuple[int, ExpectedAnswer]]:
        scope = _no_documents(evaluation)
        left: list[tuple[int, ExpectedAnswer]] = []
        offset = 0
        with self._open_work() as work:
            while page := work.evaluations.rows(
                evaluation.id, scope=scope, limit=_PAGE, offset=offset
            ):
                left.extend(
                    (ordinal, expected)
                    for ordinal, (expected, row) in enumerate(page, start=offset)
                    if row is None
                )
                offset += len(page)
        return left

    async def _let_people_pass(self) -> None:
        for _ in range(_MOST_YIELDS):
            if not self._is_busy():
                return
            await asyncio.sleep(_YIELD_S)

    async def _row(self, ordinal: int, expected: ExpectedAnswer, *, scope: Scope) -> EvaluationRow:
        begun = time.monotonic()
        passages: tuple[Passage, ...] = ()
        end: AnswerCompleted | AnswerFailed = AnswerFailed("answer_interrupted", {})
        try:
            async for event in self._answers.run(Question(expected.question), scope=scope):
                if isinstance(event, RetrievalCompleted):
                    passages = event.passages
                elif isinstance(event, AnswerCompleted | AnswerFailed):
                    end = event
        except AssistantError as error:
            end = AnswerFailed(error.code, dict(error.params))
        except Exception as error:  # noqa: BLE001 - one question never stops the others
            _log.error("evaluated_question_crashed", kind=type(error).__name__)
            end = AnswerFailed("internal_error", {})
        elapsed_ms = round((time.monotonic() - begun) * 1000)
        return _row_of(ordinal, expected, passages=passages, end=end, elapsed_ms=elapsed_ms)

    async def _keep(self, evaluation: Evaluation, row: EvaluationRow) -> bool:
        """Write a row, waiting for a storage that fails; False when the evaluation is gone."""
        while True:
            with suppress(StorageError):
                return await to_thread.run_sync(lambda: self._write(evaluation, row))
            await asyncio.sleep(_STORAGE_PAUSE_S)

    def _write(self, evaluation: Evaluation, row: EvaluationRow) -> bool:
        with self._open_work() as work:
            work.lock()
            scope = _scope_of(work, evaluation)
            # What was deleted while it was answered may be erased already, and only once.
            row = row.quoting_only(work.chunks.live_ids(row.chunk_ids, scope=scope))
            try:
                work.evaluations.add_row(evaluation.id, row)
            except Conflict:
                return False
            if evaluation.attempt:
                work.evaluations.update(replace(evaluation, attempt=0))
            work.commit()
        return True

    async def _end(self, evaluation: Evaluation) -> None:
        now = self._clock.now()
        ended = replace(evaluation, state=EvaluationState.SUCCEEDED, finished_at=now)
        await to_thread.run_sync(lambda: self._update(ended))

    def _update(self, evaluation: Evaluation) -> None:
        with self._open_work() as work:
            work.evaluations.update(evaluation)
            work.commit()


def _author_of(work: UnitOfWork, evaluation: Evaluation) -> Principal | None:
    return author_now(work, evaluation.person_id, tenant_id=evaluation.tenant_id)


def _scope_of(work: UnitOfWork, evaluation: Evaluation) -> Scope:
    """What its person may read now: nothing for one who is shut out."""
    author = _author_of(work, evaluation)
    return _no_documents(evaluation) if author is None else work.tenancy.scope_of(author)


def _no_documents(evaluation: Evaluation) -> Scope:
    return Scope(evaluation.tenant_id, evaluation.person_id, frozenset())


def _row_of(
    ordinal: int,
    expected: ExpectedAnswer,
    *,
    passages: Sequence[Passage],
    end: AnswerCompleted | AnswerFailed,
    elapsed_ms: int,
) -> EvaluationRow:
    has_failed = isinstance(end, AnswerFailed)
    citations = () if has_failed else end.citations
    return EvaluationRow(
        ordinal=ordinal,
        outcome=outcome_of(expected, passages=passages, end=end),
        text="" if has_failed else end.text,
        citations=tuple(_cited(expected, each) for each in citations),
        reason=Reason(end.code, end.params) if has_failed else None,
        elapsed_ms=elapsed_ms,
    )


def _cited(expected: ExpectedAnswer, citation: Citation) -> CitedPassage:
    chunks = (citation.chunk, *citation.also)
    right = next((chunk for chunk in chunks if is_right(expected, chunk)), None)
    shown = right or citation.chunk
    return CitedPassage(
        file=shown.file,
        title=shown.title,
        pages=tuple(shown.locator.pages),
        quote=citation.quote[:_QUOTE_CHARS],
        is_right=right is not None,
        chunk_id=shown.id,
    )
