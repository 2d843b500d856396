"""When something that failed in passing is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LONGEST_WAIT = timedelta(hours=1)
"""No wait of ours is longer: a time further ahead was written by a clock that has been put back since."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits that double from one try to the next, up to a longest one, for a number of tries."""

    tries: int = 10
    """Tries after the first one; 0 gives up at once."""
    first_s: float = 5.0
    longest_s: float = 900.0
    """At most an hour, `LONGEST_WAIT`."""

    def wait(
        self, setbacks: int, *, spread: float, asked_s: float | None = None
    ) -> timedelta | None:
        """How long to wait after so many failures in passing.

        Args:
            setbacks: Failures so far, at least 1.
            spread: From 0 to 1, drawn anew each time: the wait is up to a quarter shorter or longer,
                so that those that failed together do not all come back together.
            asked_s: What the failing service itself asks to wait, in seconds; more than ours counts.

        Returns:
            None when there are no tries left.
        """
        if setbacks > self.tries:
            return None
        doubled = self.first_s * 2.0 ** min(setbacks - 1, 32)
        ours = min(doubled, self.longest_s) * (0.75 + spread / 2)
        seconds = max(min(ours, self.longest_s), asked_s or 0.0)
        return min(timedelta(seconds=seconds), LONGEST_WAIT)
