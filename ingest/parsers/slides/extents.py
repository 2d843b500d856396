"""Rectangles of a slide, in the caller's unit of length, and which of them lie over one another."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a drawing is."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Extent) -> bool:
        """True when both have a common point that is not on their edges."""
        is_beside = self.right <= other.left or other.right <= self.left
        return not (is_beside or self.bottom <= other.top or other.bottom <= self.top)

    def turned(self) -> Extent:
        """The least square that holds it however it is turned around its centre."""
        half = math.hypot(self.right - self.left, self.bottom - self.top) / 2
        x, y = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        return Extent(x - half, y - half, x + half, y + half)
