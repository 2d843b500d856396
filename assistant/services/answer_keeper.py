"""Writes the events of running answers to the database, many answers in one small commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from anyio import to_thread

from assistant.domain.answers import AnswerStatus, NumberedEvent
from assistant.domain.errors import StorageError
from assistant.domain.ids import AnswerId, DocumentId
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import scope_now
from assistant.services.answer_record import LiveAnswer, text_of
from assistant.services.answer_veil import documents_of, veiled
from assistant.services.metering import settle_answer

_log = structlog.get_logger(__name__)

_INTERVAL_S = 0.25
_LONGEST_PAUSE_S = 4.0
"""Between two tries while the storage fails."""
_CANCEL_CHECK_EVERY = 4
"""Rounds: who lost the right to what an answer rests on reads it a second longer, at most."""
_STATELESS_KEPT = timedelta(hours=24)
_FORGOTTEN_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Batch:
    live: LiveAnswer
    events: tuple[NumberedEvent, ...]
    end: AnswerStatus | None
    text: str


class AnswerKeeper:
    """Keeps events durable at most 0.25 s after they happened, and each end at once.

    A failing disk never stops an answer: it goes on from memory and is written again until that
    succeeds. What waits stays small, for no answer starts while the database cannot be written.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        clock: Clock,
        *,
        interval_s: float = _INTERVAL_S,
        longest_pause_s: float = _LONGEST_PAUSE_S,
    ) -> None:
        self._open_work = open_work
        self._clock = clock
        self._interval_s = interval_s
        self._longest_pause_s = longest_pause_s
        self._lives: dict[AnswerId, LiveAnswer] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._failures = 0

    @property
    def lives(self) -> dict[AnswerId, LiveAnswer]:
        """Answers not yet wholly in the database."""
        return self._lives

    @property
    def ended(self) -> frozenset[AnswerId]:
        """Those of them that have ended: the database may not know it yet."""
        return frozenset(key for key, live in self._lives.items() if live.has_ended)

    def add(self, live: LiveAnswer) -> None:
        """Take charge of a new answer."""
        self._lives[live.answer.id] = live
        if self._task is None or self._task.done():
            self._wake = asyncio.Event()
            self._task = asyncio.create_task(self._loop())

    def wake(self) -> None:
        """Write soon: an answer has ended."""
        self._wake.set()

    async def close(self, *, within_s: float) -> None:
        """Wait until all is written; what cannot be written in that time is given up.

        The next start of the service ends the answers given up as interrupted.
        """
        self.wake()
        waits = [asyncio.ensure_future(live.released.wait()) for live in self._lives.values()]
        if waits:
            _, late = await asyncio.wait(waits, timeout=within_s)
            if late:
                _log.error("answers_given_up", count=len(late))
        for live in list(self._lives.values()):
            self._release(live)
        if self._task is not None:
            self.wake()
            await asyncio.wait({self._task}, timeout=within_s)

    async def _loop(self) -> None:
        rounds = 0
        while self._lives:
            await self._pause()
            rounds += 1
            await self._flush(is_cancel_round=rounds % _CANCEL_CHECK_EVERY == 0)

    async def _pause(self) -> None:
        pause_s = min(self._interval_s * 2 ** min(self._failures, 10), self._longest_pause_s)
        try:
            await asyncio.wait_for(self._wake.wait(), pause_s)
        except TimeoutError:
            return
        self._wake.clear()

    async def _flush(self, *, is_cancel_round: bool) -> None:
        batches = [_batch_of(live) for live in self._lives.values()]
        dirty = [batch for batch in batches if batch.events or batch.end is not None]
        running = tuple(batch.live for batch in batches if batch.end is None)
        try:
            if dirty:
                await to_thread.run_sync(self._write_all, dirty)
                self._mark_kept(dirty)
            if is_cancel_round and running:
                await self._stop_unwanted(running)
        except StorageError as error:
            self._failures += 1
            _log.warning("answer_events_not_kept", code=error.code, tries=self._failures)
        else:
            self._failures = 0

    async def _stop_unwanted(self, running: Sequence[LiveAnswer]) -> None:
        """Stop answers that are to be cancelled, or that rest on what their asker may not read now."""
        for live in await to_thread.run_sync(self._cancel_requested, running):
            live.cancel()
        begun = [live for live in running if live.is_begun]
        resting = [(live.asker, documents_of(live.record)) for live in begun]
        scopes = await to_thread.run_sync(self._scopes_now, resting)
        for live, scope in zip(begun, scopes, strict=True):
            live.narrow(scope)
            if scope is None or (live.has_lost and _rests_on_lost(live)):
                live.cancel()

    def _mark_kept(self, batches: Sequence[_Batch]) -> None:
        for batch in batches:
            batch.live.kept += len(batch.events)
            if batch.end is not None:
                self._release(batch.live)

    def _release(self, live: LiveAnswer) -> None:
        self._lives.pop(live.answer.id, None)
        live.released.set()

    def _write_all(self, batches: Sequence[_Batch]) -> None:
        try:
            with self._open_work() as work:
                for batch in batches:
                    self._write(work, batch)
                work.commit()
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - one deleted conversation must not lose the others
            self._write_apart(batches)

    def _write_apart(self, batches: Sequence[_Batch]) -> None:
        for batch in batches:
            try:
                self._write_one(batch)
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - its conversation was deleted meanwhile
                _log.warning("answer_dropped", kind=type(error).__name__)
                self._write_one(replace(batch, events=()))

    def _write_one(self, batch: _Batch) -> None:
        with self._open_work() as work:
            self._write(work, batch)
            work.commit()

    def _write(self, work: UnitOfWork, batch: _Batch) -> None:
        answer = batch.live.answer
        if batch.events:
            work.answers.append_events(answer.id, batch.events)
        if batch.end is None:
            return
        work.answers.finish(answer.id, status=batch.end, now=self._clock.now())
        settle_answer(work, batch.live.record)
        if answer.conversation_id is not None:
            work.conversations.set_message_text(answer.id, text=batch.text)

    def _cancel_requested(self, lives: Sequence[LiveAnswer]) -> list[LiveAnswer]:
        with self._open_work() as work:
            return [live for live in lives if work.answers.is_cancel_requested(live.answer.id)]

    def _scopes_now(
        self, answers: Sequence[tuple[Principal, frozenset[DocumentId]]]
    ) -> list[Scope | None]:
        """By asker and documents of an answer: what may be read now, without excluded documents."""
        now = self._clock.now()
        with self._open_work() as work:
            scopes = {asker: scope_now(work, asker, now=now) for asker, _ in answers}
            found: list[Scope | None] = []
            for asker, documents in answers:
                scope = scopes[asker]
                if scope is not None:
                    hidden = work.curation.excluded_among(documents, scope=scope)
                    scope = scope.hiding(hidden)
                found.append(scope)
        return found


def _rests_on_lost(live: LiveAnswer) -> bool:
    return veiled(live.record, scope=live.scope).is_withheld


def _batch_of(live: LiveAnswer) -> _Batch:
    record = live.record
    return _Batch(
        live=live,
        events=record.events[live.kept :],
        end=record.status if record.end is not None else None,
        text=text_of(record.events) if record.end is not None else "",
    )


def forget_old_answers(open_work: UnitOfWorkFactory, *, now: datetime) -> int:
    """Delete answers outside any conversation a day after their end; how many there were.

    At most 100 a call, so that the write lock is soon free again. Blocking.
    """
    with open_work() as work:
        forgotten = work.answers.forget_stateless(
            ended_before=now - _STATELESS_KEPT, limit=_FORGOTTEN_AT_ONCE
        )
        if forgotten:
            work.commit()
    return forgotten
