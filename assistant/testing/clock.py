"""A clock that moves only when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """Implements `Clock`.

    Args:
        now: First time told, aware; by default noon of 2 January 2026, UTC.

    Raises:
        ValueError: `now` is naive.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self._now = datetime(2026, 1, 2, 12, tzinfo=UTC)
        if now is not None:
            self.set(now)

    def now(self) -> datetime:
        """The time it stands at."""
        return self._now

    def set(self, now: datetime) -> None:
        """Stand at another time. Raises `ValueError` when it is naive."""
        if now.tzinfo is None:
            raise ValueError("the time must be aware")
        self._now = now.astimezone(UTC)

    def advance(self, seconds: float) -> datetime:
        """Move by some seconds, backwards when negative, and tell the new time."""
        self._now += timedelta(seconds=seconds)
        return self._now
