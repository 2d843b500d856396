from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerStatus,
    NumberedEvent,
    Question,
    RetrievalCompleted,
    TextDelta,
)
from assistant.domain.errors import (
    InvalidInput,
    ModelBusy,
    ModelUnavailable,
    NotFound,
    StorageError,
)
from assistant.domain.ids import AnswerId, ConversationId
from assistant.domain.tenancy import Scope
from assistant.services.answers import AnswerService
from assistant.services.conversations import ConversationService
from tests.house import House

T = TypeVar("T")


@dataclass
class Script:
    """Says its texts, then waits at the gate, then ends."""

    texts: tuple[str, ...] = ("Oui, ", "dix euros.")
    gate: asyncio.Event | None = None
    error: Exception | None = None
    questions: list[Question] = field(default_factory=lambda: [])
    is_closed: bool = False

    async def run(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        self.questions.append(question)
        try:
            yield RetrievalCompleted(())
            for text in self.texts:
                await asyncio.sleep(0)
                yield TextDelta(text)
            if self.gate is not None:
                await self.gate.wait()
            if self.error is not None:
                raise self.error
            yield AnswerCompleted(AnswerStatus.ANSWERED, "".join(self.texts), (), (), "m", None, 1)
        finally:
            self.is_closed = True


def run(act: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        return await asyncio.wait_for(act(), 30)

    return asyncio.run(bounded())


def service_of(house: House, script: Script, *, concurrent: int = 4) -> AnswerService:
    return AnswerService(house.open_work, script, house.clock, concurrent=concurrent)


async def collected(
    service: AnswerService, answer_id: AnswerId, *, house: House, after: int = 0
) -> list[NumberedEvent]:
    events = service.events(answer_id, after=after, scope=house.scope)
    return [event async for event in events]


def test_answer_is_streamed_then_replayed_the_same(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script())
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        live = await collected(service, answer.id, house=house)
        await service.close()
        replayed = await collected(service_of(house, Script()), answer.id, house=house)

        assert [event.number for event in live] == [1, 2, 3, 4]
        assert replayed == live
        assert isinstance(live[-1].event, AnswerCompleted)

    run(act)


def test_reader_goes_on_where_it_stopped(house: House) -> None:
    async def act() -> None:
        gate = asyncio.Event()
        service = service_of(house, Script(gate=gate))
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        seen: list[int] = []
        async for event in service.events(answer.id, after=0, scope=house.scope):
            seen.append(event.number)
            if event.number == 2:
                break
        gate.set()
        rest = await collected(service, answer.id, house=house, after=2)

        assert seen == [1, 2]
        assert [event.number for event in rest] == [3, 4]
        await service.close()

    run(act)


def test_many_followers_see_all_of_it(house: House) -> None:
    async def act() -> None:
        gate = asyncio.Event()
        service = service_of(house, Script(gate=gate))
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        followers = [
            asyncio.create_task(collected(service, answer.id, house=house)) for _ in range(5)
        ]
        await asyncio.sleep(0.05)
        gate.set()

        assert {len(await each) for each in followers} == {4}
        await service.close()

    run(act)


def test_result_waits_for_the_end(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script())
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )

        record = await service.result(answer.id, scope=house.scope)

        assert record.text == "Oui, dix euros."
        assert record.status is AnswerStatus.ANSWERED
        await service.close()

    run(act)


def test_cancel_ends_with_the_text_so_far_and_closes_the_source(house: House) -> None:
    async def act() -> None:
        script = Script(gate=asyncio.Event())
        service = service_of(house, script)
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        async for event in service.events(answer.id, after=0, scope=house.scope):
            if event.number == 3:
                break
        await service.cancel(answer.id, scope=house.scope)
        record = await service.result(answer.id, scope=house.scope)

        end = record.end
        assert isinstance(end, AnswerCompleted)
        assert (end.status, end.text) == (AnswerStatus.CANCELLED, "Oui, dix euros.")
        assert script.is_closed
        await service.cancel(answer.id, scope=house.scope)
        await service.close()

    run(act)


def test_cancel_before_the_first_step_ends_too(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script(gate=asyncio.Event()), concurrent=1)
        for _ in range(2):
            answer = await service.start(
                Question("Combien ?"), principal=house.principal, scope=house.scope
            )
            await service.cancel(answer.id, scope=house.scope)
            record = await service.result(answer.id, scope=house.scope)
            assert record.status is AnswerStatus.CANCELLED
        await service.close()

    run(act)


def test_cancel_asked_of_another_process_arrives(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script(gate=asyncio.Event()))
        other = service_of(house, Script())
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )

        await other.cancel(answer.id, scope=house.scope)
        record = await other.result(answer.id, scope=house.scope)

        assert record.status is AnswerStatus.CANCELLED
        await service.close()

    run(act)


@pytest.mark.parametrize(
    ("error", "code"),
    [(ModelUnavailable(), "model_unavailable"), (RuntimeError("bug"), "internal_error")],
)
def test_source_that_raises_still_ends_with_an_event(
    house: House, error: Exception, code: str
) -> None:
    async def act() -> None:
        service = service_of(house, Script(error=error))
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        record = await service.result(answer.id, scope=house.scope)

        assert record.end == AnswerFailed(code, {})
        assert record.text == "Oui, dix euros."
        await service.close()

    run(act)


def test_conversation_keeps_both_messages_and_gives_the_previous_question(house: House) -> None:
    async def act() -> None:
        script = Script()
        service = service_of(house, script)
        conversations = ConversationService(house.open_work, house.clock)
        thread = conversations.create(principal=house.principal)
        for text in ("Quelle aide existe ?", "Et pour les lycées ?"):
            answer = await service.start(
                Question(text),
                principal=house.principal,
                scope=house.scope,
                conversation_id=thread.id,
            )
            await service.result(answer.id, scope=house.scope)
        await service.close()
        found, messages = conversations.get(thread.id, scope=house.scope)

        assert [question.after for question in script.questions] == ["", "Quelle aide existe ?"]
        assert found.title == "Quelle aide existe ?"
        assert [message.text for message in messages] == [
            "Quelle aide existe ?",
            "Oui, dix euros.",
            "Et pour les lycées ?",
            "Oui, dix euros.",
        ]
        assert messages[0].answer_id is None
        assert messages[3].answer_id is not None

    run(act)


def test_long_first_question_makes_a_short_title(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script())
        conversations = ConversationService(house.open_work, house.clock)
        thread = conversations.create(principal=house.principal)
        await service.start(
            Question("mot " * 100),
            principal=house.principal,
            scope=house.scope,
            conversation_id=thread.id,
        )
        await service.close()

        title = conversations.get(thread.id, scope=house.scope)[0].title
        assert len(title) <= 80
        assert title.endswith("mot…")

    run(act)


def test_deleting_the_conversation_of_a_running_answer_harms_no_other(house: House) -> None:
    async def act() -> None:
        gate = asyncio.Event()
        service = service_of(house, Script(gate=gate))
        conversations = ConversationService(house.open_work, house.clock)
        thread = conversations.create(principal=house.principal)
        doomed = await service.start(
            Question("Un ?"),
            principal=house.principal,
            scope=house.scope,
            conversation_id=thread.id,
        )
        other = await service.start(
            Question("Deux ?"), principal=house.principal, scope=house.scope
        )
        conversations.delete(thread.id, scope=house.scope)
        gate.set()
        await service.result(doomed.id, scope=house.scope)
        await service.result(other.id, scope=house.scope)
        await service.close()

        record = await service_of(house, Script()).result(other.id, scope=house.scope)
        assert record.status is AnswerStatus.ANSWERED

    run(act)


def test_answers_and_conversations_of_others_do_not_exist(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script(gate=asyncio.Event()))
        other = house.access.scope_of(house.agent)
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )

        for _ in range(2):
            with pytest.raises(NotFound):
                await service.snapshot(answer.id, scope=other)
            with pytest.raises(NotFound):
                await service.cancel(answer.id, scope=other)
            with pytest.raises(NotFound):
                await anext(aiter(service.events(answer.id, after=0, scope=other)))
            await service.close()
        with pytest.raises(NotFound):
            await service.start(
                Question("Combien ?"),
                principal=house.principal,
                scope=house.scope,
                conversation_id=ConversationId("none"),
            )

    run(act)


@pytest.mark.parametrize(
    ("text", "code"), [("  \n", "question_empty"), ("x" * 200_000, "question_too_long")]
)
def test_empty_and_huge_questions_are_refused(house: House, text: str, code: str) -> None:
    async def act() -> None:
        service = service_of(house, Script())
        with pytest.raises(InvalidInput) as error:
            await service.start(Question(text), principal=house.principal, scope=house.scope)
        assert error.value.code == code
        assert error.value.sentence

    run(act)


def test_too_many_answers_at_once_are_refused_then_taken_again(house: House) -> None:
    async def act() -> None:
        gate = asyncio.Event()
        service = service_of(house, Script(gate=gate), concurrent=2)
        answers = [
            await service.start(Question("Combien ?"), principal=house.principal, scope=house.scope)
            for _ in range(2)
        ]
        with pytest.raises(ModelBusy) as error:
            await service.start(Question("Combien ?"), principal=house.principal, scope=house.scope)
        gate.set()
        for answer in answers:
            await service.result(answer.id, scope=house.scope)
        await service.start(Question("Combien ?"), principal=house.principal, scope=house.scope)
        await service.close()

        assert error.value.code == "too_many_answers"

    run(act)


def test_answers_left_by_a_dead_process_are_ended(house: House) -> None:
    async def abandon() -> AnswerId:
        service = service_of(house, Script(gate=asyncio.Event()))
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        await asyncio.sleep(0.6)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        return answer.id

    answer_id = run(abandon)
    service = service_of(house, Script())

    assert service.recover() == 1
    assert service.recover() == 0
    record = run(lambda: service.result(answer_id, scope=house.scope))
    assert record.text == "Oui, dix euros."
    assert record.end == AnswerFailed("answer_interrupted", {})
    assert record.answer.status is AnswerStatus.FAILED


def test_full_disk_does_not_stop_an_answer(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script(gate=(gate := asyncio.Event())))
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        real = service._keeper._open_work  # pyright: ignore[reportPrivateUsage]

        def broken() -> object:
            raise StorageError("disk_full")

        service._keeper._open_work = broken  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
        gate.set()
        record = await service.result(answer.id, scope=house.scope)
        assert record.status is AnswerStatus.ANSWERED
        await asyncio.sleep(0.4)
        service._keeper._open_work = real  # pyright: ignore[reportPrivateUsage]
        await service.close()
        kept = await service_of(house, Script()).snapshot(answer.id, scope=house.scope)
        assert kept.status is AnswerStatus.ANSWERED

    run(act)
