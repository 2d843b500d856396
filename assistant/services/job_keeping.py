"""Names of files in ended jobs and looks, forgotten once they were kept for a set time; counts stay."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import structlog

from assistant.domain.errors import AssistantError
from assistant.ports.clock import Clock
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

_AT_ONCE: Final = 1000
"""Lines of one transaction, so that the write lock is soon free again."""
_A_LOOK: Final = 5
"""Transactions of one look, some 0.2 s: what is to be shown waits for it."""


class JobKeeper:
    """Forgets, once a day (UTC) and at the start, the files of jobs and of looks that ended long ago.

    The names that looks tell go first: the lines of jobs tell which of them an erased document had.

    Any number of processes may do so at once: what one forgot, the others no longer find.

    Args:
        open_work: The store.
        clock: Tells the day.
        days: How long the files of an ended job or look are told one by one.
    """

    def __init__(self, open_work: UnitOfWorkFactory, clock: Clock, *, days: int) -> None:
        self._open_work = open_work
        self._clock = clock
        self._kept = timedelta(days=days)
        self._done_on: date | None = None

    def look(self) -> None:
        """Forget some of what is due, unless all of it was today; a failure is logged, and tried again."""
        now = self._clock.now()
        if self._done_on == now.date():
            return
        try:
            for _ in range(_A_LOOK):
                if not retried(self._forget):
                    self._done_on = now.date()
                    return
        except AssistantError as error:
            _log.warning("job_items_not_forgotten", code=error.code)

    def _forget(self) -> int:
        with self._open_work() as work:
            before = self._clock.now() - self._kept
            count = work.source_queue.forget_names(before=before, limit=_AT_ONCE)
            count = count or work.queue.forget_items(before=before, limit=_AT_ONCE)
            work.commit()
        return count
