"""Shares of a small count, with an interval that stays honest near 0 and 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

_Z = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some cases succeeded."""

    successes: int
    total: int
    """0 when there was no case; then there is no value."""

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Share:
        """The share of true outcomes."""
        listed = list(outcomes)
        return cls(sum(listed), len(listed))

    @property
    def value(self) -> float | None:
        """Successes over total, in [0, 1]; None without a case."""
        return self.successes / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % Wilson interval, within [0, 1]; None without a case."""
        return wilson(self.successes, self.total) if self.total else None


def wilson(successes: int, total: int) -> tuple[float, float]:
    """Bounds of the 95 % score interval of a share.

    Args:
        successes: In [0, `total`].
        total: At least 1.

    Returns:
        Lower and upper bound, within [0, 1]; the share itself lies between them.

    Raises:
        ValueError: The counts are out of bounds.

    Source:
        Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 1927.
    """
    if not 0 <= successes <= total or total < 1:
        raise ValueError("successes must lie in [0, total] and total be at least 1")
    share = successes / total
    spread = 1 + _Z**2 / total
    centre = (share + _Z**2 / (2 * total)) / spread
    half = _Z * sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2)) / spread
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))
