"""Where passwords are computed: beside the threads that serve everything else, a few at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from assistant.domain.errors import QuotaExceeded

T = TypeVar("T")

WAITING = 50
"""Who comes when so many wait already is asked to come back: at two at a time, a second or more."""
_RETRY_S = 5.0


class PasswordRoom:
    """Runs what computes slow hashes; the others wait without holding a thread."""

    def __init__(self, *, places: int, waiting: int = WAITING) -> None:
        """Open the room.

        Args:
            places: How many run at a time.
            waiting: How many may wait.
        """
        self._limiter = CapacityLimiter(places)
        self._room = places + waiting
        self._inside = 0

    async def run(self, act: Callable[[], T]) -> T:
        """What an act returns.

        Raises:
            QuotaExceeded: Too many wait ("sign_in_busy"), beside what the act raises.
        """
        if self._inside >= self._room:
            raise QuotaExceeded("sign_in_busy", retry_after_s=_RETRY_S)
        self._inside += 1
        try:
            return await to_thread.run_sync(act, limiter=self._limiter)
        finally:
            self._inside -= 1
