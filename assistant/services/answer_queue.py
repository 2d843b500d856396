"""Lets a bounded number of answers run at once; the others wait in a fair line and are told their place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from assistant.domain.ids import PersonId, TenantId
from assistant.services.fair_line import FairLine, Ticket

_TELL_EVERY_S = 0.5
"""Each place told is an event that is kept."""


class AnswerQueue:
    """Turns at the model, for all answers of this process. Used from one event loop."""

    def __init__(self, *, at_once: int) -> None:
        self._free = at_once
        self._line = FairLine()
        self._called: dict[Ticket, asyncio.Event] = {}

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._line)

    @asynccontextmanager
    async def turn(
        self, *, tenant_id: TenantId, person_id: PersonId, tell: Callable[[int], None]
    ) -> AsyncGenerator[None]:
        """Wait for a turn, and have it for the block. Who is cancelled leaves the line.

        Args:
            tenant_id: Of who asks.
            person_id: Who asks.
            tell: Told how many are ahead, when it has to wait and whenever that changes.
        """
        await self._wait(Ticket(tenant_id, person_id), tell=tell)
        try:
            yield
        finally:
            self._give_back()

    async def _wait(self, ticket: Ticket, *, tell: Callable[[int], None]) -> None:
        if self._free > 0:
            self._free -= 1
            return
        called = self._called[ticket] = asyncio.Event()
        self._line.join(ticket)
        told: int | None = None
        try:
            while not called.is_set():
                ahead = self._line.ahead_of(ticket)
                if ahead != told:
                    tell(ahead)
                    told = ahead
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TELL_EVERY_S):
                        await called.wait()
        except BaseException:
            if not self._line.leave(ticket):
                self._give_back()
            raise
        finally:
            del self._called[ticket]

    def _give_back(self) -> None:
        """Pass a turn on to the next one, or keep it for who comes."""
        following = self._line.take()
        if following is None:
            self._free += 1
        else:
            self._called[following].set()
