"""Quantities and amounts are exact; a total is rounded once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.costs import UsageRow, quantity_of, stored_quantity, total_of
from assistant.domain.ids import TenantId
from assistant.domain.usage import Month, Unit, begin_of, day_of, reset_words

NOVEMBER = Month(2026, 11)
GB = 1_000_000_000


def row(quantity: str, price: str) -> UsageRow:
    return UsageRow(TenantId("t"), "T", Unit.PAGES, Decimal(quantity), Decimal(price))


def test_amounts_are_added_before_they_are_rounded() -> None:
    rows = [row("1", "0.004")] * 3

    assert [each.amount for each in rows] == [Decimal("0.004")] * 3
    assert total_of(rows) == Decimal("0.01")
    assert total_of([row("1", "0.125"), row("2", "0.02")]) == Decimal("0.17")
    assert str(total_of([])) == "0.00"


@given(
    st.lists(
        st.tuples(
            st.integers(min_value=0, max_value=10**12),
            st.decimals(min_value=0, max_value=1000, places=6),
        ),
        max_size=30,
    )
)
def test_a_total_is_that_of_whole_numbers(used: list[tuple[int, Decimal]]) -> None:
    rows = [
        UsageRow(
            TenantId("t"), "T", Unit.PROMPT_TOKENS, quantity_of(Unit.PROMPT_TOKENS, amount), price
        )
        for amount, price in used
    ]
    millionths_of_millionths = sum(amount * int(price * 10**6) for amount, price in used)
    cents, rest = divmod(millionths_of_millionths, 10**10)

    assert total_of(rows) == Decimal(cents + (rest >= 5 * 10**9)).scaleb(-2)


def test_storage_is_owed_by_the_day() -> None:
    levels = {date(2026, 10, 20): 3 * GB, date(2026, 11, 11): 6 * GB}

    whole = stored_quantity(levels, month=NOVEMBER, until=date(2026, 12, 24))
    begun = stored_quantity(levels, month=NOVEMBER, until=date(2026, 11, 15))
    later = stored_quantity(levels, month=Month(2026, 12), until=date(2026, 11, 15))

    assert whole == Decimal("5.000")
    assert begun == Decimal("2.000")
    assert later == Decimal("0.000")
    assert stored_quantity({}, month=NOVEMBER, until=date(2026, 12, 1)) == 0


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-1", "2026", "26-11", "2026-11-01", "", "٢٠٢٦-11"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is Python's
        Month.parse(text)


@given(st.dates(min_value=date(1, 1, 1), max_value=date(9999, 12, 31)))
def test_a_month_holds_its_days(day: date) -> None:
    month = Month.of(day)

    assert month.first <= day <= month.last
    assert month == Month(9999, 12) or (month.last + timedelta(days=1)).day == 1
    assert Month.parse(str(month)) == month


def test_days_begin_where_the_tenant_is() -> None:
    evening = datetime(2026, 11, 30, 21, 0, tzinfo=UTC)

    assert day_of(evening, time_zone="Europe/Paris") == date(2026, 11, 30)
    assert day_of(evening, time_zone="Indian/Reunion") == date(2026, 12, 1)
    opens = begin_of(date(2026, 12, 1), time_zone="America/Martinique")
    assert opens == datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
    assert reset_words(opens, time_zone="America/Martinique") == (
        "1er décembre 2026 à 0 h 00 (America/Martinique)"
    )
