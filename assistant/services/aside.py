"""A slow call that its caller may walk away from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")
_LOOK_S = 0.5


class Aside:
    """Runs calls one after the other in threads of their own, which do not keep the process alive.

    A call that was left goes on to its end, its result is dropped, and the next one waits for it.
    """

    def __init__(self, *, look_s: float = _LOOK_S) -> None:
        self._look_s = look_s
        self._turn = threading.Lock()

    def run(self, call: Callable[[], _T], *, watch: Callable[[], None]) -> _T:
        """The result of a call.

        Args:
            call: What to do. What it raises is raised here.
            watch: Called every half second meanwhile; raises to leave.
        """
        future: Future[_T] = Future()

        def serve() -> None:
            with self._turn:
                if future.set_running_or_notify_cancel():
                    _settle(future, call)

        threading.Thread(target=serve, name="aside", daemon=True).start()
        try:
            while True:
                try:
                    return future.result(self._look_s)
                except TimeoutError:
                    if future.done():
                        raise
                watch()
        finally:
            future.cancel()


def _settle(future: Future[_T], call: Callable[[], _T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller
        future.set_exception(error)
