from __future__ import annotations

import subprocess
import sys

SIGNALLED_AGAIN_AND_AGAIN = """
import os, signal, threading
from assistant.stopping import stop_on_signals

class Interrupted(threading.Event):
    def set(self):
        with self._cond:  # as the real one, which the next signal finds holding its lock
            os.kill(os.getpid(), signal.SIGTERM)
        super().set()

stop = Interrupted()
stop_on_signals(stop, (signal.SIGTERM,))
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
while not stop.wait(0.01):
    os.kill(os.getpid(), signal.SIGTERM)
print("stopped")
"""


def test_a_signal_that_interrupts_the_answer_to_another_stops_all_the_same() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALLED_AGAIN_AND_AGAIN],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout.strip()) == (0, "stopped"), ended.stderr
