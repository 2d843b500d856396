"""Workbooks that are damaged, locked, hostile or very large."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.model import BlockKind, Notice
from ingest.reader import ParserPool
from tests.ingest.made_workbooks import (
    XLS,
    make_budget,
    new_book,
    read,
    text_of,
)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fills><fill><gradientFill degree="oblique"/></fill></fills>'
    "</styleSheet>"
)
CUT = {"file_damaged", "file_truncated", "format_unsupported"}
"""The directory that tells the format may lie in the part that is missing."""


def test_damaged_styles_do_not_lose_the_text(
    save_book: Callable[[Any], Path], change_book: Callable[..., Path]
) -> None:
    path = change_book(save_book(make_budget()), "xl/styles.xml", "", STYLES)

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
    save_book: Callable[[Any], Path],
    change_book: Callable[..., Path],
    member: str,
    content: str,
    codes: set[str],
) -> None:
    path = change_book(save_book(make_budget()), member, "", content)

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
    save_book: Callable[[Any], Path], change_book: Callable[..., Path]
) -> None:
    book, sheet = new_book()
    for number in range(2000):
        sheet.append([f"Poste {number}", number])
    sheet.merge_cells("D1:D2")
    merges = "".join(f'<mergeCell ref="A{n}:A1048576"/>' for n in range(1, 2000))
    path = change_book(
        save_book(book), "xl/worksheets/sheet1.xml", '<mergeCell ref="D1:D2" />', merges
    )
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
    pool: ParserPool, save_book: Callable[[Any], Path]
) -> None:
    book, sheet = new_book()
    sheet.append(["Commune", "Date", "Aide votée"])
    for number in range(2000):
        sheet.append([f"Commune {number}", date(2024, 1, 1 + number % 28), 10.5 * number])
        sheet.cell(row=number + 2, column=3).number_format = "#,##0.00 €"

    chunks = pool.read(save_book(book), name="aides.xlsx").chunks

    (chunk,) = [chunk for chunk in chunks if "| Commune 1234 |" in chunk.text]
    assert "| Commune | Date | Aide votée |" in chunk.text
    assert "| Commune 1234 | 03/01/2024 | 12 957,00 € |" in chunk.text
    assert all(
        block.kind is not BlockKind.PARAGRAPH for block in read(save_book(book)).document.blocks
    )
