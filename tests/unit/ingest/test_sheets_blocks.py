from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingest.chunking import chunk_document
from ingest.limits import Limits
from ingest.model import Block, BlockKind, Chunk, FileFormat, Notice, ParsedDocument, Table
from ingest.parsers.sheets.blocks import sheet_blocks
from ingest.parsers.sheets.intake import Cell, Intake, Merge, Sheet

Value = str | int | None
YEARS = (2022, 2023)


def intake_of(
    rows: Sequence[Sequence[Value]], *, merges: Sequence[Merge] = (), limits: Limits | None = None
) -> Intake:
    intake = Intake(limits or Limits())
    intake.open_sheet("Budget")
    for merge in merges:
        intake.add_merge(merge)
    for number, row in enumerate(rows, start=1):
        cells = [
            (column, Cell(str(value), is_value=isinstance(value, int)))
            for column, value in enumerate(row, start=1)
            if value is not None
        ]
        if not intake.add_row(number, order=number, cells=cells):
            break
    return intake


def sheet_of(rows: Sequence[Sequence[Value]], *, merges: Sequence[Merge] = ()) -> Sheet:
    return intake_of(rows, merges=merges).sheets[0]


def tables_of(blocks: Sequence[Block]) -> list[Table]:
    return [block.table for block in blocks if block.table is not None]


def chunks_of(sheet: Sheet) -> tuple[Chunk, ...]:
    blocks = tuple(sheet_blocks(sheet))
    document = ParsedDocument(format=FileFormat.XLSX, title="Budget primitif", blocks=blocks)
    return chunk_document(document, target_tokens=256)


def test_sheet_is_named_and_its_table_has_ranges() -> None:
    blocks = sheet_blocks(sheet_of([["Poste", "Montant"], ["Voirie", 12], ["Écoles", 15]]))

    assert [block.kind for block in blocks] == [BlockKind.HEADING, BlockKind.TABLE]
    assert blocks[0].text == "Budget"
    assert {block.place.sheet for block in blocks} == {"Budget"}
    (table,) = tables_of(blocks)
    assert table.header == ("Poste", "Montant")
    assert table.rows == (("Voirie", "12"), ("Écoles", "15"))
    assert table.sheet_rows == (1, 2, 3)
    assert table.sheet_columns == (1, 2)


def test_empty_sheet_has_no_blocks() -> None:
    assert sheet_blocks(sheet_of([[None], [None]])) == []


@pytest.mark.parametrize("gap", [[], [[None]]])
def test_line_above_a_table_is_its_heading(gap: list[list[Value]]) -> None:
    rows = [["Dépenses de voirie"], *gap, ["Poste", "Montant"], ["Enrobé", 12]]

    blocks = sheet_blocks(sheet_of(rows))

    assert blocks[1].text == "Dépenses de voirie"
    assert (blocks[1].kind, blocks[1].level) == (BlockKind.HEADING, 2)
    assert tables_of(blocks)[0].header == ("Poste", "Montant")


def test_tables_between_blank_rows_are_blocks_of_their_own() -> None:
    rows = [
        ["Recettes"],
        ["Poste", "Montant"],
        ["Impôts", 12],
        [None],
        ["Dépenses"],
        ["Service", "Agents"],
        ["Voirie", 3],
    ]

    chunks = chunks_of(sheet_of(rows))
    tables = tables_of(sheet_blocks(sheet_of(rows)))

    assert [table.header for table in tables] == [("Poste", "Montant"), ("Service", "Agents")]
    assert {chunk.locator.place.sheet for chunk in chunks} == {"Budget"}


def test_rows_after_a_blank_one_keep_the_header_above() -> None:
    rows = [["Poste", "Montant"], ["Voirie", 12], [None], ["Écoles", 15], [None], ["Total", 27]]

    (table,) = tables_of(sheet_blocks(sheet_of(rows)))

    assert table.rows == (("Voirie", "12"), ("Écoles", "15"), ("Total", "27"))
    assert table.sheet_rows == (1, 2, 4, 6)


def test_header_set_off_by_a_blank_row_is_kept() -> None:
    rows = [["Poste", "Montant"], [None], ["Voirie", 12], ["Écoles", 15]]

    (table,) = tables_of(sheet_blocks(sheet_of(rows)))

    assert table.header == ("Poste", "Montant")


def test_merged_headers_of_several_rows_are_joined() -> None:
    rows = [
        ["Commune", "Dépenses", None, "Recettes", None],
        [None, *YEARS, *YEARS],
        ["Nantes", 1, 2, 3, 4],
    ]
    merges = [Merge(1, 1, 2, 1), Merge(1, 2, 1, 3), Merge(1, 4, 1, 5)]

    (table,) = tables_of(sheet_blocks(sheet_of(rows, merges=merges)))

    assert table.header == (
        "Commune",
        "Dépenses — 2022",
        "Dépenses — 2023",
        "Recettes — 2022",
        "Recettes — 2023",
    )
    assert table.rows == (("Nantes", "1", "2", "3", "4"),)


def test_header_of_two_rows_without_merges() -> None:
    rows = [
        ["Commune", "Dépenses", None, "Recettes", None],
        [None, *YEARS, *YEARS],
        ["Nantes", 1, 2, 3, 4],
    ]

    (table,) = tables_of(sheet_blocks(sheet_of(rows)))

    assert table.header[1:3] == ("Dépenses — 2022", "Dépenses — 2023")
    assert table.rows == (("Nantes", "1", "2", "3", "4"),)


def test_column_without_a_name_does_not_lengthen_the_header() -> None:
    rows = [["Nom", "Service", None], ["Dupont", "Voirie", "absent"], ["Durand", "Écoles", None]]

    (table,) = tables_of(sheet_blocks(sheet_of(rows)))

    assert table.header == ("Nom", "Service", "")
    assert len(table.rows) == 2


def test_title_merged_over_the_table_is_no_header() -> None:
    rows = [["Budget primitif 2024", None, None], ["Poste", "2023", "2024"], ["Voirie", 1, 2]]

    blocks = sheet_blocks(sheet_of(rows, merges=[Merge(1, 1, 1, 3)]))

    assert blocks[1].text == "Budget primitif 2024"
    assert tables_of(blocks)[0].header == ("Poste", "2023", "2024")


def test_vertically_merged_value_is_in_each_of_its_rows() -> None:
    rows = [["Canton", "Commune", "Habitants"], ["Retz", "Chéméré", 12], [None, "Rouans", 15]]

    (table,) = tables_of(sheet_blocks(sheet_of(rows, merges=[Merge(2, 1, 3, 1)])))

    assert table.rows == (("Retz", "Chéméré", "12"), ("Retz", "Rouans", "15"))


def test_table_without_header_names_its_columns_by_letters() -> None:
    (table,) = tables_of(sheet_blocks(sheet_of([["Voirie", 12], ["Écoles", 15]])))

    assert table.header == ("Colonne A", "Colonne B")
    assert len(table.rows) == 2


def test_notes_below_a_table_are_text() -> None:
    rows = [["Poste", "Montant"], ["Voirie", 12], ["Source : compte administratif 2023"]]

    blocks = sheet_blocks(sheet_of(rows))

    assert blocks[-1].kind is BlockKind.PARAGRAPH
    assert blocks[-1].text == "Source : compte administratif 2023"


def test_lines_of_text_are_paragraphs_and_long_lists_are_tables() -> None:
    lines = sheet_blocks(sheet_of([["Lisez-moi"], ["Ce classeur est mis à jour chaque mois."]]))
    names = sheet_blocks(sheet_of([["Communes"], *([f"Commune {n}"] for n in range(400))]))

    assert [block.kind for block in lines] == [BlockKind.HEADING, BlockKind.PARAGRAPH]
    (table,) = tables_of(names)
    assert table.header == ("Communes",)
    assert len(table.rows) == 400


def test_row_of_two_thousand_is_found_with_its_header() -> None:
    rows = [["Commune", "Code INSEE", "Aide votée"]]
    body = [[f"Commune {n}", 44000 + n, 10 * n] for n in range(2000)]

    chunks = chunks_of(sheet_of([*rows, *body]))

    (chunk,) = [chunk for chunk in chunks if "| Commune 1234 |" in chunk.text]
    assert "| Commune | Code INSEE | Aide votée |" in chunk.text
    assert "| Commune 1234 | 45234 | 12340 |" in chunk.text
    first, last = (int(cell[1:]) for cell in chunk.locator.cells.split(":"))
    assert chunk.locator.cells.startswith("A")
    assert first <= 1236 <= last
    assert all(chunk.tokens <= 512 for chunk in chunks)
    assert sum(chunk.text.count("| Commune ") for chunk in chunks) == 2000 + len(chunks)


def test_row_of_a_wide_table_is_a_card_that_names_each_cell() -> None:
    names = [f"Libellé de la colonne numéro {n}" for n in range(60)]
    rows: list[Sequence[Value]] = [["Procédure", *names]]
    rows += [[f"Procédure {n}", *(n * 100 + c for c in range(60))] for n in range(5)]

    chunks = chunks_of(sheet_of(rows))

    found = [chunk for chunk in chunks if "| 317 |" in chunk.text]
    assert len(found) == 1
    assert "| Libellé de la colonne numéro 17 | 317 |" in found[0].text
    assert "| Ligne 5 | Procédure 3 |" in found[0].text
    assert found[0].locator.cells == "A5:BI5"
    assert "Colonnes : Procédure ; Libellé de la colonne numéro 0 ;" in chunks[0].text


def test_one_long_row_is_a_card_among_ordinary_ones() -> None:
    long = "Le projet a été modifié après l'avis de la commission. " * 40
    rows = [["Projet", "Avis"], ["A", "favorable"], ["B", long.strip()], ["C", "réservé"]]

    tables = tables_of(sheet_blocks(sheet_of(rows)))

    assert [table.header for table in tables] == [
        ("Projet", "Avis"),
        ("Ligne 3", "B"),
        ("Projet", "Avis"),
    ]
    assert tables[1].rows[1] == ("Avis", long.strip())


@pytest.mark.parametrize(
    ("limits", "rows", "columns"),
    [
        (Limits(max_sheet_rows=10), 10, 4),
        (Limits(max_sheet_columns=3), 50, 3),
        (Limits(max_sheet_cells=40), 10, 4),
        (Limits(max_sheet_chars=80), 10, 4),
    ],
)
def test_what_exceeds_a_limit_is_left_out_and_told(limits: Limits, rows: int, columns: int) -> None:
    intake = intake_of([["aa", "bb", "cc", "dd"]] * 50, limits=limits)

    assert intake.notices == [Notice.SHEETS_CUT]
    assert len(intake.sheets[0].rows) == rows
    assert len(intake.sheets[0].rows[0].cells) == columns


def test_limits_reached_exactly_cut_nothing() -> None:
    limits = Limits(
        max_sheet_rows=50, max_sheet_columns=4, max_sheet_cells=200, max_sheet_chars=400
    )

    assert intake_of([["aa", "bb", "cc", "dd"]] * 50, limits=limits).notices == []


def test_long_merged_text_is_not_repeated() -> None:
    rows: list[Sequence[Value]] = [
        ["Canton", "Commune"],
        ["x" * 5000, "c"],
        *([None, "c"] for _ in range(9)),
    ]

    (table,) = (
        table
        for table in tables_of(sheet_blocks(sheet_of(rows, merges=[Merge(2, 1, 11, 1)])))
        if table.header[0] == "Canton"
    )

    assert all(row[0] == "" for row in table.rows)
