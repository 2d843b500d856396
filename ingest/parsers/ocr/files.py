"""Files that are images: PNG and JPEG are one page, a TIFF may hold several."""

from __future__ import annotations

import math
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingest.draft import Draft, Work
from ingest.errors import IngestError, ParseFailed, RefusedFile
from ingest.guards import check_pages
from ingest.model import Notice
from ingest.parsers.ocr.engine import DPI, OcrTimeout
from ingest.parsers.ocr.image import POINTS, is_blank
from ingest.parsers.ocr.page import page_blocks
from ingest.parsers.ocr.reading import read_image as read_words_of
from ingest.parsers.ocr.scans import PageLimit, ScanReport, page_pieces
from ingest.parsers.pages.headings import drop_furniture, settle_headings
from ingest.parsers.pages.page import Page
from ingest.parsers.pages.tables import continue_tables
from ingest.tools import Tool, has_tesseract

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 80_000_000
"""A page of A3 at 600 dots per inch."""
_FORMATS = ("PNG", "JPEG", "TIFF")
_MIN_LETTERS = 25
_SHORT_SIDE, _LONG_SIDE = 1654, 3300
"""Pixels of A4 at 200 dots per inch, and of A3: images are brought between the two."""
_MAX_GROWTH = 2.0
_WHITE = (255, 255, 255)


def read_image(path: Path, work: Work) -> Draft:
    """The blocks of an image file, each with its box and certainty.

    Args:
        path: The file.
        work: The reading it is part of.

    Raises:
        ParseFailed: It is damaged, nothing is read in it, or the program for it is not installed.
        RefusedFile: It has too many pages or points.
    """
    with opened(path) as image:
        count = count_pages(image, most=work.limits.max_pages)
        check_pages(count, limits=work.limits)
        if not has_tesseract():
            work.missing.add(Tool.TESSERACT)
            raise ParseFailed("no_text_ocr_missing")
        work.on_pages(count, scans=count)
        limit = PageLimit(work.limits, pages=count)
        report = ScanReport()
        pages = [_page(image, number, report=report, limit=limit) for number in range(1, count + 1)]
    drop_furniture(pages)
    settle_headings(pages, bookmarks=[])
    continue_tables(pages)
    return _draft(pages, report=report)


@contextmanager
def opened(path: Path) -> Generator[Image]:
    """An image file whose points are not decoded yet.

    Raises:
        ParseFailed: It is damaged, now or when a page of it is decoded.
        RefusedFile: It has too many points.
    """
    pil = cast("Any", import_module("PIL.Image"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with pil.open(path, formats=_FORMATS) as image:
                yield image
        except IngestError:
            raise
        except pil.DecompressionBombError as error:
            raise _too_large(2 * int(pil.MAX_IMAGE_PIXELS)) from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise ParseFailed("image_damaged") from error


def count_pages(image: Image, *, most: int) -> int:
    """Pages of an image file, counted no further than one beyond the most allowed."""
    number = 0
    try:
        while number <= most:
            image.seek(number)
            number += 1
    except EOFError:
        return number
    return number


def shown_page(image: Image, *, number: int) -> Image:
    """A page of an image file (from 1) as it is shown: upright by its own mark, on white.

    Raises:
        RefusedFile: It has too many points.
        EOFError: There is no such page.
    """
    image.seek(number - 1)
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(image.width * image.height)
    operations = cast("Any", import_module("PIL.ImageOps"))
    pil = cast("Any", import_module("PIL.Image"))
    upright = cast("Image", operations.exif_transpose(image))
    if "A" not in upright.getbands() and "transparency" not in upright.info:
        return upright.convert("L" if upright.mode in {"1", "L", "I;16", "I", "F"} else "RGB")
    paper = pil.new("RGB", upright.size, _WHITE)
    layer = upright.convert("RGBA")
    paper.paste(layer, mask=layer.getchannel("A"))
    return cast("Image", paper)


def _too_large(pixels: int) -> RefusedFile:
    return RefusedFile(
        "image_too_large", pixels=math.ceil(pixels / 1e6), limit=MAX_PIXELS // 1_000_000
    )


def _page(image: Image, number: int, *, report: ScanReport, limit: PageLimit) -> Page:
    shown = shown_page(image, number=number).convert("L")
    sized = _sized(shown)
    scale = DPI / POINTS
    page = Page(number=number, width=sized.width / scale, height=sized.height / scale)
    if is_blank(sized):
        return page
    try:
        reading = read_words_of(sized, clock=limit.next_page(), likely_turn=report.turn)
    except OcrTimeout:
        report.late.add(number)
        report.unread.add(number)
        return page
    report.turn = reading.page.quarter
    page.pieces = [] if reading.is_noise else page_pieces(reading, scale=scale)
    if page.pieces:
        report.read.add(number)
        report.words.extend(reading.words)
    else:
        report.unread.add(number)
    return page


def _sized(image: Image) -> Image:
    """The image as if it were scanned at 200 dots per inch, whatever it says of itself."""
    short, long = sorted(image.size)
    share = min(max(_SHORT_SIDE / short, 1.0), _LONG_SIDE / long, _MAX_GROWTH)
    if 0.9 <= share <= 1.1:
        return image
    pil = cast("Any", import_module("PIL.Image"))
    size = (max(round(image.width * share), 1), max(round(image.height * share), 1))
    return image.resize(size, pil.Resampling.LANCZOS)


def _draft(pages: list[Page], *, report: ScanReport) -> Draft:
    draft = Draft(engine="tesseract", page_count=len(pages))
    for page in pages:
        draft.blocks.extend(page_blocks(page))
    if draft.letters < _MIN_LETTERS:
        raise ParseFailed(report.failure)
    if report.unread:
        draft.notices.append(Notice.PAGES_WITHOUT_TEXT)
    draft.notices.extend(report.notices)
    return draft
