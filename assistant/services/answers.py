"""Answers as tasks of the service: started, followed, cancelled, and replayed later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

import structlog
from anyio import to_thread

from assistant.domain.answers import (
    Answer,
    AnswerEvent,
    AnswerFailed,
    AnswerQueued,
    AnswerStatus,
    NumberedEvent,
    Question,
)
from assistant.domain.conversations import Author, Conversation, Message
from assistant.domain.errors import AssistantError, ModelBusy, NotFound
from assistant.domain.ids import AnswerId, ConversationId, MessageId, PersonId, TenantId, new_id
from assistant.domain.tenancy import Principal, Scope
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWork, UnitOfWorkFactory
from assistant.services.access import scope_now
from assistant.services.answer_keeper import AnswerKeeper
from assistant.services.answer_queue import AnswerQueue
from assistant.services.answer_record import AnswerRecord, LiveAnswer, nothing_of, text_of
from assistant.services.answer_veil import Veil, documents_of, veiled
from assistant.services.metering import settle_answer
from assistant.services.quotas import take_question
from assistant.services.search import checked_question
from ingest.cleaning import seen_text

_log = structlog.get_logger(__name__)

_EARLIER = 3
"""Questions of a conversation that a follow-up may take its subject from."""
_POLL_S = 0.3
_TITLE_CHARS = 80
_BUSY_RETRY_S = 5.0
_CLOSE_S = 5.0


class AnswerSource(Protocol):
    """What answers a question; `answering.pipeline.AnswerPipeline` in the product."""

    def run(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        """The events of one answer, ended by exactly one of the two ends."""
        ...


class AnswerService:
    """Runs answers whatever becomes of the request that asked for them.

    Used from one event loop; only `recover` is synchronous.
    """

    def __init__(
        self,
        open_work: UnitOfWorkFactory,
        pipeline: AnswerSource,
        clock: Clock,
        *,
        concurrent: int,
        waiting: int = 0,
        question_chars: int = 4000,
    ) -> None:
        """Prepare.

        Args:
            open_work: Opens units of work.
            pipeline: Answers the questions.
            clock: Tells the time.
            concurrent: Answers that run at once, at most.
            waiting: Answers that wait for their turn, at most.
            question_chars: Longest question.
        """
        self._open_work = open_work
        self._pipeline = pipeline
        self._clock = clock
        self._queue = AnswerQueue(at_once=concurrent)
        self._most = concurrent + waiting
        self._question_chars = question_chars
        self._keeper = AnswerKeeper(open_work, clock)
        self._starting = 0

    @property
    def is_busy(self) -> bool:
        """True while some answer is running or waits for its turn."""
        return self._unended > 0

    @property
    def _unended(self) -> int:
        """Who has seen the end of an answer may ask the next one at once, so its place is free then."""
        return self._starting + sum(not live.has_ended for live in self._keeper.lives.values())

    async def start(
        self,
        question: Question,
        *,
        principal: Principal,
        scope: Scope,
        conversation_id: ConversationId | None = None,
    ) -> Answer:
        """Start answering; in a conversation, its previous questions are taken from there.

        Raises:
            InvalidInput: Empty question ("question_empty") or too long ("question_too_long").
            NotFound: The conversation is not the reader's.
            QuotaExceeded: A bound of its tenant or person is reached; nothing is kept nor counted.
            ModelBusy: Too many answers are running or waiting ("too_many_answers").
        """
        text = checked_question(question.text, limit=self._question_chars)
        earlier = [seen_text(each).strip()[: self._question_chars] for each in question.earlier]
        asked = Question(text, tuple(filter(None, earlier))[-_EARLIER:])
        if self._unended >= self._most:
            raise ModelBusy("too_many_answers", retry_after_s=_BUSY_RETRY_S)
        self._starting += 1
        try:
            answer, complete = await to_thread.run_sync(
                lambda: self._begin(asked, principal=principal, conversation_id=conversation_id)
            )
        finally:
            self._starting -= 1
        live = LiveAnswer(answer, asker=principal, scope=scope)
        self._keeper.add(live)
        live.task = asyncio.create_task(self._run(live, question=complete))
        live.task.add_done_callback(lambda _: self._settle(live))
        return answer

    async def events(
        self, answer_id: AnswerId, *, after: int, scope: Scope
    ) -> AsyncIterator[NumberedEvent]:
        """Events with a number above `after`: those of the past, then new ones until the end.

        Each as the reader may see it now, also when that changes while it reads.

        Raises:
            NotFound: The answer is not the reader's. Raised at the first event.
        """
        veil = Veil(scope)
        async for event, now in self._all_events(answer_id, scope=scope):
            veil.narrow(now)
            shown = veil.shown(event)
            if event.number > after:
                yield shown

    async def _all_events(
        self, answer_id: AnswerId, *, scope: Scope
    ) -> AsyncIterator[tuple[NumberedEvent, Scope]]:
        """Each with what may be read of it at that time."""
        live = self._live(answer_id, scope=scope)
        if live is not None:
            async for event in live.follow(after=0):
                yield event, live.scope
            return
        after = 0
        while True:
            record, now = await to_thread.run_sync(lambda: self._read_now(answer_id, scope=scope))
            for event in record.events[after:]:
                after = event.number
                yield event, now
            if record.end is not None or record.answer.status is not AnswerStatus.RUNNING:
                return
            await asyncio.sleep(_POLL_S)

    async def snapshot(self, answer_id: AnswerId, *, scope: Scope) -> AnswerRecord:
        """An answer as it stands now and as the reader may see it.

        Raises:
            NotFound: The answer is not the reader's.
        """
        live = self._live(answer_id, scope=scope)
        if live is not None:
            return veiled(live.record, scope=scope.within(live.scope))
        record, now = await to_thread.run_sync(lambda: self._read(answer_id, scope=scope))
        return veiled(record, scope=now)

    async def result(self, answer_id: AnswerId, *, scope: Scope) -> AnswerRecord:
        """An answer once it has ended, as the reader may see it then.

        Raises:
            NotFound: The answer is not the reader's.
        """
        live = self._live(answer_id, scope=scope)
        async for _ in self._all_events(answer_id, scope=scope):
            continue
        if live is not None:
            return veiled(live.record, scope=scope.within(live.scope))
        record, now = await to_thread.run_sync(lambda: self._read_now(answer_id, scope=scope))
        return veiled(record, scope=scope.within(now))

    async def kept(self, answer_id: AnswerId) -> None:
        """Wait until the database holds all of an answer that has just ended here."""
        live = self._keeper.lives.get(answer_id)
        if live is not None and live.has_ended:
            await live.released.wait()

    async def cancel(self, answer_id: AnswerId, *, scope: Scope) -> None:
        """Stop an answer; it ends as CANCELLED with its text so far. No error when it has ended.

        Raises:
            NotFound: The answer is not the reader's.
        """
        live = self._live(answer_id, scope=scope)
        if live is not None:
            live.cancel()
            return
        await to_thread.run_sync(lambda: self._request_cancel(answer_id, scope=scope))

    def stop_of(self, *, tenant_id: TenantId, person_id: PersonId | None = None) -> None:
        """Stop the answers that run here for a person, or for a whole tenant; none may read on."""
        for live in self._keeper.lives.values():
            is_meant = person_id is None or live.answer.person_id == person_id
            if live.answer.tenant_id == tenant_id and is_meant:
                live.cancel()

    async def close(self) -> None:
        """Stop all answers, keeping what they said; they end as interrupted."""
        for live in self._keeper.lives.values():
            if live.task is not None and not live.has_ended:
                live.task.cancel()
        await self._keeper.close(within_s=_CLOSE_S)

    def recover(self) -> int:
        """End the answers that a dead process left running; how many there were.

        Called once before the service takes requests. What was kept of them stays.
        """
        with self._open_work() as work:
            left = work.answers.running()
            for answer in left:
                self._end_interrupted(work, answer)
            work.commit()
        return len(left)

    async def _run(self, live: LiveAnswer, *, question: Question) -> None:
        def tell(ahead: int) -> None:
            live.publish(AnswerQueued(ahead))

        answer = live.answer
        turn = self._queue.turn(tenant_id=answer.tenant_id, person_id=answer.person_id, tell=tell)
        try:
            async with turn:
                await self._run_in_turn(live, question=question)
        except asyncio.CancelledError:
            _log.info("answer_stopped", answer_id=live.answer.id)
        except AssistantError as error:
            live.publish(AnswerFailed(error.code, dict(error.params)))
        except Exception as error:  # noqa: BLE001 - an answer always ends with an event
            _log.error("answer_crashed", answer_id=live.answer.id, kind=type(error).__name__)
            live.publish(AnswerFailed("internal_error", {}))

    async def _run_in_turn(self, live: LiveAnswer, *, question: Question) -> None:
        """With the rights that the asker has now: it may have waited for long."""
        now = await to_thread.run_sync(lambda: self._scope_now(live.asker))
        live.narrow(now)
        live.is_begun = True
        if now is None:
            live.is_cancelled = True
            return
        async for event in self._pipeline.run(question, scope=live.scope):
            live.publish(event)

    def _settle(self, live: LiveAnswer) -> None:
        live.publish(live.interrupted_end())
        self._keeper.wake()

    def _live(self, answer_id: AnswerId, *, scope: Scope) -> LiveAnswer | None:
        live = self._keeper.lives.get(answer_id)
        if live is None:
            return None
        owner = (live.answer.tenant_id, live.answer.person_id)
        if owner != (scope.tenant_id, scope.person_id):
            raise NotFound
        return live

    def _read(self, answer_id: AnswerId, *, scope: Scope) -> tuple[AnswerRecord, Scope]:
        """An answer, and the scope without those of its documents that were excluded."""
        with self._open_work() as work:
            answer = work.answers.find(answer_id, scope=scope)
            if answer is None:
                raise NotFound
            events = work.answers.events_after(answer_id, number=0, scope=scope)
            record = AnswerRecord(answer, tuple(events))
            hidden = work.curation.excluded_among(documents_of(record), scope=scope)
        return record, scope.hiding(hidden)

    def _read_now(self, answer_id: AnswerId, *, scope: Scope) -> tuple[AnswerRecord, Scope]:
        """An answer, and what its person may read now."""
        record, judged = self._read(answer_id, scope=scope)
        person = Principal(scope.person_id, scope.tenant_id, frozenset())
        now = self._scope_now(person) or nothing_of(record.answer)
        return record, now.hiding(judged.hidden)

    def _scope_now(self, reader: Principal) -> Scope | None:
        with self._open_work() as work:
            return scope_now(work, reader, now=self._clock.now())

    def _request_cancel(self, answer_id: AnswerId, *, scope: Scope) -> None:
        with self._open_work() as work:
            if work.answers.find(answer_id, scope=scope) is None:
                raise NotFound
            work.answers.request_cancel(answer_id, scope=scope)
            work.commit()

    def _begin(
        self,
        question: Question,
        *,
        principal: Principal,
        conversation_id: ConversationId | None,
    ) -> tuple[Answer, Question]:
        answer = Answer(
            id=AnswerId(new_id()),
            tenant_id=principal.tenant_id,
            person_id=principal.person_id,
            conversation_id=conversation_id,
            question=question.text,
            status=AnswerStatus.RUNNING,
            created_at=self._clock.now(),
        )
        ended = self._keeper.ended
        with self._open_work() as work:
            take_question(work, answer, ended=ended)
            if conversation_id is not None:
                question = self._join_conversation(work, answer, principal=principal)
            else:
                work.answers.add(answer)
            work.commit()
        return answer, question

    def _join_conversation(
        self, work: UnitOfWork, answer: Answer, *, principal: Principal
    ) -> Question:
        own = nothing_of(answer)
        conversation_id = answer.conversation_id
        found = work.conversations.find(conversation_id, scope=own) if conversation_id else None
        if found is None or principal.person_id != found.person_id:
            raise NotFound
        earlier = work.conversations.messages(found.id, scope=own)
        asked = [message.text for message in earlier if message.author is Author.PERSON]
        work.answers.add(answer)
        for author, text in ((Author.PERSON, answer.question), (Author.ASSISTANT, "")):
            work.conversations.add_message(_message(answer, found, author=author, text=text))
        title = found.title or _title_of(answer.question)
        work.conversations.update(replace(found, title=title, updated_at=answer.created_at))
        return Question(answer.question, tuple(asked[-_EARLIER:]))

    def _end_interrupted(self, work: UnitOfWork, answer: Answer) -> None:
        events = work.answers.events_after(answer.id, number=0, scope=nothing_of(answer))
        record = AnswerRecord(answer, tuple(events))
        if record.end is None:
            end = NumberedEvent(len(events) + 1, AnswerFailed("answer_interrupted", {}))
            work.answers.append_events(answer.id, [end])
            record = AnswerRecord(answer, (*events, end))
        work.answers.finish(answer.id, status=record.status, now=self._clock.now())
        settle_answer(work, record)
        if answer.conversation_id is not None:
            work.conversations.set_message_text(answer.id, text=text_of(events))


def _message(answer: Answer, conversation: Conversation, *, author: Author, text: str) -> Message:
    return Message(
        id=MessageId(new_id()),
        conversation_id=conversation.id,
        author=author,
        text=text,
        answer_id=answer.id if author is Author.ASSISTANT else None,
        created_at=answer.created_at,
    )


def _title_of(question: str) -> str:
    line = " ".join(question.split())
    if len(line) <= _TITLE_CHARS:
        return line
    return line[: _TITLE_CHARS - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
