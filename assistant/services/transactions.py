"""Doing a short transaction again when another one came between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from assistant.domain.errors import Conflict, StorageError

_T = TypeVar("_T")

_TRIES = 8
_PAUSE_S = 0.02
_PASSING = frozenset({"database_locked", Conflict.default_code})


def retried(act: Callable[[], _T]) -> _T:
    """Run a whole unit of work, again from its start when it was locked out or overtaken.

    Overtaken: what it was about to add was added by another one since it looked; looking again
    finds it.

    Raises:
        StorageError: Still locked after eight tries ("database_locked"), or another failure.
        Conflict: Still in conflict after eight tries, or one that looking again cannot settle.
    """
    for attempt in range(1, _TRIES):
        try:
            return act()
        except (StorageError, Conflict) as error:
            if error.code not in _PASSING:
                raise
            time.sleep(_PAUSE_S * attempt)
    return act()
