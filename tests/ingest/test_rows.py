"""The rows of lists that people fill in, read in real children."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.errors import IngestError
from ingest.reader import ParserPool
from ingest.rows import SheetFile, SheetRow
from tests.ingest.made_hostile_archives import SHEET, archive, bomb, open_document

TABLE = (
    '<table:table table:name="Feuille1"><table:table-row><table:table-cell><text:p>Question'
    "</text:p></table:table-cell><table:table-cell><text:p>Page</text:p></table:table-cell>"
    '</table:table-row><table:table-row table:number-rows-repeated="2"><table:table-cell/>'
    "</table:table-row><table:table-row><table:table-cell><text:p>Qui paie ?</text:p>"
    '</table:table-cell><table:table-cell office:value-type="float" office:value="3">'
    "<text:p>3</text:p></table:table-cell></table:table-row></table:table>"
)


def put(folder: Path, data: bytes) -> Path:
    path = folder / "liste"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_csv_gives_its_lines_whatever_its_encoding(
    pool: ParserPool, tmp_path: Path, encoding: str
) -> None:
    text = 'Question;Réponse\r\n"Qui paie ;\net combien ?";L’État\r\n\r\nQuand ?;\r\n'

    read = pool.read_rows(put(tmp_path, text.encode(encoding)), name="q.csv")

    assert [each.name for each in read.sheets] == [""]
    assert read.sheets[0].rows == (
        SheetRow(1, {1: "Question", 2: "Réponse"}),
        SheetRow(2, {1: "Qui paie ; et combien ?", 2: "L’État"}),
        SheetRow(4, {1: "Quand ?"}),
    )


def test_a_csv_of_one_column_is_one(pool: ParserPool, tmp_path: Path) -> None:
    path = put(tmp_path, b"Question\nQui paie ?\nQuand ?\n")

    (sheet,) = pool.read_rows(path, name="q.csv").sheets

    assert [row.cells for row in sheet.rows] == [{1: "Question"}, {1: "Qui paie ?"}, {1: "Quand ?"}]


def test_an_ods_keeps_the_numbers_of_its_rows(pool: ParserPool, tmp_path: Path) -> None:
    data = open_document("spreadsheet", TABLE)

    (sheet,) = pool.read_rows(put(tmp_path, data), name="q.ods").sheets

    assert sheet.name == "Feuille1"
    assert sheet.rows[-1] == SheetRow(4, {1: "Qui paie ?", 2: "3"})


def test_an_xlsx_gives_what_its_visible_sheets_show(pool: ParserPool, tmp_path: Path) -> None:
    book = cast("Any", import_module("openpyxl")).Workbook()
    book.active.append(["Question", "Page"])
    book.active.append(["Qui paie ?", 3])
    book.create_sheet("Notes").sheet_state = "hidden"
    path = tmp_path / "q.xlsx"
    book.save(path)

    (sheet,) = pool.read_rows(path, name="q.xlsx").sheets

    assert sheet.rows[-1] == SheetRow(2, {1: "Qui paie ?", 2: "3"})


def test_more_rows_than_allowed_are_cut_and_said(pool: ParserPool, tmp_path: Path) -> None:
    path = put(tmp_path, b"Question;Page\n" + b"Qui paie ?;1\n" * 100_000)

    read = pool.read_rows(path, name="q.csv")

    assert read.is_cut
    assert len(read.sheets[0].rows) == 50_000


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "q.csv", "file_empty"),
        (b"PK\x03\x04 and no more", "q.ods", "file_truncated"),
        (open_document("spreadsheet", TABLE)[:-40], "q.ods", "file_truncated"),
        (open_document("spreadsheet", "<a></b>"), "q.ods", "file_damaged"),
        (bomb(SHEET), "q.xlsx", "archive_bomb"),
        (bomb("spreadsheet"), "q.ods", "archive_bomb"),
        (archive({"note.txt": "Question"}), "q.ods", "not_a_sheet"),
        (b"%PDF-1.7\n%%EOF", "q.csv", "not_a_sheet"),
        (b"<html><body>Question</body></html>", "q.csv", "not_a_sheet"),
    ],
)
def test_what_is_no_sheet_is_refused(
    pool: ParserPool, tmp_path: Path, data: bytes, name: str, code: str
) -> None:
    with pytest.raises(IngestError) as refused:
        pool.read_rows(put(tmp_path, data), name=name)

    assert refused.value.code == code


def test_what_is_no_dump_is_refused() -> None:
    with pytest.raises(ValueError, match="not a file of sheets"):
        SheetFile.load(b'{"sheets": [{"name": ""}], "is_cut": false}')
