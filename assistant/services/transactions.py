"""Doing a short transaction again when another one came between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from assistant.domain.errors import StorageError

_T = TypeVar("_T")

_TRIES = 8
_PAUSE_S = 0.02


def retried(act: Callable[[], _T]) -> _T:
    """Run a whole unit of work, again from its start while the database says it is locked.

    Raises:
        StorageError: Still locked after eight tries ("database_locked"), or another failure.
    """
    for attempt in range(1, _TRIES):
        try:
            return act()
        except StorageError as error:
            if error.code != "database_locked":
                raise
            time.sleep(_PAUSE_S * attempt)
    return act()
