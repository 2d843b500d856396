"""Why a job does not get on, told to who waits for it; and a wait that is of no use ended."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

from assistant.cli.console import note
from assistant.client import AssistantClient, ClientError
from assistant.domain.catalogue import sentence
from assistant.domain.errors import ConfigurationError

_PATIENCE_S = 3.0
_AGAIN_S = 60.0
"""Between two lines that say the same."""


class Standing(Protocol):
    """How far some work is, which may be a job."""

    @property
    def done(self) -> int:
        """Another number when it got on."""
        ...

    @property
    def waiting_reason(self) -> str | None:
        """Why a file of it failed in passing, in French; None when no file waits."""
        ...

    @property
    def next_try_at(self) -> datetime | None:
        """When that file is tried again."""
        ...


class Patience:
    """Looks, while some work does not get on, at what it waits for.

    Args:
        client: The way to the API.
        words: Code of the sentence that tells it, which says what Ctrl-C does; `_until` is added to it.
    """

    def __init__(self, client: AssistantClient, *, words: str = "job_waits") -> None:
        self._client = client
        self._words = words
        self._done = -1
        self._since = time.monotonic()
        self._told: tuple[str, datetime | None] | None = None
        self._told_at = 0.0

    def check(self, job: Standing) -> None:
        """Tell of work that has not ended, as it stands now, what it waits for; once a minute at most.

        Raises:
            ConfigurationError: Nobody will ever work on it ("worker_refused").
        """
        now = time.monotonic()
        if job.waiting_reason is not None:
            self._tell(job.waiting_reason, job.next_try_at)
        if job.done != self._done:
            self._done, self._since = job.done, now
        elif now - self._since > _PATIENCE_S:
            self._since = now
            with suppress(ClientError):
                self._ask(is_told=job.waiting_reason is not None)

    def _ask(self, *, is_told: bool) -> None:
        ready = self._client.ready()
        if ready.worker_refused:
            raise ConfigurationError("worker_refused")
        if is_told:
            return
        if ready.indexing_trouble is not None:
            self._tell(ready.indexing_trouble, None)
        elif not ready.embedder:
            self._tell(sentence("embedder_unavailable"), None)

    def _tell(self, reason: str, next_try_at: datetime | None) -> None:
        told, now = (reason, next_try_at), time.monotonic()
        is_same = self._told is not None and self._told[0] == reason
        if told == self._told or (is_same and now - self._told_at < _AGAIN_S):
            return
        self._told, self._told_at = told, now
        if next_try_at is None:
            note(sentence(self._words, reason=reason))
        else:
            seconds = (next_try_at - datetime.now(UTC)).total_seconds()
            note(
                sentence(f"{self._words}_until", reason=reason, seconds=max(1, math.ceil(seconds)))
            )
