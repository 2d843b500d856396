"""XLSX and XLS workbooks made on the spot, as their readers see them.

`classeur.xls` is the workbook of `make_budget`, saved as XLS by LibreOffice.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.model import BlockKind, FileFormat, IngestedFile, Notice, Table
from ingest.reader import ParserPool
from ingest.reading import read_file

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fills><fill><gradientFill degree="oblique"/></fill></fills>'
    "</styleSheet>"
)
XLS = Path(__file__).parent / "classeur.xls"
CUT = {"file_damaged", "file_truncated", "format_unsupported"}
"""The directory that tells the format may lie in the part that is missing."""
BUDGET = [
    ("Voirie", 1234.5, 2000, date(2024, 12, 31), 0.125),
    ("Écoles", 98765.4, 100000, date(2024, 1, 15), 0.5),
    ("Secret", 1, 2, date(2024, 1, 1), 0.1),
]


def tell_nothing(pages: int, *, scans: int = 0) -> None:
    del pages, scans


def read(path: Path, *, limits: Limits | None = None, name: str = "x") -> IngestedFile:
    return read_file(path, name=name, limits=limits or Limits(), on_pages=tell_nothing)


def tables_of(ingested: IngestedFile) -> list[Table]:
    return [block.table for block in ingested.document.blocks if block.table is not None]


def text_of(ingested: IngestedFile) -> str:
    return "\n".join(chunk.text for chunk in ingested.chunks)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Any], Path]:
    def write(book: Any) -> Path:
        path = tmp_path / "classeur.bin"
        book.save(path)
        return path

    return write


def new_book() -> tuple[Any, Any]:
    import openpyxl

    book = cast("Any", openpyxl.Workbook())
    return book, book.active


def make_budget() -> Any:
    book, sheet = new_book()
    sheet.title = "Budget"
    sheet.append(["Budget primitif 2024"])
    sheet.append([])
    sheet.append(["Poste", "Dépenses", None, "Date", "Taux", "Interne"])
    sheet.append([None, "2023", "2024"])
    for merged in ("B3:C3", "A3:A4", "D3:D4", "E3:E4", "F3:F4"):
        sheet.merge_cells(merged)
    for row in BUDGET:
        sheet.append([*row, "non communicable"])
    for row in sheet.iter_rows(min_row=5, max_row=7):
        codes = ("General", "#,##0.00 [$€-40C]", "#,##0", "dd/mm/yyyy", "0.0%")
        for cell, code in zip(row, codes, strict=False):
            cell.number_format = code
    sheet.row_dimensions[7].hidden = True
    sheet.column_dimensions["F"].hidden = True
    hidden = book.create_sheet("Cachée")
    hidden.append(["Feuille", "masquée"])
    hidden.sheet_state = "hidden"
    book.properties.title = "Budget de la voirie et des écoles"
    return book


@pytest.mark.parametrize("file_format", [FileFormat.XLSX, FileFormat.XLS])
def test_workbook_is_read_as_it_is_seen(
    file_format: FileFormat, save: Callable[[Any], Path]
) -> None:
    path = XLS if file_format is FileFormat.XLS else save(make_budget())

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


def test_title_of_the_properties_serves_where_no_line_is_one(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Arrêté du 29 avril 2008", date(2008, 4, 29)])
    book.properties.title = "Tableau des effectifs de la région"
    path = save(book)

    document = read(path).document

    assert document.title == "Tableau des effectifs de la région"
    assert document.date is None


def test_name_of_a_sheet_is_no_title(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.title = "Feuille de calcul"
    sheet.append(["Plan de prévention", "Montant"])
    sheet.append(["Convention", 1])

    document = read(save(book), name="effectifs de la région.xlsx").document

    assert document.title == "effectifs de la région"
    assert Notice.NO_TITLE in document.notices


def test_only_lines_above_the_first_table_may_be_the_title(save: Callable[[Any], Path]) -> None:
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

    ingested = read(save(book))

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


def test_sheets_do_not_share_passages(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.title = "Recettes"
    sheet.append(["Poste", "Montant"])
    sheet.append(["Impôts", 1])
    other = book.create_sheet("Dépenses")
    other.append(["Poste", "Montant"])
    other.append(["Voirie", 2])
    book.create_sheet("Vide")

    chunks = read(save(book)).chunks

    assert [(c.locator.place.sheet, c.locator.cells) for c in chunks] == [
        ("Recettes", "A2:B2"),
        ("Dépenses", "A2:B2"),
    ]
    assert chunks[1].locator.section == ("Dépenses",)


def test_formula_shows_its_saved_value_or_is_told(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Voirie", 12])
    sheet.append(["Total", "=SUM(B2:B2)"])

    ingested = read(save(book))

    assert Notice.FORMULAS_WITHOUT_VALUES in ingested.document.notices
    assert "SUM" not in text_of(ingested)
    assert tables_of(ingested)[0].rows == (("Voirie", "12"), ("Total", ""))


def test_saved_value_of_a_formula_is_read(
    save: Callable[[Any], Path], change: Callable[..., Path]
) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Total", "=1+1"])

    path = change(save(book), "xl/worksheets/sheet1.xml", "<v></v>", "<v>4321</v>")
    if "4321" not in text_of(read(path)):
        path = change(path, "xl/worksheets/sheet1.xml", "<v />", "<v>4321</v>")

    ingested = read(path)
    assert "| Total | 4321 |" in text_of(ingested)
    assert Notice.FORMULAS_WITHOUT_VALUES not in ingested.document.notices


def test_moments_and_booleans(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Séance", "Publique", "Mois"])
    sheet.append([datetime.fromisoformat("2024-06-03T18:30"), True, date(2024, 6, 1)])
    sheet["C2"].number_format = "mmm-yy"

    assert "| 03/06/2024 18:30 | vrai | juin 2024 |" in text_of(read(save(book)))


def test_hidden_value_format_hides(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Voirie", 4321])
    sheet.append(["Écoles", 12])
    sheet["B2"].number_format = ";;;"

    ingested = read(save(book))

    assert "4321" not in text_of(ingested)
    assert Notice.HIDDEN_CELLS in ingested.document.notices


def test_filtered_rows_do_not_cut_a_table(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    for number in range(6):
        sheet.append([f"Poste {number}", number])
    for number in (3, 4):
        sheet.row_dimensions[number].hidden = True

    (table,) = tables_of(read(save(book)))

    assert table.sheet_rows == (1, 2, 5, 6, 7)


def test_far_cell_is_reached_at_once(save: Callable[[Any], Path]) -> None:
    book, sheet = new_book()
    sheet["A1"] = "Tout près"
    sheet["XFD1048576"] = "Très loin"
    path = save(book)
    started = time.process_time()

    ingested = read(path)

    assert time.process_time() - started < 2
    assert "Très loin" in text_of(ingested)
    assert Notice.SHEETS_CUT not in ingested.document.notices


def test_links_to_other_files_are_not_followed(save: Callable[[Any], Path], tmp_path: Path) -> None:
    book, sheet = new_book()
    sheet.append(["Poste", "Montant"])
    sheet.append(["Voirie", 12])
    path = save(book)
    secret = tmp_path / "secret.xlsx"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
        archive.writestr(
            "xl/externalLinks/_rels/externalLink1.xml.rels",
            f'<Relationships><Relationship Target="file://{secret}"/></Relationships>',
        )

    assert "| Voirie | 12 |" in text_of(read(path))


@pytest.fixture
def change(tmp_path: Path) -> Callable[..., Path]:
    """Replaces text in a member of a workbook."""

    def rewrite(path: Path, member: str, old: str, new: str) -> Path:
        changed = tmp_path / "changé.bin"
        with zipfile.ZipFile(path) as source:
            members = {name: source.read(name) for name in source.namelist()}
        if old:
            members[member] = members[member].replace(old.encode(), new.encode())
        else:
            members[member] = new.encode()
        with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
            for name, data in members.items():
                target.writestr(name, data)
        return changed

    return rewrite


def test_damaged_styles_do_not_lose_the_text(
    save: Callable[[Any], Path], change: Callable[..., Path]
) -> None:
    path = change(save(make_budget()), "xl/styles.xml", "", STYLES)

    ingested = read(path)

    assert ingested.document.engine == "calamine"
    assert Notice.FALLBACK_ENGINE in ingested.document.notices
    assert "| Voirie | 1234,5 |" in text_of(ingested)


@pytest.mark.parametrize(
    ("member", "content", "codes"),
    [
        ("xl/workbook.xml", "<workbook>", {"file_damaged"}),
        ("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row", {"file_damaged", "no_text"}),
    ],
)
def test_damaged_workbook(
    save: Callable[[Any], Path],
    change: Callable[..., Path],
    member: str,
    content: str,
    codes: set[str],
) -> None:
    path = change(save(make_budget()), member, "", content)

    with pytest.raises(IngestError) as caught:
        read(path)

    assert caught.value.code in codes


def with_shared_string(text: str, *, doctype: str = "", cells: int = 1) -> bytes:
    """A workbook whose cells all show the same shared string."""
    package = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {"workbook": "sheet.main", "sheet": "worksheet", "strings": "sharedStrings"}
    types = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{package}{kind}+xml"/>'
        for name, kind in parts.items()
    )
    shown = "".join(f'<row r="{n}"><c t="s"><v>0</v></c></row>' for n in range(1, cells + 1))
    members = {
        "[Content_Types].xml": "<Types xmlns='http://schemas.openxmlformats.org/package/2006/"
        f"content-types'><Default Extension='xml' ContentType='application/xml'/>{types}</Types>",
        "xl/workbook.xml": f"<workbook xmlns='{MAIN}' xmlns:r='{related}'><sheets>"
        "<sheet name='Feuil1' sheetId='1' r:id='rId1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{relations}'><Relationship Id='rId1' "
        f"Type='{related}/worksheet' Target='/xl/sheet.xml'/><Relationship Id='rId2' "
        f"Type='{related}/sharedStrings' Target='/xl/strings.xml'/></Relationships>",
        "xl/styles.xml": f"<styleSheet xmlns='{MAIN}'/>",
        "xl/sheet.xml": f"<worksheet xmlns='{MAIN}'><sheetData>{shown}</sheetData></worksheet>",
        "xl/strings.xml": f"{doctype}<sst xmlns='{MAIN}'><si><t>{text}</t></si></sst>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_shared_strings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "contenu"
    path.write_bytes(with_shared_string("Délibération du conseil"))

    ingested = read(path)

    assert ingested.document.engine == "openpyxl"
    assert "Délibération du conseil" in text_of(ingested)


def test_entities_are_not_expanded(tmp_path: Path, pool: ParserPool) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "haha"}">' for n in range(12))
    path = tmp_path / "contenu"
    path.write_bytes(with_shared_string("&l11;", doctype=f"<!DOCTYPE sst [{laughs}]>"))

    with pytest.raises(IngestError) as caught:
        pool.read(path, name="x.xlsx")

    assert caught.value.code == "file_damaged"


def test_one_long_string_in_every_cell_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "contenu"
    long = "".join(f"Le conseil régional décide {n}. " for n in range(1000))
    path.write_bytes(with_shared_string(long, cells=3_000))

    ingested = read(path, limits=Limits(max_sheet_chars=100_000))

    assert ingested.document.notices[0] is Notice.SHEETS_CUT
    assert 60_000 < len(text_of(ingested)) < 120_000


def test_overlapping_merges_cost_little(
    save: Callable[[Any], Path], change: Callable[..., Path]
) -> None:
    book, sheet = new_book()
    for number in range(2000):
        sheet.append([f"Poste {number}", number])
    sheet.merge_cells("D1:D2")
    merges = "".join(f'<mergeCell ref="A{n}:A1048576"/>' for n in range(1, 2000))
    path = change(save(book), "xl/worksheets/sheet1.xml", '<mergeCell ref="D1:D2" />', merges)
    started = time.process_time()

    read(path)

    assert time.process_time() - started < 10


def test_encrypted_and_damaged_xls(tmp_path: Path, pool: ParserPool) -> None:
    data = XLS.read_bytes()
    cut = tmp_path / "coupé"
    cut.write_bytes(data[: len(data) // 2])
    locked = tmp_path / "verrouillé"
    start = data.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    locked.write_bytes(
        data[: start + 20] + b"\x2f\x00\x06\x00\x01\x00\x01\x00\x01\x00" + data[start + 30 :]
    )

    for path, codes in ((cut, CUT), (locked, {"file_encrypted"})):
        with pytest.raises(IngestError) as caught:
            pool.read(path, name="x.xls")
        assert caught.value.code in codes


def test_passages_of_a_large_sheet_in_a_child(
    pool: ParserPool, save: Callable[[Any], Path]
) -> None:
    book, sheet = new_book()
    sheet.append(["Commune", "Date", "Aide votée"])
    for number in range(2000):
        sheet.append([f"Commune {number}", date(2024, 1, 1 + number % 28), 10.5 * number])
        sheet.cell(row=number + 2, column=3).number_format = "#,##0.00 €"

    chunks = pool.read(save(book), name="aides.xlsx").chunks

    (chunk,) = [chunk for chunk in chunks if "| Commune 1234 |" in chunk.text]
    assert "| Commune | Date | Aide votée |" in chunk.text
    assert "| Commune 1234 | 03/01/2024 | 12 957,00 € |" in chunk.text
    assert all(block.kind is not BlockKind.PARAGRAPH for block in read(save(book)).document.blocks)
