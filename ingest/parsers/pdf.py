"""PDF to blocks: the layout engine, checked page by page against PDFium."""

from __future__ import annotations

from pathlib import Path

from ingest.errors import ParseFailed
from ingest.guards import check_pages
from ingest.limits import Limits
from ingest.model import Block, BlockKind, Notice
from ingest.parsers.draft import Draft, Work, table_block, text_block
from ingest.parsers.pdf_headings import drop_furniture, settle_headings
from ingest.parsers.pdf_layout import layout_pages
from ingest.parsers.pdf_page import Page
from ingest.parsers.pdf_tables import continue_tables, place_ruled_tables
from ingest.parsers.pdf_text import PlainPdf, loses_words

_MIN_PAGE_LETTERS = 25
_MIN_LETTERS = 25
_A4 = (595.0, 842.0)
_NEARLY_EMPTY_LETTERS_PER_PAGE = 80


def read_pdf(path: Path, work: Work) -> Draft:
    """The blocks of a PDF with a text layer, each with its box.

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
        pages = _read_pages(path, plain=plain, count=count, limits=work.limits)
        return _draft(pages, plain=plain)
    finally:
        plain.close()


def _read_pages(path: Path, *, plain: PlainPdf, count: int, limits: Limits) -> list[Page]:
    laid_out = _layout(path, limits=limits)
    pages = [
        laid_out.get(number) or Page(number=number, width=_A4[0], height=_A4[1])
        for number in range(1, count + 1)
    ]
    for page in pages:
        text = plain.text(page.number)
        if (not page.pieces and text.strip()) or loses_words(page, plain_text=text):
            plain.plain_page(page)
    place_ruled_tables(pages)
    drop_furniture(pages)
    settle_headings(pages, bookmarks=plain.bookmarks())
    continue_tables(pages)
    return pages


def _layout(path: Path, *, limits: Limits) -> dict[int, Page]:
    from liteparse.types import ParseError

    pages: dict[int, Page] = {}
    try:
        for page in layout_pages(path, max_pages=limits.max_pages):
            pages[page.number] = page
    except ParseError:
        return pages
    return pages


def _draft(pages: list[Page], *, plain: PlainPdf) -> Draft:
    draft = Draft(engine="liteparse", page_count=len(pages), declared_title=plain.title)
    empty = 0
    for page in pages:
        blocks = _blocks(page)
        if _is_without_text(page, blocks=blocks):
            empty += 1
        draft.blocks.extend(blocks)
    if draft.letters < _MIN_LETTERS or empty == len(pages):
        raise ParseFailed("no_text")
    if empty:
        draft.notices.append(Notice.PAGES_WITHOUT_TEXT)
    if len(pages) > 1 and draft.letters < _NEARLY_EMPTY_LETTERS_PER_PAGE * len(pages):
        draft.notices.append(Notice.NEARLY_EMPTY)
    if any(page.is_fallback for page in pages):
        draft.notices.append(Notice.FALLBACK_ENGINE)
        draft.engine = (
            "pypdfium2" if all(page.is_fallback for page in pages) else "liteparse+pypdfium2"
        )
    return draft


def _is_without_text(page: Page, *, blocks: list[Block]) -> bool:
    letters = sum(1 for block in blocks for char in block.text if char.isalnum())
    return (page.is_image and letters < _MIN_PAGE_LETTERS * 8) or letters < _MIN_PAGE_LETTERS


def _blocks(page: Page) -> list[Block]:
    blocks: list[Block] = []
    for piece in page.pieces:
        box = page.box(piece.rect)
        if piece.kind is BlockKind.TABLE:
            block = table_block(piece.rows or [], box=box)
        else:
            block = text_block(piece.text, kind=piece.kind, level=piece.level, box=box)
        if block is not None:
            blocks.append(block)
    return blocks
