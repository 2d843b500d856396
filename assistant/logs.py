"""Where technical messages go: standard error, one JSON object a line, never text of documents."""

from __future__ import annotations

import logging
import sys

import structlog

_RETOLD = ("procrastinate", "psycopg.pool")
"""Who tell of a server that is away by tracebacks; the runner of workers says it in a line."""


def configure_logs(*, verbose: bool) -> None:
    """Send all technical messages to standard error, so that standard output holds results only.

    Args:
        verbose: True keeps warnings, for a service; False keeps errors only, for a command.
    """
    level = logging.WARNING if verbose else logging.CRITICAL
    logging.basicConfig(stream=sys.stderr, level=level, force=True, format="%(name)s %(message)s")
    for name in _RETOLD:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        # the stream is looked up at each message: it may have been replaced since
        cache_logger_on_first_use=False,
    )
