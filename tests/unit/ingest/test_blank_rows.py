"""Numbered lines of a form that wait to be filled in say nothing."""

from __future__ import annotations

from ingest.draft import table_block

HEADER = ["N°", "Commentaire", "Proposition"]


def rows_of(*rows: list[str]) -> list[tuple[str, ...]]:
    block = table_block([HEADER, *rows])
    assert block is not None
    assert block.table is not None
    return list(block.table.rows)


def test_waiting_lines_are_left_out() -> None:
    filled = ["", "Le titre est faux", "Le corriger"]
    blank = [[f"{number}.", "", ""] for number in range(1, 9)]
    assert rows_of(filled, *blank) == [tuple(filled)]


def test_filled_lines_stay_among_them() -> None:
    blank = [[str(number), "", ""] for number in range(1, 9)]
    blank[3] = ["4", "Oui", ""]
    kept = rows_of(*blank)
    assert ("4", "Oui", "") in kept
    assert ("2", "", "") not in kept


def test_lone_numbers_that_do_not_count_up_are_data() -> None:
    years = [["2023", "", ""], ["12", "a", "b"], ["2024", "", ""], ["13", "c", "d"]]
    assert rows_of(*years) == [tuple(row) for row in years]
    lone = [["7", "", ""], ["8", "", ""], ["a", "b", "c"]]
    assert rows_of(*lone) == [tuple(row) for row in lone]
