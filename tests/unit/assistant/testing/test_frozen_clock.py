from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from assistant.testing.clock import FrozenClock


def test_stands_still_until_told() -> None:
    clock = FrozenClock()
    noon = clock.now()
    assert clock.now() == noon
    assert clock.advance(90) == clock.now() == noon + timedelta(seconds=90)


def test_tells_utc() -> None:
    paris = datetime(2026, 7, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert FrozenClock(paris).now().tzinfo is UTC
    assert FrozenClock(paris).now() == paris


def test_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        FrozenClock(datetime(2026, 7, 1))  # noqa: DTZ001
