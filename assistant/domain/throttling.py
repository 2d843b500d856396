"""How often somebody may try to sign in: a wait after some failures, longer after each further one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_GRID = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Failures:
    """Attempts that did not succeed, of one account or from one address."""

    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Throttle:
    """When attempts have to wait."""

    free: int
    """Failures without any wait."""
    first: timedelta
    """Wait after that many; it doubles with each further one."""
    longest: timedelta
    forgotten: timedelta
    """Failures count no more after so long without one; longer than the longest wait."""
    eased: timedelta | None = None
    """One failure is taken off in each such stretch of time; None takes none off."""

    def wait(self, failures: Failures | None, *, now: datetime) -> timedelta:
        """How long the next attempt has to wait; zero when it need not."""
        if failures is None or self.is_forgotten(failures, now=now) or failures.count < self.free:
            return timedelta()
        doublings = min(failures.count - self.free, 32)
        opens = failures.last_at + min(self.first * 2**doublings, self.longest)
        return max(opens - now, timedelta())

    def counted(self, failures: Failures | None, *, now: datetime) -> Failures:
        """The failures with one more."""
        if failures is None or self.is_forgotten(failures, now=now):
            return Failures(1, now)
        return Failures(max(0, failures.count - self._eased_by(failures, now=now)) + 1, now)

    def is_forgotten(self, failures: Failures, *, now: datetime) -> bool:
        """True once they count no more."""
        return now - failures.last_at >= self.forgotten

    def _eased_by(self, failures: Failures, *, now: datetime) -> int:
        """Ends of stretches since the last attempt; on a fixed grid, for attempts close together lose none."""
        if self.eased is None:
            return 0
        return max(0, (now - _GRID) // self.eased - (failures.last_at - _GRID) // self.eased)


OF_ACCOUNT = Throttle(
    free=5,
    first=timedelta(minutes=1),
    longest=timedelta(hours=2),
    forgotten=timedelta(hours=24),
)
"""At most 25 attempts in 24 hours, a minute after the fifth, as the CNIL asks (délibération 2017-012)."""
OF_ADDRESS = Throttle(
    free=30,
    first=timedelta(minutes=1),
    longest=timedelta(minutes=15),
    forgotten=timedelta(hours=1),
    eased=timedelta(minutes=5),
)
"""A whole town hall may come from one address; one that tries account after account is slowed down.

So many people seldom leave an hour without an attempt: what they mistype in a day must not add up.
"""
