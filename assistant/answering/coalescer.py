"""Text gathered so that a reader gets a bounded number of pieces a second, the first one at once."""

from __future__ import annotations


class Coalescer:
    """Says when gathered text is due. Holds no clock: the caller tells the time, in seconds."""

    def __init__(self, *, per_second: float) -> None:
        self._interval_s = 1 / per_second
        self._next_at: float | None = None
        self._held = ""

    def hold(self, text: str) -> None:
        """Gather text."""
        self._held += text

    def take(self, *, now: float) -> str:
        """The gathered text when it is due, else an empty string."""
        if not self._held or (self._next_at is not None and now < self._next_at):
            return ""
        self._next_at = now + self._interval_s
        return self.flush()

    def flush(self) -> str:
        """The gathered text, due or not: at the end nothing waits."""
        taken, self._held = self._held, ""
        return taken

    def wait_s(self, *, now: float) -> float | None:
        """Seconds until gathered text is due, None when nothing is gathered."""
        if not self._held or self._next_at is None:
            return None
        return max(self._next_at - now, 0.0)
