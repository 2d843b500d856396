"""XLSX and XLS workbooks made on the spot, as their readers see them."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.model import BlockKind, FileFormat, Notice
from tests.ingest.made_workbooks import (
    XLS,
    make_budget,
    new_book,
    read,
    tables_of,
    text_of,
)


@pytest.mark.parametrize("file_format", [FileFormat.XLSX, FileFormat.XLS])
def test_workbook_is_read_as_it_is_seen(
    file_format: FileFormat, save_book: Callable[[Any], Path]
) -> None:
    path = XLS if file_format is FileFormat.XLS else save_book(make_budget())

    ingested = read(path)

    document = ingested.document
    assert document.format is file_format
    assert document.title == "Budget primitif 2024"
    assert document.notices == (Notice.HIDDEN_CELLS,)
    (table,) = tables_of(ingested)
    assert table.header == ("Poste", "Dépenses — 2023", "Dépenses — 2024", "Date", "Taux")
    assert table.rows == (
        ("Voirie", "1 234,50 €", "2 000", "31/12/2024", "12,5 %"),
        ("Écoles", "98 765,40 €", "100 000", "15/01/2024", "50,0 %"),
    )
    assert table.sheet_rows == (4, 5, 6)
    (chunk,) = ingested.chunks
    assert chunk.locator.place.sheet == "Budget"
    assert chunk.locator.cells == "A5:E6"


def test_title_of_the_properties_serves_where_no_line_is_one(
    save_book: Callable[[Any], Path],
) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Arrêté du 29 avril 2008", date(2008, 4, 29)])
    book.properties.title = "Tableau des effectifs de la région"
    path = save_book(book)

    document = read(path).document

    assert document.title == "Tableau des effectifs de la région"
    assert document.date is None


def test_name_of_a_sheet_is_no_title(save_book: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.title = "Feuille de calcul"
    sheet.append(["Plan de prévention", "Montant"])
    sheet.append(["Convention", 1])

    document = read(save_book(book), name="effectifs de la région.xlsx").document

    assert document.title == "effectifs de la région"
    assert Notice.NO_TITLE in document.notices


def test_only_lines_above_the_first_table_may_be_the_title(
    save_book: Callable[[Any], Path],
) -> None:
    book, sheet = new_book()
    rows = [
        ["Région des Pays de la Loire"],
        ["Comptes de la section de fonctionnement"],
        ["(en euros)"],
        ["Chapitre", "Montant"],
        ["011", 12],
        [],
        ["Personnes à joindre"],
        ["Nom", "Service"],
        ["Mme Martin", "Finances"],
    ]
    for row in rows:
        sheet.append(row)

    ingested = read(save_book(book))

    assert ingested.document.title == "Comptes de la section de fonctionnement"
    headings = [
        (block.level, block.text)
        for block in ingested.document.blocks
        if block.kind is BlockKind.HEADING
    ]
    assert headings[1:] == [
        (2, "Région des Pays de la Loire"),
        (3, "Comptes de la section de fonctionnement"),
        (2, "Personnes à joindre"),
    ]


def test_sheets_do_not_share_passages(save_book: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.title = "Recettes"
    sheet.append(["Poste", "Montant"])
    sheet.append(["Impôts", 1])
    other = book.create_sheet("Dépenses")
    other.append(["Poste", "Montant"])
    other.append(["Voirie", 2])
    book.create_sheet("Vide")

    chunks = read(save_book(book)).chunks

    assert [(c.locator.place.sheet, c.locator.cells) for c in chunks] == [
        ("Recettes", "A2:B2"),
        ("Dépenses", "A2:B2"),
    ]
    assert chunks[1].locator.section == ("Dépenses",)


def test_formula_shows_its_saved_value_or_is_told(save_book: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Voirie", 12])
    sheet.append(["Total", "=SUM(B2:B2)"])

    ingested = read(save_book(book))

    assert Notice.FORMULAS_WITHOUT_VALUES in ingested.document.notices
    assert "SUM" not in text_of(ingested)
    assert tables_of(ingested)[0].rows == (("Voirie", "12"), ("Total", ""))


def test_saved_value_of_a_formula_is_read(
    save_book: Callable[[Any], Path], change_book: Callable[..., Path]
) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Total", "=1+1"])

    path = change_book(save_book(book), "xl/worksheets/sheet1.xml", "<v></v>", "<v>4321</v>")
    if "4321" not in text_of(read(path)):
        path = change_book(path, "xl/worksheets/sheet1.xml", "<v />", "<v>4321</v>")

    ingested = read(path)
    assert "| Total | 4321 |" in text_of(ingested)
    assert Notice.FORMULAS_WITHOUT_VALUES not in ingested.document.notices


def test_moments_and_booleans(save_book: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Séance", "Publique", "Mois"])
    sheet.append([datetime.fromisoformat("2024-06-03T18:30"), True, date(2024, 6, 1)])
    sheet["C2"].number_format = "mmm-yy"

    assert "| 03/06/2024 18:30 | vrai | juin 2024 |" in text_of(read(save_book(book)))


def test_hidden_value_format_hides(save_book: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Voirie", 4321])
    sheet.append(["Écoles", 12])
    sheet["B2"].number_format = ";;;"

    ingested = read(save_book(book))

    assert "4321" not in text_of(ingested)
    assert Notice.HIDDEN_CELLS in ingested.document.notices


def test_filtered_rows_do_not_cut_a_table(save_book: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    for number in range(6):
        sheet.append([f"Poste {number}", number])
    for number in (3, 4):
        sheet.row_dimensions[number].hidden = True

    (table,) = tables_of(read(save_book(book)))

    assert table.sheet_rows == (1, 2, 5, 6, 7)


def test_far_cell_is_reached_at_once(save_book: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet["A1"] = "Tout près"
    sheet["XFD1048576"] = "Très loin"
    path = save_book(book)
    started = time.process_time()

    ingested = read(path)

    assert time.process_time() - started < 2
    assert "Très loin" in text_of(ingested)
    assert Notice.SHEETS_CUT not in ingested.document.notices


def test_links_to_other_files_are_not_followed(
    save_book: Callable[[Any], Path], tmp_path: Path
) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Voirie", 12])
    path = save_book(book)
    secret = tmp_path / "secret.xlsx"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
        archive.writestr(
            "xl/externalLinks/_rels/externalLink1.xml.rels",
            f'<Relationships><Relationship Target="file://{secret}"/></Relationships>',
        )

    assert "| Voirie | 12 |" in text_of(read(path))
