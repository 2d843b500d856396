"""Entry of the worker process: `python -m assistant.worker`, settings as one JSON line on stdin.

It lives as long as its parent: the end of stdin, which the parent holds open, and a signal of the
kernel both ask it to stop, and a worker that does not within seconds ends itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from typing import TextIO

import structlog

from assistant.bootstrap import build
from assistant.containers import WorkerContainer
from assistant.domain.errors import AssistantError, StorageError, UpstreamError
from assistant.logs import configure_logs
from assistant.readers import own_reader
from assistant.settings import Settings
from assistant.stopping import stop_on_signals

EXIT_FAILED = 1
"""It could not start now; it may later."""
EXIT_REFUSED = 2
"""The settings or the data folder do not allow to start: waiting does not help."""
_NICENESS = 10
_PR_SET_PDEATHSIG = 1
_GRACE_S = 10.0
_LOOK_S = 5.0
"""For a look at a source to end by itself; one that is cut short is made again."""
_PASSING = {"database_locked", "database_unreachable"}

_log = structlog.get_logger(__name__)


def main(stdin: TextIO | None = None) -> int:
    """Work until the parent ends or asks to stop.

    Args:
        stdin: Where settings come from and whose end means the parent's; None takes the process's.

    Returns:
        0 when asked to stop, else why it cannot start: `EXIT_FAILED` or `EXIT_REFUSED`.
    """
    configure_logs(verbose=True)
    source = stdin or sys.stdin
    die_with_parent()
    be_nice()
    stop = threading.Event()
    stop_on_signals(stop, (signal.SIGTERM,))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        settings = Settings.model_validate(json.loads(source.readline()))
    except ValueError:
        _log.exception("worker_misunderstands_its_settings")
        return EXIT_REFUSED
    threading.Thread(target=_watch, args=(source, stop), name="parent-watch", daemon=True).start()
    with ExitStack() as stack:
        try:
            reader = stack.enter_context(own_reader(settings))
            container = build(settings, role="worker", reader=reader)
        except AssistantError as error:
            _log.error("worker_refused", code=error.code)
            return EXIT_FAILED if _passes(error) else EXIT_REFUSED
        _work(container, stop)
    return 0


def _work(container: WorkerContainer, stop: threading.Event) -> None:
    looks = threading.Thread(
        target=container.sources.run_forever, args=(stop,), name="sources", daemon=True
    )
    looks.start()
    try:
        container.worker.run_forever(stop)
    finally:
        stop.set()
        looks.join(timeout=_LOOK_S)
        container.close()


def die_with_parent() -> None:
    """Have the kernel ask this process to stop when the thread that started it ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def be_nice() -> None:
    """Leave the processor to the serving process."""
    os.nice(_NICENESS)


def _passes(error: AssistantError) -> bool:
    if isinstance(error, UpstreamError):
        return error.transient
    return isinstance(error, StorageError) and error.code in _PASSING


def _watch(source: TextIO, stop: threading.Event) -> None:
    while source.readline():
        continue
    stop.set()
    time.sleep(_GRACE_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
