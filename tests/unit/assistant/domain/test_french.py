from __future__ import annotations

from datetime import date

import pytest

from assistant.domain.french import french_date


@pytest.mark.parametrize(
    ("day", "words"),
    [(date(2023, 8, 15), "15 août 2023"), (date(2024, 3, 1), "1er mars 2024")],
)
def test_dates_are_written_in_french(day: date, words: str) -> None:
    assert french_date(day) == words
