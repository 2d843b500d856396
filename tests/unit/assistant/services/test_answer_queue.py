"""Answers wait for their turn, are told their place, and leave when they are stopped."""

from __future__ import annotations

import asyncio

import pytest

from assistant.domain.answers import AnswerQueued, AnswerStatus, Question
from assistant.domain.errors import ModelBusy
from assistant.domain.ids import PersonId, TenantId
from assistant.services.answer_queue import AnswerQueue
from assistant.services.answers import AnswerService
from tests.house import House
from tests.unit.assistant.services.scripted_answers import Script, collected, run


def test_turns_go_round_the_tenants_and_places_are_told() -> None:
    async def act() -> None:
        queue, gate = AnswerQueue(at_once=1), asyncio.Event()
        served: list[str] = []
        told: dict[str, list[int]] = {}

        async def ask(name: str) -> None:
            places = told.setdefault(name, [])
            async with queue.turn(
                tenant_id=TenantId(name[0]), person_id=PersonId(name[0]), tell=places.append
            ):
                served.append(name)
                await gate.wait()

        tasks = [asyncio.create_task(ask(name)) for name in ("A1", "A2", "A3", "B1")]
        await asyncio.sleep(0.7)
        waiting = queue.waiting
        gate.set()
        await asyncio.gather(*tasks)

        assert waiting == 3
        assert served == ["A1", "A2", "B1", "A3"]
        assert told == {"A1": [], "A2": [0], "A3": [1, 2], "B1": [1]}
        assert queue.waiting == 0

    run(act)


@pytest.mark.parametrize("is_called", [False, True])
def test_who_is_cancelled_leaves_and_keeps_no_turn(is_called: bool) -> None:
    async def act() -> None:
        queue = AnswerQueue(at_once=1)
        tenant_id, person_id = TenantId("A"), PersonId("a")
        turn = queue.turn(tenant_id=tenant_id, person_id=person_id, tell=lambda _: None)

        async def wait() -> None:
            async with queue.turn(tenant_id=tenant_id, person_id=person_id, tell=lambda _: None):
                return

        async with turn:
            waiter = asyncio.create_task(wait())
            await asyncio.sleep(0.01)
            if not is_called:
                waiter.cancel()
                await asyncio.wait({waiter})
        waiter.cancel()
        await asyncio.wait({waiter})

        assert waiter.cancelled()
        assert queue.waiting == 0
        await asyncio.wait_for(wait(), 1)

    run(act)


def test_an_answer_tells_its_place_then_is_written(house: House) -> None:
    async def act() -> None:
        gate = asyncio.Event()
        service = AnswerService(
            house.open_work, Script(gate=gate), house.clock, concurrent=1, waiting=2
        )
        started = [
            await service.start(Question("Combien ?"), principal=house.principal, scope=house.scope)
            for _ in range(3)
        ]
        with pytest.raises(ModelBusy):
            await service.start(Question("Combien ?"), principal=house.principal, scope=house.scope)
        await asyncio.sleep(0.05)
        await service.cancel(started[1].id, scope=house.scope)
        stopped = await service.result(started[1].id, scope=house.scope)
        await asyncio.sleep(0.6)
        gate.set()
        last = await collected(service, started[2].id, house=house)
        await service.close()
        kept = await service.snapshot(started[2].id, scope=house.scope)

        assert stopped.status is AnswerStatus.CANCELLED
        assert [each.event for each in stopped.events[:1]] == [AnswerQueued(0)]
        assert [each.event for each in last[:2]] == [AnswerQueued(1), AnswerQueued(0)]
        assert kept.events == tuple(last)
        assert kept.status is AnswerStatus.ANSWERED

    run(act)
