"""Pages that are images: read by the engine, and put with what their text layers already tell."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.draft import Work
from ingest.limits import Limits
from ingest.model import Notice
from ingest.parsers.ocr.engine import Clock, OcrTimeout, Word
from ingest.parsers.ocr.image import drawn_page, is_blank
from ingest.parsers.ocr.layers import Reason, Scan, find_scans, open_document
from ingest.parsers.ocr.page import mean_confidence, pieces_of
from ingest.parsers.ocr.reading import Reading, in_original, read_image
from ingest.parsers.ocr.score import text_worth
from ingest.parsers.ocr.tables import take_tables
from ingest.parsers.pages.page import Line, Page, Piece, Rect, piece_words, union
from ingest.tools import Tool, has_tesseract

if TYPE_CHECKING:
    from PIL.Image import Image

_LOW_CONFIDENCE = 0.75
_PAGE_SHARE = 4.0
"""A page may take as long as four are given, from what others leave."""
_BASE_SHARE = 0.5
"""Part of the time given to any file that pages read from their image may use up."""
_INSIDE = 0.5
_BETTER = 1.1
_MIN_REGION_QUALITY, _MIN_REGION_CONFIDENCE = 0.6, 0.6
"""The labels of diagrams stay below, tables and paragraphs above."""
_MIN_REGION_WORDS = 4
_WITHOUT_TEXT = frozenset({Reason.NO_TEXT, Reason.STAMP, Reason.DRAWN})
"""Without their image, nothing or next to nothing of these pages is read."""


@dataclass(slots=True)
class ScanReport:
    """What came of reading the pages that are images."""

    read: set[int] = field(default_factory=set[int])
    """Numbers of the pages where something was read, from 1."""
    unread: set[int] = field(default_factory=set[int])
    """Numbers of the pages that stay without text though something is to be seen on them."""
    late: set[int] = field(default_factory=set[int])
    """Numbers of the pages that took too long."""
    is_missing: bool = False
    """Pages are images and the engine is not installed."""
    turn: int = 0
    """Degrees clockwise by which the last page had to be turned."""
    words: list[Word] = field(default_factory=list[Word])

    @property
    def failure(self) -> str:
        """Code of the error of a document in which nothing is read."""
        if self.is_missing:
            return "no_text_ocr_missing"
        return "ocr_timeout" if self.late else "no_text"

    @property
    def notices(self) -> list[Notice]:
        """What the state of the document should tell."""
        said = (
            (Notice.OCR_USED, bool(self.read)),
            (
                Notice.LOW_OCR_CONFIDENCE,
                bool(self.words) and mean_confidence(self.words) < _LOW_CONFIDENCE,
            ),
            (Notice.OCR_MISSING, self.is_missing),
            (Notice.OCR_TIMEOUT, bool(self.late)),
        )
        return [notice for notice, is_true in said if is_true]


def read_scans(path: Path, pages: list[Page], *, work: Work) -> ScanReport:
    """Read the pages of a PDF that are images, in place.

    Pages of text stay as they are; the others get the pieces read from their image, among which the
    exact text of a stamp or title keeps its place.

    Args:
        path: The PDF.
        pages: Its pages, with the pieces of their text layers.
        work: The reading it is part of; told how many pages are read from their image.
    """
    report = ScanReport()
    document = open_document(path)
    try:
        scans = find_scans(document, pages)
        if not scans:
            return report
        if not has_tesseract():
            work.missing.add(Tool.TESSERACT)
            report.unread = {scan.page.number for scan in scans if scan.reason in _WITHOUT_TEXT}
            report.is_missing = bool(report.unread)
            return report
        work.on_pages(len(pages), scans=len(scans))
        limit = PageLimit(work.limits, pages=len(scans))
        for scan in scans:
            _read_scan(scan, document=document, report=report, limit=limit)
    finally:
        document.close()
    return report


class PageLimit:
    """The time of one page within that of all: a slow page may use what others have left."""

    def __init__(self, limits: Limits, *, pages: int) -> None:
        """Start to count.

        Args:
            limits: Those of the whole reading.
            pages: How many are to be read from their image.
        """
        self._page_s = limits.ocr_page_s
        self._whole = Clock.of(limits.ocr_page_s * pages + limits.base_s * _BASE_SHARE)

    def next_page(self) -> Clock:
        """The clock of the next page.

        Raises:
            OcrTimeout: The time of all is over.
        """
        return self._whole.within(self._page_s * _PAGE_SHARE)


def _read_scan(scan: Scan, *, document: Any, report: ScanReport, limit: PageLimit) -> None:
    number = scan.page.number
    try:
        image, scale = _image(scan, document=document)
        if is_blank(image):
            return
        reading = read_image(image, clock=limit.next_page(), likely_turn=report.turn)
        report.turn = reading.page.quarter
    except OcrTimeout:
        report.late.add(number)
        if scan.reason in _WITHOUT_TEXT:
            report.unread.add(number)
        return
    if _settle(scan, reading, scale=scale):
        report.read.add(number)
        report.words.extend(reading.words)
    elif scan.reason is Reason.NO_TEXT:
        report.unread.add(number)


def _image(scan: Scan, *, document: Any) -> tuple[Image, float]:
    handle = document[scan.page.number - 1]
    image, scale = drawn_page(handle)
    handle.close()
    return _cropped(image, region=scan.region, scale=scale), scale


def _cropped(image: Image, *, region: Rect | None, scale: float) -> Image:
    if region is None:
        return image
    box = (region.left * scale, region.top * scale, region.right * scale, region.bottom * scale)
    left, top, right, bottom = (round(value) for value in box)
    return image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def _settle(scan: Scan, reading: Reading, *, scale: float) -> bool:
    """Put what was read on its page; False when the page stays as it was."""
    if reading.is_noise:
        return False
    if scan.reason is Reason.BAD_LAYER:
        return _replace(scan.page, reading, scale=scale)
    is_region = scan.region is not None
    if is_region and not _is_telling(reading):
        return False
    page = scan.page
    words = _unknown(reading, page=page, scale=scale, region=scan.region)
    pieces = page_pieces(replace(reading, words=words), scale=scale, region=scan.region)
    if not pieces:
        return False
    if is_region:
        page.pieces = _among(page.pieces, pieces)
    else:
        page.pieces, page.is_fallback = _around(pieces, page.pieces), False
    page.lines = [*page.lines, *(line for piece in pieces for line in piece.lines)]
    return True


def _replace(page: Page, reading: Reading, *, scale: float) -> bool:
    held = " ".join(piece_words(piece) for piece in page.pieces).split()
    if text_worth(word.text for word in reading.words) < _BETTER * text_worth(held):
        return False
    page.pieces = page_pieces(reading, scale=scale)
    page.lines = [line for piece in page.pieces for line in piece.lines]
    page.ruled_tables, page.is_fallback = [], False
    return True


def _is_telling(reading: Reading) -> bool:
    return (
        reading.quality >= _MIN_REGION_QUALITY
        and reading.confidence >= _MIN_REGION_CONFIDENCE
        and len(reading.words) >= _MIN_REGION_WORDS
    )


def page_pieces(reading: Reading, *, scale: float, region: Rect | None = None) -> list[Piece]:
    """The pieces that were read on an image, in points of the page as it is shown.

    Args:
        reading: What was read.
        scale: Pixels per point.
        region: The part of the page that the image shows; None for all of it.
    """

    def on_page(rect: Rect) -> Rect:
        return _in_points(reading.page.original(rect), scale=scale, region=region)

    tables, words = take_tables(reading.page.image, reading.words, scale=scale)
    pieces = _around(pieces_of(words), tables)
    for piece in pieces:
        piece.rect = on_page(piece.rect)
        piece.row_rects = [on_page(rect) for rect in piece.row_rects]
        piece.lines = [Line(line.text, on_page(line.rect)) for line in piece.lines]
    return pieces


def _unknown(reading: Reading, *, page: Page, scale: float, region: Rect | None) -> list[Word]:
    """The words that the text layer does not hold already at the same place."""
    known = [line.rect for line in page.lines]
    places = [_in_points(word.rect, scale=scale, region=region) for word in in_original(reading)]
    return [
        word
        for word, place in zip(reading.words, places, strict=True)
        if not any(place.share_inside(rect) > _INSIDE for rect in known)
    ]


def _in_points(rect: Rect, *, scale: float, region: Rect | None) -> Rect:
    left, top = (region.left, region.top) if region is not None else (0.0, 0.0)
    return Rect(
        left + rect.left / scale,
        top + rect.top / scale,
        left + rect.right / scale,
        top + rect.bottom / scale,
    )


def _around(read: list[Piece], held: list[Piece]) -> list[Piece]:
    """The pieces read, with each of those of the text layer before what stands below it."""
    pieces = list(read)
    for piece in held:
        if not any(char.isalnum() for char in piece_words(piece)):
            continue
        pieces.insert(_place(pieces, piece.rect), piece)
    return pieces


def _among(held: list[Piece], read: list[Piece]) -> list[Piece]:
    """The pieces of the text layer, with all those of an image before what stands below it."""
    place = _place(held, union([piece.rect for piece in read]))
    return [*held[:place], *read, *held[place:]]


def _place(pieces: list[Piece], rect: Rect) -> int:
    middle = (rect.top + rect.bottom) / 2
    for index, piece in enumerate(pieces):
        shares_column = piece.rect.left < rect.right and rect.left < piece.rect.right
        if shares_column and piece.rect.top >= middle:
            return index
    return len(pieces)
