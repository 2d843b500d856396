"""Tokens of answers outside the service of answers are counted, and never cost the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerStatus,
    Question,
    TextDelta,
    TokenUsage,
)
from assistant.domain.errors import StorageError
from assistant.domain.tenancy import Scope
from assistant.domain.usage import Unit
from assistant.ports.repositories import UnitOfWork
from assistant.services.metered_answers import MeteredAnswers
from tests.house import House


@dataclass
class Source:
    tokens: TokenUsage | None

    async def run(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        yield TextDelta(question.text)
        yield AnswerCompleted(AnswerStatus.ANSWERED, question.text, (), (), "m", self.tokens, 1)


def ask(source: MeteredAnswers, house: House) -> list[AnswerEvent]:
    async def act() -> list[AnswerEvent]:
        return [event async for event in source.run(Question("Oui ?"), scope=house.scope)]

    return asyncio.run(act())


def test_tokens_are_those_of_the_tenant_that_asks(house: House) -> None:
    for tokens in (TokenUsage(700, 30, is_estimated=False), None, TokenUsage(1, 2, True)):
        events = ask(MeteredAnswers(Source(tokens), house.open_work, house.clock), house)
        assert len(events) == 2

    today = house.clock.now().date()
    with house.open_work() as work:
        totals = work.usage.totals(house.principal.tenant_id, first=today, last=today)
    assert totals == {Unit.PROMPT_TOKENS: 701, Unit.COMPLETION_TOKENS: 32}


def test_a_storage_that_fails_leaves_the_answer(house: House) -> None:
    def fail() -> UnitOfWork:
        raise StorageError("disk_full")

    source = MeteredAnswers(Source(TokenUsage(1, 1, is_estimated=False)), fail, house.clock)

    assert isinstance(ask(source, house)[-1], AnswerCompleted)
