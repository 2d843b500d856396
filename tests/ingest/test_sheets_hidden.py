"""Sheets: words that nobody sees in a cell are not read; those on a colour are."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import CellIsRule  # pyright: ignore[reportUnknownVariableType]
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.table import Table, TableStyleInfo

from ingest.model import IngestedFile, Notice

from .made_workbooks import new_book, read, text_of

SECRET = "ignorez"
ROWS = [("Aide", "Montant"), ("Transport", "40 euros"), ("Cantine", "12 euros")]
WHITE = Color(rgb="FFFFFFFF")
NAVY = PatternFill("solid", fgColor="FF000091")
SPACE = "urn:oasis:names:tc:opendocument:xmlns:"


@pytest.fixture
def with_cell(tmp_path: Path) -> Callable[..., IngestedFile]:
    """Reads a workbook with one more row, as `change` makes it."""

    def run(change: Callable[[Any, Any], None], *, value: Any = SECRET) -> IngestedFile:
        book, sheet = new_book()
        for row in ROWS:
            sheet.append(row)
        sheet.append(["Manuels", value])
        change(sheet, sheet["B4"])
        path = tmp_path / "classeur.xlsx"
        book.save(path)
        return read(path)

    return run


def as_it_is(sheet: Any, cell: Any) -> None:
    del sheet, cell


def white(sheet: Any, cell: Any) -> None:
    del sheet
    cell.font = Font(color="FFFFFFFF")


def nearly_white(sheet: Any, cell: Any) -> None:
    del sheet
    cell.font = Font(color="FFFDFDFD")


def of_the_theme(sheet: Any, cell: Any) -> None:
    del sheet
    cell.font = Font(color=Color(theme=0))


def indexed(sheet: Any, cell: Any) -> None:
    del sheet
    cell.font = Font(color=Color(indexed=9))


def white_on_a_white_fill(sheet: Any, cell: Any) -> None:
    white(sheet, cell)
    cell.fill = PatternFill("solid", fgColor="FFFFFFFF")


def tiny(sheet: Any, cell: Any) -> None:
    del sheet
    cell.font = Font(sz=1)


def of_no_format(sheet: Any, cell: Any) -> None:
    del sheet
    cell.number_format = ";;;"


@pytest.mark.parametrize(
    "hide",
    [white, nearly_white, of_the_theme, indexed, white_on_a_white_fill, tiny, of_no_format],
)
@pytest.mark.parametrize("value", [SECRET, 987654])
def test_disguised_cells_are_left_out_and_said(
    with_cell: Callable[..., IngestedFile], hide: Callable[[Any, Any], None], value: Any
) -> None:
    ingested = with_cell(hide, value=value)

    assert str(value) not in text_of(ingested)
    assert "40 euros" in text_of(ingested)
    assert Notice.HIDDEN_CELLS in ingested.document.notices


@pytest.mark.parametrize("font", [InlineFont(color=WHITE), InlineFont(sz=1)])
def test_disguised_runs_of_a_cell_are_left_out_and_said(
    with_cell: Callable[..., IngestedFile], font: InlineFont
) -> None:
    text = CellRichText("70 euros ", TextBlock(font, SECRET))

    ingested = with_cell(as_it_is, value=text)

    assert SECRET not in text_of(ingested)
    assert "70 euros" in text_of(ingested)
    assert Notice.HIDDEN_CELLS in ingested.document.notices
    assert Notice.FALLBACK_ENGINE not in ingested.document.notices


def on_a_fill(sheet: Any, cell: Any) -> None:
    white(sheet, cell)
    cell.fill = NAVY


def in_a_table(sheet: Any, cell: Any) -> None:
    white(sheet, cell)
    table = Table(displayName="Aides", ref="A1:B4")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleDark1", showRowStripes=True)
    sheet.add_table(table)


def under_a_condition(sheet: Any, cell: Any) -> None:
    white(sheet, cell)
    rule = cast("Any", CellIsRule)(operator="notEqual", formula=['""'], fill=NAVY)
    sheet.conditional_formatting.add("B2:B4", rule)


@pytest.mark.parametrize("show", [on_a_fill, in_a_table, under_a_condition])
@pytest.mark.parametrize(
    "value", ["70 euros", CellRichText("70 ", TextBlock(InlineFont(color=WHITE), "euros"))]
)
def test_white_on_a_colour_is_read(
    with_cell: Callable[..., IngestedFile], show: Callable[[Any, Any], None], value: Any
) -> None:
    ingested = with_cell(show, value=value)

    assert "70 euros" in text_of(ingested)
    assert Notice.HIDDEN_CELLS not in ingested.document.notices


@pytest.fixture
def with_ods_cell(tmp_path: Path) -> Callable[..., IngestedFile]:
    """Reads an ODS whose last cell is given as XML, with the styles "S" of a cell and "T" of a text."""

    def run(cell: str, *, properties: str = "", others: str = "", end: str = "") -> IngestedFile:
        path = tmp_path / "classeur.ods"
        names = " ".join(
            f'xmlns:{short}="{SPACE}{name}:1.0"'
            for short, name in (
                *(("office", "office"), ("style", "style"), ("text", "text")),
                *(("table", "table"), ("fo", "xsl-fo-compatible")),
            )
        )
        styles = "".join(
            f'<style:style style:name="{name}" style:family="{family}">{others}'
            f"<style:text-properties {properties}/></style:style>"
            for name, family in (("S", "table-cell"), ("T", "text"))
        )
        rows = "".join(
            f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in ROWS
        )
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr(
                "content.xml",
                f'<office:document-content {names} xmlns:calcext="urn:calcext"><office:automatic-styles>'
                f"{styles}</office:automatic-styles><office:body><office:spreadsheet>"
                f'<table:table table:name="Aides">{rows}<table:table-row>{ods_cell("Manuels")}{cell}'
                f"</table:table-row>{end}</table:table></office:spreadsheet></office:body>"
                "</office:document-content>",
            )
        return read(path)

    return run


def ods_cell(text: str, *, options: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="string" {options}><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


STYLED = 'table:style-name="S"'
ODS_WHITE = 'fo:color="#ffffff"'


@pytest.mark.parametrize(
    "properties", [ODS_WHITE, 'fo:color="#FEFEFE"', 'fo:font-size="1pt"', 'text:display="none"']
)
@pytest.mark.parametrize(
    "cell",
    [
        ods_cell(SECRET, options=STYLED),
        ods_cell(f'<text:span text:style-name="T">{SECRET}</text:span>'),
    ],
)
def test_disguised_cells_of_ods_are_left_out_and_said(
    with_ods_cell: Callable[..., IngestedFile], properties: str, cell: str
) -> None:
    ingested = with_ods_cell(cell, properties=properties)

    assert SECRET not in text_of(ingested)
    assert "40 euros" in text_of(ingested)
    assert Notice.HIDDEN_CELLS in ingested.document.notices


def test_only_the_disguised_run_of_an_ods_cell_goes(
    with_ods_cell: Callable[..., IngestedFile],
) -> None:
    cell = ods_cell(f'70 euros<text:span text:style-name="T"> {SECRET}</text:span>')

    ingested = with_ods_cell(cell, properties=ODS_WHITE)

    assert "70 euros" in text_of(ingested)
    assert SECRET not in text_of(ingested)


def test_a_white_number_of_ods_is_left_out(with_ods_cell: Callable[..., IngestedFile]) -> None:
    cell = (
        f'<table:table-cell office:value-type="float" office:value="987654" {STYLED}>'
        "<text:p>987654</text:p></table:table-cell>"
    )

    assert "987654" not in text_of(with_ods_cell(cell, properties=ODS_WHITE))


@pytest.mark.parametrize(
    ("others", "end"),
    [
        ('<style:table-cell-properties fo:background-color="#000091"/>', ""),
        ('<style:map style:condition="cell-content()>0" style:apply-style-name="C"/>', ""),
        (
            "",
            "<calcext:conditional-formats><calcext:conditional-format calcext:x='1'/>"
            "</calcext:conditional-formats>",
        ),
    ],
)
def test_white_on_a_colour_of_ods_is_read(
    with_ods_cell: Callable[..., IngestedFile], others: str, end: str
) -> None:
    ingested = with_ods_cell(
        ods_cell("70 euros", options=STYLED), properties=ODS_WHITE, others=others, end=end
    )

    assert "70 euros" in text_of(ingested)
    assert Notice.HIDDEN_CELLS not in ingested.document.notices
