"""How a process is asked to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Collection
from contextlib import suppress
from types import FrameType


def stop_on_signals(stop: threading.Event, numbers: Collection[signal.Signals]) -> None:
    """Set an event when one of these signals comes. From the main thread only.

    The handler takes no lock, for the thread that it interrupts may hold it, `Event.set` of an
    earlier signal among others: it writes to a pipe, and a thread of its own sets the event.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)

    def note(number: int, frame: FrameType | None) -> None:
        del number, frame
        with suppress(BlockingIOError):
            os.write(tell, b"!")

    for each in numbers:
        signal.signal(each, note)
    threading.Thread(target=_wait, args=(told, stop), name="signals", daemon=True).start()


def _wait(told: int, stop: threading.Event) -> None:
    os.read(told, 1)
    stop.set()
