"""A worker process of its own, beside those of the service: `assistant worker`, on PostgreSQL."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from uuid import uuid4

from assistant.bootstrap import build
from assistant.data_folder import prepare_data_folder
from assistant.databases import is_on_server
from assistant.domain.errors import ConfigurationError
from assistant.readers import open_reader
from assistant.settings import Settings

_PREFIX = "worker-"
_LOCK = "lock"


def work(settings: Settings) -> None:
    """Work until asked to stop by SIGTERM or SIGINT; what was begun is given back.

    Raises:
        ConfigurationError: The database is a file, which the service alone works on
            ("worker_needs_postgresql"), or as `build`.
        StorageError: The database cannot be used.
    """
    if not is_on_server(settings):
        raise ConfigurationError("worker_needs_postgresql")
    stop = threading.Event()
    _stop_on_signals(stop)
    shared = prepare_data_folder(settings.data_dir).scratch
    with own_scratch(shared) as scratch:
        reader = open_reader(settings, scratch=scratch, children=settings.ingest.children)
        with closing(build(settings, role="worker", reader=reader)) as container:
            container.worker.run_forever(stop)


@contextmanager
def own_scratch(shared: Path) -> Generator[Path]:
    """A folder for the children of this process alone; those that dead workers left are removed.

    They hold text of documents. A living worker is known by the lock that it holds.
    """
    for folder in shared.glob(f"{_PREFIX}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
    own = shared / f"{_PREFIX}{uuid4()}"
    own.mkdir(mode=0o700, parents=True)
    descriptor = os.open(own / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(descriptor)


def _is_abandoned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False  # it is just being made
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _stop_on_signals(stop: threading.Event) -> None:
    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
