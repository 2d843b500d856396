"""A deck printed to PDF by LibreOffice, slide n on page n, and where a passage stands on such a page."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ingest.errors import ParseFailed
from ingest.formats import detect_format
from ingest.guards import check_content
from ingest.limits import PRINT_S, Limits
from ingest.model import DECKS, Box, FileFormat, LineBox
from ingest.parsers.office.libreoffice import convert
from ingest.parsers.pages.lines import found_spans
from ingest.parsers.pdf.text import PlainPdf
from ingest.parsers.slides.links import copy_without_links
from ingest.places import covering_boxes

_OFFICE_SHARE = 0.8
"""Share of the time of a printing that LibreOffice may take: the checks before it need some as well."""


def print_deck(path: Path, *, limits: Limits, office: Path | None) -> bytes:
    """A PDF of a PPTX, PPT or ODP, hidden slides included, so that slide n is page n.

    Args:
        path: The deck; its name carries no information.
        limits: Bounds of expansion, and of the size of the PDF: that of a file.
        office: The program of LibreOffice, None where it is not installed.

    Raises:
        ParseFailed: There is no LibreOffice ("slides_need_office"), or it does not print the deck in
            time and size ("slides_unrenderable"); the file is damaged or no deck.
        IngestError: The file is refused before LibreOffice sees it.
    """
    if office is None:
        raise ParseFailed("slides_need_office")
    file_format = detect_format(path, name="")
    if file_format not in DECKS:
        raise ParseFailed("slides_unrenderable")
    check_content(path, file_format=file_format, limits=limits)
    with tempfile.TemporaryDirectory(prefix="deck-") as name:
        folder = Path(name) / "office"
        folder.mkdir()
        source = Path(name) / f"deck.{file_format}"
        if file_format is FileFormat.ODP:
            copy_without_links(path, to=source)
        else:
            source.symlink_to(path.resolve())
        within_s = PRINT_S * _OFFICE_SHARE
        printed = convert(
            source, office=office, to=FileFormat.PDF, folder=folder, within_s=within_s
        )
        if printed is None or not 0 < printed.stat().st_size <= limits.max_file_bytes:
            raise ParseFailed("slides_unrenderable")
        return printed.read_bytes()


def find_boxes(path: Path, *, page: int, text: str) -> tuple[Box, ...]:
    """Rectangles of the printed lines of a page whose words a passage holds; none when it holds none.

    Args:
        path: A PDF.
        page: From 1.
        text: The passage; parts of it, such as the notes of a slide, may be printed nowhere.

    Raises:
        ParseFailed: The PDF cannot be opened, or the page does not exist.
    """
    plain = PlainPdf(path)
    try:
        found = plain.blank_page(page)
        if found is None:
            raise ParseFailed("page_missing", page=page)
        spans = found_spans(text, lines=plain.lines(found))
    finally:
        plain.close()
    lines = [LineBox(span.start, span.end, found.box(span.rect)) for span in spans]
    return covering_boxes(lines, start=0, end=len(text))
