"""The runner that PostgreSQL wakes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

from assistant.adapters.sql.postgresql import JOBS_CHANNEL, Postgresql

_log = structlog.get_logger(__name__)

_LOOK_S = 5.0
_HEARS_STOP_S = 0.5


class ListeningRunner:
    """Implements `JobRunner`: the transaction that queues a job also says so (`NOTIFY`), at its commit.

    It also looks by itself now and then: for jobs whose worker died, for tries whose time has come,
    and for what was said while nobody could hear it (a server that restarts, a pooler that does not
    pass it on). Without a connection of its own it goes on looking, and listens again when it can.

    Args:
        place: The database.
        look_s: Time between two looks while nothing is heard, in seconds.
    """

    is_shared = True

    def __init__(self, place: Postgresql, *, look_s: float = _LOOK_S) -> None:
        self._place = place
        self._look_s = look_s

    def run(self, turn: Callable[[], bool], *, stop: threading.Event) -> None:
        """Turn after turn; when there was nothing, until something is said or it is time to look."""
        ear: psycopg.Connection[Any] | None = None
        try:
            while not stop.is_set():
                ear = ear or self._listen()
                while not stop.is_set() and turn():
                    continue
                if not self._wait(ear, stop=stop):
                    ear = None
        finally:
            if ear is not None:
                ear.close()

    def _listen(self) -> psycopg.Connection[Any] | None:
        try:
            ear = self._place.connect()
            ear.autocommit = True
            ear.execute(f"LISTEN {JOBS_CHANNEL}".encode())
        except psycopg.Error as error:
            _log.warning("not_listening", kind=type(error).__name__)
            return None
        return ear

    def _wait(self, ear: psycopg.Connection[Any] | None, *, stop: threading.Event) -> bool:
        """Until something is heard, told to stop, or time to look; false when it can hear no more."""
        until = time.monotonic() + self._look_s
        try:
            while not stop.is_set() and time.monotonic() < until:
                if ear is None:
                    stop.wait(_HEARS_STOP_S)
                elif any(True for _ in ear.notifies(timeout=_HEARS_STOP_S, stop_after=1)):
                    return True
        except psycopg.Error as error:
            _log.warning("no_longer_listening", kind=type(error).__name__)
            return False
        return ear is not None
