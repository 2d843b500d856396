"""PDF to blocks: the layout engine, checked page by page against PDFium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.draft import Draft, Work
from ingest.errors import ParseFailed
from ingest.guards import check_pages
from ingest.limits import Limits
from ingest.model import Notice
from ingest.parsers.ocr.page import page_blocks
from ingest.parsers.ocr.scans import ScanReport, read_scans
from ingest.parsers.pages.figures import drop_figure_labels, drop_spots
from ingest.parsers.pages.headings import drop_furniture, drop_stamps, settle_headings
from ingest.parsers.pages.lines import overlapping_share
from ingest.parsers.pages.notes import attach_notes
from ingest.parsers.pages.page import Page
from ingest.parsers.pages.tables import continue_tables, place_ruled_tables
from ingest.parsers.pdf.hidden import visible_file
from ingest.parsers.pdf.layout import layout_pages
from ingest.parsers.pdf.text import PlainPdf, loses_words

_MIN_LETTERS = 25
_OVERLAPPING_SHARE = 0.2
_A4 = (595.0, 842.0)
_NEARLY_EMPTY_LETTERS_PER_PAGE = 80


def read_pdf(path: Path, work: Work) -> Draft:
    """The blocks of a PDF, each with its box; pages that are images are read by their image.

    Args:
        path: The file.
        work: The reading it is part of.

    Raises:
        ParseFailed: It is encrypted, damaged or holds no text.
        RefusedFile: It has too many pages.
    """
    plain = PlainPdf(path)
    try:
        count = len(plain)
        if count == 0:
            raise ParseFailed("file_damaged")
        check_pages(count, limits=work.limits)
        work.on_pages(count)
        visible = visible_file(plain, path=path)
        pages = _laid_out_pages(visible.path, plain=plain, count=count, limits=work.limits)
        drop_spots(pages, spots=visible.spots)
        notices = list(_print_notices(pages, is_hidden=visible.is_worth_telling))
        scans = read_scans(visible.path, pages, work=work)
        _settle_pages(pages, plain=plain)
        draft = _draft(pages, plain=plain, scans=scans)
        draft.notices.extend(notices)
        return draft
    finally:
        plain.close()


def _laid_out_pages(path: Path, *, plain: PlainPdf, count: int, limits: Limits) -> list[Page]:
    laid_out = _layout(path, limits=limits)
    pages = [
        laid_out.get(number) or Page(number=number, width=_A4[0], height=_A4[1])
        for number in range(1, count + 1)
    ]
    for page in pages:
        text = plain.text(page.number)
        if (not page.pieces and text.strip()) or loses_words(page, plain_text=text):
            plain.plain_page(page)
    return pages


def _settle_pages(pages: list[Page], *, plain: PlainPdf) -> None:
    drop_figure_labels(pages)
    place_ruled_tables(pages)
    drop_stamps(pages)
    drop_furniture(pages)
    attach_notes(pages)
    settle_headings(pages, bookmarks=plain.bookmarks())
    continue_tables(pages)


def _layout(path: Path, *, limits: Limits) -> dict[int, Page]:
    from liteparse.types import ParseError

    pages: dict[int, Page] = {}
    try:
        for page in layout_pages(path, max_pages=limits.max_pages):
            pages[page.number] = page
    except ParseError:
        return pages
    return pages


def _draft(pages: list[Page], *, plain: PlainPdf, scans: ScanReport) -> Draft:
    draft = Draft(engine="liteparse", page_count=len(pages), declared_title=plain.title)
    for page in pages:
        draft.blocks.extend(page_blocks(page))
    if draft.letters < _MIN_LETTERS or len(scans.unread) == len(pages):
        raise ParseFailed(scans.failure)
    if scans.unread:
        draft.notices.append(Notice.PAGES_WITHOUT_TEXT)
    if len(pages) > 1 and draft.letters < _NEARLY_EMPTY_LETTERS_PER_PAGE * len(pages):
        draft.notices.append(Notice.NEARLY_EMPTY)
    if any(page.is_fallback for page in pages):
        draft.notices.append(Notice.FALLBACK_ENGINE)
    draft.notices.extend(scans.notices)
    draft.engine = "+".join(_engines(pages, scans=scans))
    return draft


def _print_notices(pages: list[Page], *, is_hidden: bool) -> Iterator[Notice]:
    if is_hidden:
        yield Notice.HIDDEN_TEXT
    if any(overlapping_share(page.lines) > _OVERLAPPING_SHARE for page in pages):
        yield Notice.OVERLAPPING_TEXT


def _engines(pages: list[Page], *, scans: ScanReport) -> Iterator[str]:
    if any(not page.is_fallback and page.number not in scans.read for page in pages):
        yield "liteparse"
    if any(page.is_fallback for page in pages):
        yield "pypdfium2"
    if scans.read:
        yield "tesseract"
