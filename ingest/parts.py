"""Attachments of a message by number: which one is being read, and what is left out after a death."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _nobody(number: int) -> None:
    del number


@dataclass(frozen=True, slots=True)
class PartsLeftOut:
    """Attachments that are named and not read. They are numbered from 1 in the order of reading."""

    numbers: tuple[int, ...] = ()
    onwards: int = 0
    """The first of those that are left out with all that follow; 0 when there are none."""

    def __contains__(self, number: int) -> bool:
        return number in self.numbers or 0 < self.onwards <= number


EVERY_PART_READ = PartsLeftOut()


@dataclass(frozen=True, slots=True)
class PartWatch:
    """What the reading of a message is told of its attachments, and tells."""

    left_out: PartsLeftOut = EVERY_PART_READ
    on_part: Callable[[int], None] = _nobody
    """Told the number of an attachment before it is read, and 0 when none is any more."""


UNWATCHED = PartWatch()
_MAX_SINGLE = 2
"""Attachments left out one by one; a message with more deaths loses all that follow at once."""


def without_culprit(left_out: PartsLeftOut, *, part: int, is_begun: bool) -> PartsLeftOut | None:
    """What to leave out of the next reading of a message; None when its attachments are not to blame.

    Args:
        left_out: What was left out of the reading that died.
        part: The attachment it died on; 0 when it was reading none.
        is_begun: True when it had begun an attachment.
    """
    if not is_begun:
        return None
    if part and not left_out.onwards and len(left_out.numbers) < _MAX_SINGLE:
        return PartsLeftOut(numbers=(*left_out.numbers, part))
    first = part if part and not left_out.onwards else 1
    return PartsLeftOut(numbers=left_out.numbers, onwards=first)
