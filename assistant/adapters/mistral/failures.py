"""What can go wrong at a chat endpoint, and the error it becomes: one table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from assistant.domain.errors import ModelBusy, ModelMisbehaved, ModelUnavailable, UpstreamError

_CONTEXT = re.compile(
    r"context[ _](?:length|size|window)|maximum context|too many (?:input )?tokens|prompt is too long|"
    r"exceed\w*(?: the)?(?: available| maximum| model'?s?)* context|input (?:is )?too long|"
    r"max_(?:model|prompt)_len|too large for model",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"model.{0,80}(?:not (?:found|exist|available)|does not exist|unknown|invalid)|"
    r"(?:unknown|invalid|no such)[ _]model|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
_OPTIONS = re.compile(r"stream_options", re.IGNORECASE)

FIRST_ERROR, SERVER_ERRORS = 400, 500
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TIMEOUT, _TOO_LARGE, _BUSY = 401, 403, 404, 408, 413, 429
_OVERLOADED = frozenset({503, 529})


def of_status(status: int, *, body: str, headers: Mapping[str, str]) -> UpstreamError:
    """The error of an HTTP answer that is not a stream.

    | answer | error |
    |---|---|
    | body speaks of the context's length, or 413 | ModelUnavailable("model_context_too_long") |
    | 401, 403 | ModelUnavailable("model_unauthorized") |
    | 404, or a body that says the model is unknown | ModelUnavailable("model_unknown") |
    | 429; 503 or 529 with Retry-After | ModelBusy |
    | 408, 5xx | ModelUnavailable("model_server_error") |
    | other 4xx | ModelUnavailable("model_refused") |
    """
    retry_after_s = _retry_after_s(headers)
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return ModelUnavailable("model_unauthorized", transient=False)
    if status == _BUSY or (status in _OVERLOADED and retry_after_s is not None):
        return ModelBusy(retry_after_s=retry_after_s)
    if status == _TOO_LARGE or _CONTEXT.search(body):
        return ModelUnavailable("model_context_too_long", transient=False)
    if status == _NOT_FOUND or (status < SERVER_ERRORS and _UNKNOWN.search(body)):
        return ModelUnavailable("model_unknown", transient=False)
    if status == _TIMEOUT or status >= SERVER_ERRORS:
        return ModelUnavailable("model_server_error")
    return ModelUnavailable("model_refused", transient=False)


def of_stream_error(body: str) -> UpstreamError:
    """The error of a stream that says in an event that it failed, or that cannot be read."""
    if _CONTEXT.search(body):
        return ModelUnavailable("model_context_too_long", transient=False)
    return ModelMisbehaved("model_malformed")


def unreachable() -> UpstreamError:
    """Nobody listens, the name is unknown, or the connection broke before an answer."""
    return ModelUnavailable("model_unreachable")


def stalled() -> UpstreamError:
    """No token within the time allowed."""
    return ModelMisbehaved("model_stalled")


def empty() -> UpstreamError:
    """A stream that ended well without a word."""
    return ModelMisbehaved("model_empty")


def refuses_stream_options(status: int, *, body: str) -> bool:
    """True when the server objects to being asked for the usage."""
    return status in {400, 422} and _OPTIONS.search(body) is not None


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After`, given as a number or as a date; None when absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value)
    return max(seconds, 0.0) if isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max((then - datetime.now(UTC)).total_seconds(), 0.0)
