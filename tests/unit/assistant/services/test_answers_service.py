from __future__ import annotations

import asyncio

import pytest

from assistant.domain.answers import (
    Answer,
    AnswerCompleted,
    AnswerFailed,
    AnswerStatus,
    Question,
)
from assistant.domain.errors import (
    InvalidInput,
    ModelBusy,
    ModelUnavailable,
    NotFound,
)
from assistant.domain.ids import ConversationId
from tests.house import House
from tests.unit.assistant.services.scripted_answers import Script, collected, run, service_of


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


def test_no_more_answers_begin_at_one_moment_than_may_run(house: House) -> None:
    async def act() -> None:
        service = service_of(house, Script(gate=asyncio.Event()), concurrent=2)
        begun = await asyncio.gather(
            *(
                service.start(Question("Combien ?"), principal=house.principal, scope=house.scope)
                for _ in range(5)
            ),
            return_exceptions=True,
        )
        await service.close()

        assert sum(isinstance(each, ModelBusy) for each in begun) == 3
        assert sum(isinstance(each, Answer) for each in begun) == 2

    run(act)


def test_who_has_seen_the_end_may_ask_at_once(house: House) -> None:
    async def act() -> None:
        linger = asyncio.Event()
        service = service_of(house, Script(linger=linger), concurrent=1)
        first = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        await service.result(first.id, scope=house.scope)

        second = await service.start(
            Question("Et après ?"), principal=house.principal, scope=house.scope
        )
        linger.set()
        record = await service.result(second.id, scope=house.scope)

        assert record.status is AnswerStatus.ANSWERED
        await service.close()

    run(act)
