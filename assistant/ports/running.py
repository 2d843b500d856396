"""What wakes a worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol


class JobRunner(Protocol):
    """Gives a worker its turns: at once when a job is queued, and again for a job whose worker died.

    It holds no state of jobs. That one live worker at a time has a job is what leases see to
    (`WorkQueue.lease`); a runner may wake a worker for nothing, and two for one job.
    """

    @property
    def is_shared(self) -> bool:
        """True when other workers may take the same jobs."""
        ...

    def run(self, turn: Callable[[], bool], *, stop: threading.Event) -> None:
        """Call `turn` whenever there may be a job, until told to stop.

        Args:
            turn: Takes one job as far as it goes; false when none was free. It raises nothing.
            stop: Ends the wait within a second, or a few while the database is away, and the loop
                after the turn under way.
        """
        ...
