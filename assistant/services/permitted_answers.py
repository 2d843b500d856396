"""Answers without the chat model for tenants that do not allow it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from anyio import to_thread

from assistant.answering.closing import close
from assistant.domain.answers import AnswerEvent, Question
from assistant.domain.ids import TenantId
from assistant.domain.tenancy import Scope
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.answers import AnswerSource


class PermittedAnswers:
    """Implements `AnswerSource` over one with the model and one without; asks the tenant at each question."""

    def __init__(
        self,
        with_model: AnswerSource,
        without_model: AnswerSource,
        open_work: UnitOfWorkFactory,
        *,
        model: str,
    ) -> None:
        """Prepare.

        Args:
            with_model: Answers with it.
            without_model: Answers with quotes, and says why.
            open_work: The store.
            model: Its name, as tenants allow it.
        """
        self._with_model = with_model
        self._without_model = without_model
        self._open_work = open_work
        self._model = model

    async def run(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        """The events of one answer.

        Raises:
            StorageError: The tenant cannot be asked.
        """
        is_allowed = await to_thread.run_sync(self._is_allowed, scope.tenant_id)
        source = self._with_model if is_allowed else self._without_model
        events = source.run(question, scope=scope)
        try:
            async for event in events:
                yield event
        finally:
            await close(events)

    def _is_allowed(self, tenant_id: TenantId) -> bool:
        with self._open_work() as work:
            tenant = work.tenancy.find_tenant(tenant_id)
        return tenant is None or tenant.allows(self._model)
