from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from ingest.parsers.sheets.values import (
    is_hiding,
    moment_text,
    number_text,
    restated_date,
    restated_number,
    shown_cell,
)

at = datetime.fromisoformat
ACCOUNTING = r'_-* #,##0.00\ [$€-40C]_-;\-* #,##0.00\ [$€-40C]_-;_-* "-"??\ [$€-40C]_-;_-@_-'


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "#,##0.00 €", "1 234,50 €"),
        (1234.5, ACCOUNTING, "1 234,50 €"),
        (-1234.5, ACCOUNTING, "-1 234,50 €"),
        (1234, '"€"#,##0_);("€"#,##0)', "1 234 €"),
        (-1234, '"€"#,##0_);("€"#,##0)', "-1 234 €"),
        (1234.56, "#,##0.00 [$CHF]", "1 234,56 CHF"),
        (1500, '#,##0" k€"', "1 500 k€"),
        (0.125, "0.0%", "12,5 %"),
        (0.125, "0.00%", "12,50 %"),
        (12.5, '0.0" %"', "12,5 %"),
        (1234567, "# ##0", "1 234 567"),
        (1234567.891, "#,##0", "1 234 568"),
        (0.005, "0.00", "0,01"),
        (3.5, "0.##", "3,5"),
        (3, "0.##", "3"),
        (150, '0" m²"', "150 m²"),
        (7, '"n° "0', "n° 7"),
        (1000, "00000", "01000"),
        (612345678, '0#" "##" "##" "##" "##', "06 12 34 56 78"),
        (12, "General", "12"),
        (60674.0, "General", "60674"),
        (0.1 + 0.2, "General", "0,3"),
        (47.218371, "General", "47,218371"),
        (12345678900012, "General", "12345678900012"),
        (1e-5, "General", "0,00001"),
        (1e300, "0.00", "1e+300"),
        (float("inf"), "0.00", "inf"),
    ],
)
def test_numbers_are_written_as_in_french(value: float, code: str, text: str) -> None:
    assert number_text(value, code=code) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (date(2024, 12, 31), "", "31/12/2024"),
        (at("2024-12-31"), "mm-dd-yy", "31/12/2024"),
        (at("2024-12-31"), "[$-40C]d mmmm yyyy;@", "31/12/2024"),
        (at("2024-12-01"), "mmm-yy", "décembre 2024"),
        (at("2024-12-01"), "yyyy", "2024"),
        (at("2024-12-31T14:30"), "m/d/yy h:mm", "31/12/2024 14:30"),
        (at("2024-12-31T14:30"), "dd/mm/yyyy", "31/12/2024"),
        (time(14, 30), "h:mm", "14:30"),
        (time(14, 30, 5), "h:mm:ss", "14:30:05"),
        (timedelta(hours=36, minutes=5), "[h]:mm", "36:05"),
    ],
)
def test_dates_are_written_as_in_french(value: date | time, code: str, text: str) -> None:
    assert moment_text(value, code=code) == text


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        (1234.5, "1,234.50", "1 234,50"),
        (1234.5678, "1234,57", "1234,57"),
        (1e6, "1.000.000", "1 000 000"),
        (-1234.5, "-1 234,50", "-1 234,50"),
        (60674, "60674", "60674"),
        (1, "01", "01"),
        (150, "150 m²", "150 m²"),
        (2500, "2,5", "2500"),
        (5, "###", "5"),
        (5, "", "5"),
    ],
)
def test_display_of_another_locale_is_restated(value: float, shown: str, text: str) -> None:
    assert restated_number(value, shown=shown, is_percentage=False) == text


def test_units_are_restated() -> None:
    assert (
        restated_number(1234.5, shown="€1,234.50", currency="EUR", is_percentage=False)
        == "1 234,50 €"
    )
    assert restated_number(1234.5, shown="", currency="EUR", is_percentage=False) == "1 234,50 €"
    assert restated_number(0.125, shown="12.50%", is_percentage=True) == "12,50 %"
    assert restated_number(0.125, shown="", is_percentage=True) == "12,5 %"


@pytest.mark.parametrize(
    ("iso", "shown", "text"),
    [
        ("2057-08-21", "08/21/57", "21/08/2057"),
        ("2057-08-01", "août 57", "août 2057"),
        ("2057-08-01T10:00:00", "01/08/57", "01/08/2057 10:00"),
        ("n'importe quoi", "hier", "hier"),
    ],
)
def test_dates_are_restated(iso: str, shown: str, text: str) -> None:
    assert restated_date(iso, shown=shown) == text


def test_values_and_words_differ() -> None:
    assert shown_cell(True, code="General").text == "vrai"
    assert shown_cell(2024, code="General").is_value
    assert not shown_cell("Nom\nde la commune", code="General").is_value
    assert shown_cell("Nom\nde la commune", code="General").text == "Nom de la commune"


def test_format_that_shows_nothing() -> None:
    assert is_hiding(";;;")
    assert not is_hiding("0;-0")
