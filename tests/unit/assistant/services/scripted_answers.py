"""Answers written by a script, for the tests of the services around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerStatus,
    NumberedEvent,
    Question,
    RetrievalCompleted,
    TextDelta,
)
from assistant.domain.ids import AnswerId
from assistant.domain.tenancy import Scope
from assistant.services.answers import AnswerService
from tests.house import House

T = TypeVar("T")


@dataclass
class Script:
    """Says its texts, then waits at the gate, then ends, and goes away after its linger."""

    texts: tuple[str, ...] = ("Oui, ", "dix euros.")
    gate: asyncio.Event | None = None
    linger: asyncio.Event | None = None
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
            if self.linger is not None:
                await self.linger.wait()
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
