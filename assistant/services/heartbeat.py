"""Keeps a lease while long work goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog

from assistant.domain.errors import StorageError

_log = structlog.get_logger(__name__)


class Heartbeat:
    """Renews a lease from a thread at each half of its life, while its block runs."""

    def __init__(self, renew: Callable[[], bool], *, lease_s: float) -> None:
        self._renew = renew
        self._interval_s = lease_s / 2
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def is_lost(self) -> bool:
        """True once the lease could not be renewed: somebody else may hold it."""
        return self._lost.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._interval_s):
            try:
                is_ours = self._renew()
            except StorageError as error:
                _log.warning("lease_not_renewed", code=error.code)
                continue
            if not is_ours:
                self._lost.set()
                return
