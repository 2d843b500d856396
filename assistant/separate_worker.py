"""A worker process of its own, beside those of the service: `assistant worker`, on PostgreSQL."""

from __future__ import annotations

import signal
import threading
from contextlib import closing

from assistant.bootstrap import build
from assistant.databases import is_on_server
from assistant.domain.errors import ConfigurationError
from assistant.readers import own_reader
from assistant.settings import Settings
from assistant.stopping import stop_on_signals


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
    stop_on_signals(stop, (signal.SIGTERM, signal.SIGINT))
    with (
        own_reader(settings) as reader,
        closing(build(settings, role="worker", reader=reader)) as container,
    ):
        container.worker.run_forever(stop)
