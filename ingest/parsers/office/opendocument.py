"""What the OpenDocument formats share: their archive, their title, their text and their tables."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from ingest.cleaning import one_line
from ingest.errors import ParseFailed
from ingest.parsers.office.xml import XmlElement, parse_xml

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:"
TEXT = f"{_NAMESPACE}text:1.0}}"
TABLE = f"{_NAMESPACE}table:1.0}}"
OFFICE = f"{_NAMESPACE}office:1.0}}"
DRAW = f"{_NAMESPACE}drawing:1.0}}"
SVG = f"{_NAMESPACE}svg-compatible:1.0}}"
STYLE = f"{_NAMESPACE}style:1.0}}"
PRESENTATION = f"{_NAMESPACE}presentation:1.0}}"
CHART = f"{_NAMESPACE}chart:1.0}}"
FO = f"{_NAMESPACE}xsl-fo-compatible:1.0}}"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
SKIPPED = frozenset(
    {
        f"{TEXT}tracked-changes",
        f"{TEXT}sequence-decls",
        f"{TEXT}table-of-content",
        f"{TEXT}note-citation",
        f"{TEXT}bibliography-mark",
        f"{OFFICE}annotation",
        f"{OFFICE}annotation-end",
        f"{OFFICE}forms",
        f"{SVG}desc",
        f"{SVG}title",
        f"{TABLE}table-columns",
        f"{TABLE}covered-table-cell",
    }
)
"""Elements that hold nothing a reader is shown as text of the document."""
_BLANKS = {
    f"{TEXT}tab": " ",
    f"{TEXT}line-break": "\n",
    f"{TEXT}s": " ",
    f"{TEXT}soft-page-break": "",
}
_MAX_REPEATED = 200


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member of an archive, empty when there is none of that name."""
    try:
        return archive.read(name)
    except KeyError:
        return b""


def check_not_encrypted(archive: zipfile.ZipFile) -> None:
    """Refuse a document that a password protects, as a whole or member by member.

    Raises:
        ParseFailed: It is encrypted.
    """
    if "encrypted-package" in archive.namelist() or b"encryption-data" in member(
        archive, "META-INF/manifest.xml"
    ):
        raise ParseFailed("file_encrypted")


def declared_title(archive: zipfile.ZipFile) -> str:
    """The title in the metadata of a document, empty when it has none."""
    meta = member(archive, "meta.xml")
    try:
        found = parse_xml(meta).find(f".//{_DC_TITLE}") if meta else None
    except ParseFailed:
        return ""
    return one_line(found.text or "") if found is not None else ""


def rows_of(table: XmlElement) -> list[list[str]]:
    """The cells of a table, row by row; those of tables inside it stay in their cell."""
    return [_cells(row) for row in table.iter(f"{TABLE}table-row") if _owner(row) is table]


def text_of(element: XmlElement, *, is_cell: bool = False) -> str:
    """The text of a paragraph, comments left out.

    Args:
        element: A paragraph, a heading or what may hold some.
        is_cell: True to take tables inside it as text as well.
    """
    return "".join(_pieces(element, is_cell=is_cell))


def _owner(element: XmlElement) -> XmlElement | None:
    return next(element.iterancestors(f"{TABLE}table"), None)


def _cells(row: XmlElement) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag == f"{TABLE}table-cell":
            repeated = cell.get(f"{TABLE}number-columns-repeated", "1")
            count = min(int(repeated), _MAX_REPEATED) if repeated.isdigit() else 1
            cells.extend([_cell_text(cell)] * count)
        elif cell.tag == f"{TABLE}covered-table-cell":
            cells.append("")
    return cells


def _cell_text(cell: XmlElement) -> str:
    return "\n".join(
        part
        for part in (
            text_of(child, is_cell=True)
            for child in cell
            if isinstance(child.tag, str) and child.tag not in SKIPPED
        )
        if part
    )


def _pieces(element: XmlElement, *, is_cell: bool) -> Iterator[str]:
    if element.text:
        yield element.text
    for child in element:
        if isinstance(child.tag, str) and child.tag not in SKIPPED:
            yield from _child_pieces(child, is_cell=is_cell)
        if child.tail:
            yield child.tail


def _child_pieces(child: XmlElement, *, is_cell: bool) -> Iterator[str]:
    blank = _BLANKS.get(str(child.tag))
    if blank is not None:
        yield blank
    elif child.tag == f"{TABLE}table":
        if is_cell:
            yield "\n".join(" ".join(cell for cell in row if cell) for row in rows_of(child))
    else:
        is_paragraph = child.tag in {f"{TEXT}p", f"{TEXT}h"}
        if is_paragraph:
            yield "\n"
        yield from _pieces(child, is_cell=is_cell)
        if child.tag == f"{TEXT}note":
            yield ") "
