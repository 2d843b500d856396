from __future__ import annotations

import asyncio

from assistant.domain.answers import (
    AnswerStatus,
    Question,
)
from assistant.services.conversations import ConversationService
from tests.house import House
from tests.unit.assistant.services.scripted_answers import Script, run, service_of


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

        assert [question.earlier for question in script.questions] == [
            (),
            ("Quelle aide existe ?",),
        ]
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
