"""One HTTP request, tried again while the service may recover, for a bounded time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import httpx

from assistant.domain.errors import EmbedderUnavailable

_MAY_RECOVER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to insist."""

    attempts: int
    """Requests sent at most, at least 1."""
    first_pause_s: float
    """Before the second attempt; it doubles each time."""
    longest_pause_s: float
    """A service that asks for a longer wait is given up at once."""


def post_with_patience(
    http: httpx.Client,
    request: httpx.Request,
    *,
    patience: Patience,
    sleep: Callable[[float], None],
) -> httpx.Response:
    """Send a request until it is answered by something that a new attempt would not change.

    Raises:
        EmbedderUnavailable: Unreachable, overloaded or failing to the last attempt; with
            `retry_after_s` when the service said it.
    """
    wait_s: float | None = None
    for attempt in range(patience.attempts):
        if attempt:
            pause_s = min(patience.first_pause_s * 2 ** (attempt - 1), patience.longest_pause_s)
            sleep(max(pause_s, wait_s or 0.0))
        try:
            response = http.send(request)
        except httpx.TransportError:
            wait_s = None
            continue
        except httpx.HTTPError as error:
            raise EmbedderUnavailable from error
        if response.status_code not in _MAY_RECOVER:
            return response
        wait_s = _asked_wait_s(response)
        if wait_s is not None and wait_s > patience.longest_pause_s:
            break
    raise EmbedderUnavailable(retry_after_s=wait_s)


def _asked_wait_s(response: httpx.Response) -> float | None:
    """Seconds of `Retry-After`, given as a number or as a date; None when absent or unreadable."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        seconds = float(value)
        return seconds if isfinite(seconds) else None
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
