"""Answers outside `AnswerService`, such as those of evaluations: their tokens are counted as well."""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog
from anyio import to_thread

from assistant.answering.closing import close
from assistant.domain.answers import AnswerCompleted, AnswerEvent, Question, TokenUsage
from assistant.domain.errors import StorageError
from assistant.domain.tenancy import Scope
from assistant.domain.usage import Unit
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.answers import AnswerSource
from assistant.services.metering import count_use
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)


class MeteredAnswers:
    """Implements `AnswerSource`: passes everything on, and counts the tokens at the end."""

    def __init__(self, source: AnswerSource, open_work: UnitOfWorkFactory, clock: Clock) -> None:
        self._source = source
        self._open_work = open_work
        self._clock = clock

    async def run(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        """The events of one answer; a storage that fails loses its tokens, never the answer."""
        events = self._source.run(question, scope=scope)
        try:
            async for event in events:
                if isinstance(event, AnswerCompleted) and event.tokens is not None:
                    await to_thread.run_sync(self._keep, event.tokens, scope)
                yield event
        finally:
            await close(events)

    def _keep(self, tokens: TokenUsage, scope: Scope) -> None:
        amounts = {
            Unit.PROMPT_TOKENS: tokens.prompt,
            Unit.COMPLETION_TOKENS: tokens.completion,
        }

        def count() -> None:
            with self._open_work() as work:
                count_use(work, amounts, tenant_id=scope.tenant_id, at=self._clock.now())
                work.commit()

        try:
            retried(count)
        except StorageError as error:
            _log.warning("tokens_not_counted", code=error.code)
