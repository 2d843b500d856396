"""When work that somebody holds may be taken by another one, the same for all that is leased."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_


def is_left(
    lease_until: ColumnElement[Any], *, now: datetime, life: timedelta | None
) -> ColumnElement[bool]:
    """True for work whose lease has passed, or that has none.

    Args:
        lease_until: Its end.
        now: The time.
        life: Of a lease; one that lasts twice as long is of a clock that has been put back since,
            and counts for nothing. None where the life is not known.
    """
    left = [lease_until.is_(None), lease_until < now]
    if life is not None:
        left.append(lease_until > now + 2 * life)
    return or_(*left)
