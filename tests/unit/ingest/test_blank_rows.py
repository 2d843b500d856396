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


def test_a_form_that_is_partly_filled_is_kept_whole() -> None:
    blank = [[str(number), "", ""] for number in range(1, 9)]
    blank[3] = ["4", "Oui", ""]
    assert rows_of(*blank) == [tuple(row) for row in blank]


def test_numbers_beside_a_merged_cell_are_data() -> None:
    zones = [["1", "4,50 euros", ""], *([str(zone), "", ""] for zone in range(2, 9))]
    assert rows_of(*zones) == [tuple(row) for row in zones]
    assert rows_of(*zones, ["9", "6 euros", ""])[3] == ("4", "", "")


def test_lone_numbers_that_do_not_count_up_are_data() -> None:
    years = [["2023", "", ""], ["12", "a", "b"], ["2024", "", ""], ["13", "c", "d"]]
    assert rows_of(*years) == [tuple(row) for row in years]
    few = [["a", "b", "c"], ["1", "", ""], ["2", "", ""]]
    assert rows_of(*few) == [tuple(row) for row in few]
