"""Vectors of texts that no version holds, forgotten once no job can need them any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog

from assistant.domain.errors import AssistantError
from assistant.domain.ids import JobId
from assistant.ports.repositories import UnitOfWorkFactory
from assistant.services.transactions import retried

_log = structlog.get_logger(__name__)

_AT_ONCE: Final = 2000
"""Vectors looked at in one transaction."""
_SLICE_S: Final = 0.5
"""Of one look: what is to be shown waits for it."""
_PAUSES: Final = 100
"""Between two sweeps, as many times as long as the last one took."""


class _Sweep(NamedTuple):
    upto: int
    """Number of the newest vector when it was planned."""
    jobs: frozenset[JobId]
    """Those open then that still are: a file that gave way amid its embedding has its vectors there alone."""


class UnusedVectors:
    """Forgets what readings left that were cancelled, failed or overtaken amid their embedding.

    Vectors are told apart by nothing but their number. So a sweep takes those there were when it was
    planned, and waits until each job that was open then has ended. A younger job that found one of
    them computes it again, once: the next sweep waits for it.

    Args:
        open_work: The store.
        now: Seconds that only ever grow.
    """

    def __init__(
        self, open_work: UnitOfWorkFactory, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_work, self._now = open_work, now
        self._swept, self._after, self._took_s = 0, "", 0.0
        self._planned: _Sweep | None = None
        self._due_at = float("-inf")

    def look(self) -> None:
        """Sweep a little, when it is time; a failure is logged, and tried again."""
        if self._now() < self._due_at:
            return
        try:
            planned = retried(self._plan)
            if planned is not None and not planned.jobs:
                self._sweep(planned.upto)
        except AssistantError as error:
            _log.warning("vectors_not_swept", code=error.code)

    def _plan(self) -> _Sweep | None:
        """The sweep there is or could be; None when nothing came since the last one."""
        with self._open_work() as work:
            last, jobs = work.vectors.last_number(), work.queue.open_ids()
        planned = self._planned
        if planned is None or last < planned.upto:  # numbers of deleted vectors are given again
            planned = None if last == self._swept else _Sweep(last, jobs)
            self._after = ""
        elif planned.jobs:
            planned = planned._replace(jobs=planned.jobs & jobs)
        self._planned = planned
        return planned

    def _sweep(self, upto: int) -> None:
        begun = self._now()
        while self._now() - begun < _SLICE_S:
            self._after = retried(lambda: self._page(upto))
            if not self._after:
                self._swept, self._planned = self._end(upto), None
                break
        self._took_s += self._now() - begun
        if self._planned is None:
            self._due_at = self._now() + _PAUSES * self._took_s
            self._took_s = 0.0

    def _end(self, upto: int) -> int:
        """Up to where nothing is left; -1 when numbers went and may be given again: it looks once more."""
        with self._open_work() as work:
            return upto if work.vectors.last_number() >= upto else -1

    def _page(self, upto: int) -> str:
        with self._open_work() as work:
            last = work.vectors.sweep(after=self._after, upto=upto, limit=_AT_ONCE)
            work.commit()
        return last
