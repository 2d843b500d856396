from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from assistant.domain.answers import (
    Answer,
    AnswerCompleted,
    AnswerStatus,
    NumberedEvent,
    Question,
    TextDelta,
)
from assistant.domain.errors import StorageError
from assistant.domain.ids import AnswerId, ConversationId, new_id
from assistant.ports.repositories import UnitOfWork
from assistant.services.answer_keeper import AnswerKeeper, forget_old_answers
from assistant.services.answer_record import LiveAnswer
from assistant.services.conversations import ConversationService
from tests.house import House
from tests.unit.assistant.services.scripted_answers import Script, run, service_of

END = AnswerCompleted(AnswerStatus.ANSWERED, "Oui, dix euros.", (), (), "m", None, 1)


class FailingStore:
    """A database that cannot be written while `is_down`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.is_down = False
        self.refused = 0

    def __call__(self) -> UnitOfWork:
        if self.is_down:
            self.refused += 1
            raise StorageError("disk_full")
        return self._house.open_work()


@pytest.fixture
def store(house: House) -> FailingStore:
    return FailingStore(house)


def keeper_of(store: FailingStore, house: House) -> AnswerKeeper:
    return AnswerKeeper(store, house.clock, interval_s=0.001, longest_pause_s=0.002)


def begun(house: House, *, conversation_id: ConversationId | None = None) -> LiveAnswer:
    """An answer that the database knows as running."""
    answer = Answer(
        id=AnswerId(new_id()),
        tenant_id=house.principal.tenant_id,
        person_id=house.principal.person_id,
        conversation_id=conversation_id,
        question="Combien ?",
        status=AnswerStatus.RUNNING,
        created_at=house.clock.now(),
    )
    with house.open_work() as work:
        work.answers.add(answer)
        work.commit()
    return LiveAnswer(answer, asker=house.principal, scope=house.scope)


def kept_of(live: LiveAnswer, house: House) -> tuple[AnswerStatus, list[NumberedEvent]]:
    with house.open_work() as work:
        found = work.answers.find(live.answer.id, scope=house.scope)
        events = work.answers.events_after(live.answer.id, number=0, scope=house.scope)
    assert found is not None
    return found.status, events


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the condition never came true")


def test_an_ended_answer_waits_for_the_storage_however_long(
    house: House, store: FailingStore
) -> None:
    async def act() -> None:
        keeper, live = keeper_of(store, house), begun(house)
        store.is_down = True
        keeper.add(live)
        live.publish(TextDelta("Oui, "))
        live.publish(TextDelta("dix euros."))
        live.publish(END)
        keeper.wake()
        await until(lambda: store.refused > 100)
        assert live.answer.id in keeper.lives

        store.is_down = False
        await live.released.wait()

        assert kept_of(live, house) == (AnswerStatus.ANSWERED, live.events)
        assert keeper.lives == {}

    run(act)


def test_events_kept_before_a_failed_look_at_cancellations_are_kept_once(
    house: House, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act() -> None:
        keeper, live = keeper_of(store, house), begun(house)
        looks: list[int] = []

        def refuse(lives: object) -> list[LiveAnswer]:
            looks.append(1)
            raise StorageError("database_locked")

        monkeypatch.setattr(keeper, "_cancel_requested", refuse)
        keeper.add(live)
        for number in range(20):
            live.publish(TextDelta(f"{number} "))
            await asyncio.sleep(0.01)
        await until(lambda: len(looks) > 3)
        live.publish(END)
        await live.released.wait()

        assert kept_of(live, house) == (AnswerStatus.ANSWERED, live.events)

    run(act)


def test_events_that_clash_are_dropped_but_the_end_is_written(
    house: House, store: FailingStore
) -> None:
    async def act() -> None:
        conversations = ConversationService(house.open_work, house.clock)
        thread = conversations.create(principal=house.principal)
        service = service_of(house, Script(gate=asyncio.Event()))
        answer = await service.start(
            Question("Combien ?"),
            principal=house.principal,
            scope=house.scope,
            conversation_id=thread.id,
        )
        live = service._keeper.lives[answer.id]  # pyright: ignore[reportPrivateUsage]
        with house.open_work() as work:
            work.answers.append_events(answer.id, [NumberedEvent(4, TextDelta("autre"))])
            work.commit()
        await until(lambda: live.kept == 3)
        await service.cancel(answer.id, scope=house.scope)
        await live.released.wait()

        assert kept_of(live, house)[0] is AnswerStatus.CANCELLED
        _, messages = conversations.get(thread.id, scope=house.scope)
        assert messages[-1].text == "Oui, dix euros."
        await service.close()

    run(act)


def test_closing_gives_up_what_cannot_be_written(house: House, store: FailingStore) -> None:
    async def act() -> None:
        keeper, live = keeper_of(store, house), begun(house)
        store.is_down = True
        keeper.add(live)
        live.publish(END)

        await keeper.close(within_s=0.05)

        assert live.released.is_set()
        assert keeper.lives == {}
        assert kept_of(live, house) == (AnswerStatus.RUNNING, [])

    run(act)
    assert service_of(house, Script()).recover() == 1


def test_stateless_answers_are_forgotten_a_day_after_their_end(house: House) -> None:
    async def act() -> AnswerId:
        service = service_of(house, Script())
        answer = await service.start(
            Question("Combien ?"), principal=house.principal, scope=house.scope
        )
        await service.close()
        return answer.id

    answer_id = run(act)
    ended = house.clock.now()

    assert forget_old_answers(house.open_work, now=ended + timedelta(hours=23)) == 0
    assert forget_old_answers(house.open_work, now=ended + timedelta(hours=25)) == 1
    assert forget_old_answers(house.open_work, now=ended + timedelta(hours=25)) == 0
    with house.open_work() as work:
        assert work.answers.find(answer_id, scope=house.scope) is None
