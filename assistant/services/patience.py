"""Waiting for what may never answer, such as a folder of a disk over the network, and giving up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from assistant.domain.errors import UpstreamError

T = TypeVar("T")

PLACE_PATIENCE_S = 60.0
"""For a place to tell its first names, in seconds: longer than a server is given to answer."""
_AT_ONCE = threading.BoundedSemaphore(16)
"""Of threads that wait: what hangs in the kernel cannot be ended, so it is bounded."""


class Outcome(Generic[T]):
    """What a call in a thread of its own ends with."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._ended = threading.Event()

    def run(self) -> None:
        """Make the call; what it raises is kept."""
        try:
            self._result.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised where the result is taken
            self._error = error
        finally:
            self._ended.set()

    @property
    def has_ended(self) -> bool:
        """True once it has ended."""
        return self._ended.is_set()

    def wait(self, seconds: float) -> bool:
        """True once it has ended, within so many seconds."""
        return self._ended.wait(seconds)

    def take(self) -> T:
        """Its result, or what it raised. To be called once it has ended."""
        if self._error is not None:
            raise self._error
        return self._result[0]


def within(call: Callable[[], T], *, seconds: float) -> T:
    """What a call returns, or raises, if it ends in time; else it is left alone.

    Args:
        call: Made in a thread of its own.
        seconds: How long is waited.

    Raises:
        UpstreamError: It did not, or too many such calls hang ("source_silent").
    """
    if not _AT_ONCE.acquire(timeout=seconds):
        raise UpstreamError("source_silent", transient=True)
    outcome = Outcome(call)

    def run() -> None:
        try:
            outcome.run()
        finally:
            _AT_ONCE.release()

    threading.Thread(target=run, name="patience", daemon=True).start()
    if not outcome.wait(seconds):
        raise UpstreamError("source_silent", transient=True)
    return outcome.take()
