"""The runner that looks for jobs itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

_LOOK_S = 0.2


class LeaseLoop:
    """Implements `JobRunner` by looking again and again: cheap where the database is a file.

    Args:
        look_s: Time between two looks while there is nothing to do, in seconds.
    """

    is_shared = False

    def __init__(self, *, look_s: float = _LOOK_S) -> None:
        self._look_s = look_s

    def run(self, turn: Callable[[], bool], *, stop: threading.Event) -> None:
        """Turn after turn; a rest when there was nothing."""
        while not stop.is_set():
            if not turn():
                stop.wait(self._look_s)
