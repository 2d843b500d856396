"""CSV and TSV: told from prose by their lines, decoded, read as one sheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.formats import detect_format
from ingest.limits import Limits
from ingest.model import FileFormat, IngestedFile, Notice, Table
from ingest.reading import read_file

COMMUNES = (
    "Commune;Code;Aide\nNantes;44109;1 200,50\nAngers;49007;300\nLe Mans;72181;\nLaval;53130;12\n"
)
PROSE = (
    "Le conseil, réuni en séance, décide d'aider les communes rurales.\n"
    "Il charge, en conséquence, le président de signer la convention ;\n"
    "les crédits sont inscrits au budget, chapitre 65, article 6574.\n"
    "Pour, contre, abstentions : néant.\n"
    "Fait à Nantes, le 3 juin 2024.\n"
)
CLAUSES = "".join(f"- le contrat numéro {n} est approuvé ;\n" for n in range(8))
ADDRESSES = "".join(f"{n}, rue de la Mairie\n" for n in range(8))
NUMBERS = "".join(f"Budget {n}, 12,50 euros\n" for n in range(8))


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "contenu"


def tell_nothing(pages: int, *, scans: int = 0) -> None:
    del pages, scans


def read(path: Path, *, name: str = "communes.csv", limits: Limits | None = None) -> IngestedFile:
    return read_file(path, name=name, limits=limits or Limits(), on_pages=tell_nothing)


def table_of(ingested: IngestedFile) -> Table:
    (table,) = [block.table for block in ingested.document.blocks if block.table is not None]
    return table


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("name", ["communes.csv", "contenu", "communes.txt"])
def test_columns_are_found_whatever_the_name(write: Path, delimiter: str, name: str) -> None:
    write.write_text(COMMUNES.replace(",50", "").replace(";", delimiter), encoding="utf-8")

    assert detect_format(write, name=name) is FileFormat.CSV
    assert table_of(read(write, name=name)).header == ("Commune", "Code", "Aide")


@pytest.mark.parametrize("name", ["note.txt", "note", "note.csv.txt"])
@pytest.mark.parametrize("text", [PROSE, CLAUSES, ADDRESSES, NUMBERS, PROSE * 20])
def test_prose_is_no_table(write: Path, text: str, name: str) -> None:
    write.write_text(text, encoding="utf-8")

    assert detect_format(write, name=name) is FileFormat.TEXT


def test_prose_stays_prose_under_a_wrong_name(write: Path) -> None:
    write.write_text(PROSE, encoding="utf-8")

    assert detect_format(write, name="note.csv") is FileFormat.TEXT


def test_extension_is_enough_for_two_lines(write: Path) -> None:
    write.write_text("Commune;Aide\nNantes;12\n", encoding="utf-8")

    assert detect_format(write, name="aides.csv") is FileFormat.CSV
    assert detect_format(write, name="aides.txt") is FileFormat.TEXT
    assert detect_format(write, name="aides.md") is FileFormat.MARKDOWN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(write: Path, encoding: str) -> None:
    text = "Commune;Aide votée\n" + "".join(f"Chéméré {n};{n}\n" for n in range(40))
    write.write_bytes(text.encode(encoding))

    table = table_of(read(write))

    assert table.header == ("Commune", "Aide votée")
    assert table.rows[7] == ("Chéméré 7", "7")


def test_ranges_quotes_and_titles(write: Path) -> None:
    write.write_text(
        'Aides votées en 2024;;\n;;\nCommune;Objet;Aide\nNantes;"Voirie ; ""enrobé""\nlot 2";12\n'
        "Angers;Écoles;15\n",
        encoding="utf-8",
    )

    ingested = read(write)

    table = table_of(ingested)
    assert ingested.document.title == "Aides votées en 2024"
    assert table.header == ("Commune", "Objet", "Aide")
    assert table.rows[0] == ("Nantes", 'Voirie ; "enrobé" lot 2', "12")
    assert ingested.chunks[-1].locator.cells == "A4:C5"
    assert ingested.chunks[-1].locator.place.sheet == ""


def test_line_that_names_the_separator(write: Path) -> None:
    write.write_text("sep=;\n" + COMMUNES, encoding="utf-8")

    table = table_of(read(write))

    assert table.header == ("Commune", "Code", "Aide")
    assert table.sheet_rows[0] == 2


def test_quote_that_never_closes_loses_no_rows(write: Path) -> None:
    lines = [f"Commune {n};{n};Objet numéro {n} de la délibération" for n in range(200)]
    lines[3] = '"' + lines[3]
    write.write_text("Commune;Code;Objet\n" + "\n".join(lines), encoding="utf-8")

    text = "\n".join(chunk.text for chunk in read(write).chunks)

    assert "| Commune 199 | 199 |" in text


def test_long_file_is_cut_and_told(write: Path) -> None:
    write.write_text("Commune;Aide\n" + "Nantes;12\n" * 500, encoding="utf-8")

    ingested = read(write, limits=Limits(max_sheet_rows=100))

    assert Notice.SHEETS_CUT in ingested.document.notices
    assert len(table_of(ingested).rows) == 99
