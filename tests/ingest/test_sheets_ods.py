"""ODS files from the XML of their sheets, and the real ones beside the checkout."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.model import IngestedFile, Notice, Table
from ingest.reader import ParserPool
from ingest.reading import read_file

DOCUMENTS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "admin_docs"
real = [
    pytest.mark.shared_data,
    pytest.mark.skipif(
        not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DOCUMENTS})"
    ),
]
MIME = "application/vnd.oasis.opendocument.spreadsheet"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>{doctype}<office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">'
    '<office:automatic-styles><style:style style:name="ta2" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    "<office:body><office:spreadsheet>"
)
META = (
    '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>Tableau des aides votées'
    "</dc:title></office:meta></office:document-meta>"
)


@pytest.fixture
def make_ods(tmp_path: Path) -> Callable[..., Path]:
    def build(
        *sheets: str, doctype: str = "", manifest: str = "<manifest/>", end: str = ""
    ) -> Path:
        path = tmp_path / "classeur.ods"
        close = end or "</office:spreadsheet></office:body></office:document-content>"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", MIME)
            archive.writestr("content.xml", HEAD.format(doctype=doctype) + "".join(sheets) + close)
            archive.writestr("meta.xml", META)
            archive.writestr("META-INF/manifest.xml", manifest)
        return path

    return build


def sheet(*rows: str, name: str = "Aides", style: str = "ta1", columns: str = "") -> str:
    return (
        f'<table:table table:name="{name}" table:style-name="{style}">{columns}'
        f"{''.join(rows)}</table:table>"
    )


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def words(text: str, more: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


def value(kind: str, held: str, shown: str, more: str = "") -> str:
    name = {"date": "date-value"}.get(kind, "value")
    return (
        f'<table:table-cell office:value-type="{kind}" office:{name}="{held}" {more}>'
        f"<text:p>{shown}</text:p></table:table-cell>"
    )


def tell_nothing(pages: int, *, scans: int = 0) -> None:
    del pages, scans


def read(path: Path) -> IngestedFile:
    return read_file(path, name="x", limits=Limits(), on_pages=tell_nothing)


def tables_of(ingested: IngestedFile) -> list[Table]:
    return [block.table for block in ingested.document.blocks if block.table is not None]


COVERED = "<table:covered-table-cell/>"
EMPTY = '<table:table-cell table:number-columns-repeated="16000"/>'
HEADER = row(words("Commune"), words("Aide"))


def test_values_are_shown_in_french_whatever_the_locale(make_ods: Callable[..., Path]) -> None:
    path = make_ods(
        sheet(
            row(words("Date"), words("Montant"), words("Taux"), words("Surface"), words("Code")),
            row(
                value("date", "2024-12-31", "12/31/24"),
                value("currency", "1234.5", "€1,234.50", 'office:currency="EUR"'),
                value("percentage", "0.125", "12.50%"),
                value("float", "150", "150 m²"),
                value("float", "44007", "44007"),
            ),
        )
    )

    ingested = read(path)

    (table,) = tables_of(ingested)
    assert table.rows == (("31/12/2024", "1 234,50 €", "12,50 %", "150 m²", "44007"),)
    assert ingested.document.title == "Tableau des aides votées"
    assert ingested.document.date is None
    assert ingested.chunks[0].locator.cells == "A2:E2"


def test_repeated_rows_and_columns_keep_their_places(make_ods: Callable[..., Path]) -> None:
    path = make_ods(
        sheet(
            row(EMPTY, more='table:number-rows-repeated="9"'),
            row(words("Commune"), words("Aide", 'table:number-columns-repeated="2"')),
            row(words("Nantes"), value("float", "5", "5", 'table:number-columns-repeated="2"')),
            row(words("Angers"), value("float", "7", "7"), more='table:number-rows-repeated="2"'),
            row(EMPTY, more='table:number-rows-repeated="1048000"'),
        )
    )

    (table,) = tables_of(read(path))

    assert table.header == ("Commune", "Aide", "Aide")
    assert table.rows == (("Nantes", "5", "5"), ("Angers", "7", ""), ("Angers", "7", ""))
    assert table.sheet_rows == (10, 11, 12, 13)


def test_merged_headers_and_rows(make_ods: Callable[..., Path]) -> None:
    path = make_ods(
        sheet(
            row(
                words("Canton", 'table:number-rows-spanned="2"'),
                words("Dépenses", 'table:number-columns-spanned="2"'),
                COVERED,
            ),
            row(COVERED, value("float", "2023", "2023"), value("float", "2024", "2024")),
            row(
                words("Retz", 'table:number-rows-spanned="2"'),
                value("float", "1", "1"),
                value("float", "2", "2"),
            ),
            row(COVERED, value("float", "3", "3"), value("float", "4", "4")),
        )
    )

    (table,) = tables_of(read(path))

    assert table.header == ("Canton", "Dépenses — 2023", "Dépenses — 2024")
    assert table.rows == (("Retz", "1", "2"), ("Retz", "3", "4"))


def test_hidden_parts_and_comments_are_left_out(make_ods: Callable[..., Path]) -> None:
    columns = (
        '<table:table-column/><table:table-column table:visibility="collapse"/>'
        "<table:table-column/>"
    )
    note = "<office:annotation><text:p>commentaire</text:p></office:annotation>"
    path = make_ods(
        sheet(
            row(words("Commune"), words("secrète"), words("Aide")),
            row(words("masquée"), more='table:visibility="filter"'),
            row(
                f'<table:table-cell office:value-type="string">{note}<text:p>Nantes</text:p>'
                "</table:table-cell>",
                words("secret"),
                value("float", "5", "5"),
            ),
            columns=columns,
        ),
        sheet(row(words("Feuille cachée")), name="Cachée", style="ta2"),
    )

    ingested = read(path)

    (table,) = tables_of(ingested)
    assert table.header == ("Commune", "Aide")
    assert table.rows == (("Nantes", "5"),)
    assert table.sheet_rows == (1, 3)
    assert ingested.document.notices[0] is Notice.HIDDEN_CELLS
    assert len(ingested.chunks) == 1


def test_formula_without_a_value_is_told(make_ods: Callable[..., Path]) -> None:
    formula = '<table:table-cell table:formula="of:=SUM([.A1:.A9])"/>'
    path = make_ods(sheet(HEADER, row(words("Total"), formula), row(words("Nantes"), words("oui"))))

    ingested = read(path)

    assert Notice.FORMULAS_WITHOUT_VALUES in ingested.document.notices
    assert "SUM" not in ingested.chunks[0].text


def test_links_line_breaks_and_spans_are_text(make_ods: Callable[..., Path]) -> None:
    rich = (
        'Voir <text:span>le <text:a href="http://x">guide</text:a></text:span><text:line-break/>ici'
    )
    path = make_ods(sheet(HEADER, row(words("Nantes"), words(rich))))

    assert "| Nantes | Voir le guide ici |" in read(path).chunks[0].text


def test_repeated_content_is_cut_at_once(make_ods: Callable[..., Path]) -> None:
    path = make_ods(
        sheet(
            HEADER,
            row(
                words("bombe", 'table:number-columns-repeated="16384"'),
                more='table:number-rows-repeated="1048576"',
            ),
        )
    )
    started = time.process_time()
    limits = Limits(max_sheet_cells=5000)

    ingested = read_file(path, name="x", limits=limits, on_pages=tell_nothing)

    assert time.process_time() - started < 5
    assert ingested.document.notices[0] is Notice.SHEETS_CUT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"manifest": "<manifest><manifest:encryption-data/></manifest>"}, "file_encrypted"),
        ({"end": "<table:table"}, "file_damaged"),
        ({}, "no_text"),
    ],
)
def test_refused_ods(
    pool: ParserPool, make_ods: Callable[..., Path], changes: dict[str, str], code: str
) -> None:
    with pytest.raises(IngestError) as caught:
        pool.read(make_ods(**changes), name="x.ods")

    assert caught.value.code == code


def test_external_entities_are_not_followed(make_ods: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mot de passe", encoding="utf-8")
    doctype = f'<!DOCTYPE x [<!ENTITY fuite SYSTEM "file://{tmp_path}/secret">]>'
    path = make_ods(sheet(HEADER, row(words("Nantes &fuite;"), words("oui"))), doctype=doctype)

    text = read(path).chunks[0].text

    assert "Nantes" in text
    assert "mot de passe" not in text


def find(pattern: str) -> Path:
    return next(iter(sorted(DOCUMENTS.glob(pattern))))


class TestRealSheets:
    pytestmark = real

    def test_wide_export_names_each_cell(self, pool: ParserPool) -> None:
        ingested = pool.read(find("*113338_ProcedureCommuneAlea.ods"), name="x.ods")

        rows = {number for table in tables_of(ingested) for number in table.sheet_rows[1:]}
        (chunk, *_) = [
            chunk for chunk in ingested.chunks if "| NOM COMMUNE | Guenrouet |" in chunk.text
        ]
        assert rows == set(range(2, 732))
        assert chunk.locator.cells.startswith("A6:")
        assert "| Ligne 6 |" in chunk.text
        assert max(chunk.tokens for chunk in ingested.chunks) <= 512

    def test_every_filled_cell_is_read(self, pool: ParserPool) -> None:
        calamine = cast("Any", import_module("python_calamine"))
        for path in sorted(DOCUMENTS.glob("*.ods")):
            book = calamine.CalamineWorkbook.from_path(path)
            text = " ".join(chunk.text for chunk in pool.read(path, name="x.ods").chunks)
            cells = [
                " ".join(str(cell).replace("|", "/").split())
                for line in book.get_sheet_by_index(0).to_python()
                for cell in line
                if isinstance(cell, str)
            ]
            missing = [cell for cell in cells if cell and len(cell) < 200 and cell not in text]
            assert len(missing) <= len(cells) * 0.001, (path.name, missing[:5])

    def test_long_labels_keep_their_row_and_header(self, pool: ParserPool) -> None:
        ingested = pool.read(find("*manquantes.ods"), name="x.ods")

        (table,) = tables_of(ingested)
        assert table.header == ("CD_NOM", "LB_NOM", "NOM_VERN", "LABEL_STATUT")
        assert table.sheet_rows == tuple(range(1, 20))
        assert all("| CD_NOM | LB_NOM |" in chunk.text for chunk in ingested.chunks)

    def test_template_names_the_columns_it_leaves_open(self, pool: ParserPool) -> None:
        ingested = pool.read(find("*ajout_prescriptions.ods"), name="x.ods")

        text = ingested.chunks[0].text
        assert "| Date échéance | 21/08/2057 |" in text
        assert "1 Date contrôle" in text
