from __future__ import annotations

import asyncio

from assistant.domain.answers import (
    AnswerFailed,
    AnswerStatus,
    Question,
)
from assistant.domain.errors import (
    StorageError,
)
from assistant.domain.ids import AnswerId
from tests.house import House
from tests.unit.assistant.services.scripted_answers import Script, run, service_of


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
