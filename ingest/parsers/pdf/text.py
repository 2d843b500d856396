"""The second PDF engine: pypdfium2. Page counts, the check of lost words, plain pages, bookmarks."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.cleaning import one_line
from ingest.errors import ParseFailed
from ingest.model import BlockKind
from ingest.parsers.pages.headings import Bookmark
from ingest.parsers.pages.page import Line, Page, Piece, lines_text, piece_words, union
from ingest.parsers.pages.shown import shown_share
from ingest.parsers.pages.words import joined_words, words_of

_LOCKED_SIGN = "password"
_LOST_SHARE = 0.25
_LOST_WORDS = 20
_MAX_BOOKMARKS = 2000


class PlainPdf:
    """A PDF opened by PDFium, for everything the layout engine does not give."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            ParseFailed: It is encrypted with a password, or damaged.
        """
        self._pdfium = cast("Any", import_module("pypdfium2"))
        self._texts: dict[int, str] = {}
        try:
            self._document = self._pdfium.PdfDocument(str(path))
        except self._pdfium.PdfiumError as error:
            code = "file_encrypted" if _LOCKED_SIGN in str(error).lower() else "file_damaged"
            raise ParseFailed(code) from error

    def __len__(self) -> int:
        return int(self._document.__len__())

    def close(self) -> None:
        """Free the document."""
        self._document.close()

    @property
    def title(self) -> str:
        """Title in the metadata, may be junk or empty."""
        return one_line(str(self._document.get_metadata_value("Title") or ""))

    def bookmarks(self) -> list[Bookmark]:
        """Entries of the outline that lead to a page, in order."""
        found: list[Bookmark] = []
        try:
            for entry in self._document.get_toc(max_depth=6):
                destination = entry.get_dest()
                index = destination.get_index() if destination is not None else None
                title = one_line(entry.get_title())
                if index is not None and title:
                    found.append(Bookmark(title=title, page=index + 1, level=entry.level + 1))
                if len(found) >= _MAX_BOOKMARKS:
                    break
        except self._pdfium.PdfiumError:
            return found
        return found

    def page(self, number: int) -> Any | None:
        """A page (from 1) as PDFium holds it, to be closed; None when it cannot be read."""
        try:
            return self._document[number - 1]
        except (self._pdfium.PdfiumError, IndexError):
            return None

    def keep_text(self, page: Any, *, number: int) -> None:
        """Read the text of an open page for the time when it is asked for."""
        textpage = page.get_textpage()
        self._texts[number] = joined_words(str(textpage.get_text_range()))
        textpage.close()

    def text(self, number: int) -> str:
        """Plain text of a page (from 1), empty when it cannot be read."""
        if number not in self._texts:
            page = self.page(number)
            if page is None:
                return ""
            self.keep_text(page, number=number)
            page.close()
        return self._texts[number]

    def save(self, path: Path) -> None:
        """Write the document as it is now."""
        self._document.save(str(path))

    def plain_page(self, page: Page) -> Page:
        """The same page as paragraphs of lines, in the order of the content stream."""
        lines = self.lines(page)
        groups: list[list[Line]] = []
        for line in lines:
            if groups and _follows(groups[-1][-1], line):
                groups[-1].append(line)
            else:
                groups.append([line])
        page.pieces = [
            Piece(
                kind=BlockKind.PARAGRAPH,
                text=joined_words(lines_text(group)),
                rect=union([line.rect for line in group]),
            )
            for group in groups
        ]
        page.lines = lines
        page.is_fallback = True
        page.ruled_tables = []
        return page

    def blank_page(self, number: int) -> Page | None:
        """A page (from 1) of the right size with nothing read yet, None when it does not exist."""
        handle = self.page(number) if number >= 1 else None
        if handle is None:
            return None
        width, height = cast("tuple[float, float]", handle.get_size())
        handle.close()
        return Page(number=number, width=width, height=height)

    def lines(self, page: Page) -> list[Line]:
        """The runs of text of a page, in the order of the content stream."""
        handle = self._document[page.number - 1]
        textpage = handle.get_textpage()
        lines: list[Line] = []
        for index in range(int(textpage.count_rects())):
            box = cast("tuple[float, float, float, float]", textpage.get_rect(index))
            text = str(textpage.get_text_bounded(*box)).strip()
            if text:
                lines.append(Line(text, page.rect(shown_share(handle, box))))
        textpage.close()
        handle.close()
        return lines


def loses_words(page: Page, *, plain_text: str) -> bool:
    """True when the pieces of a page miss too many of the words that PDFium reads on it."""
    expected = words_of(plain_text)
    read = words_of(" ".join(piece_words(piece) for piece in page.pieces))
    lost = sum((expected - read).values())
    return lost > _LOST_WORDS and lost > _LOST_SHARE * expected.total()


def _follows(line: Line, following: Line) -> bool:
    gap = following.rect.top - line.rect.bottom
    height = max(line.rect.height, following.rect.height, 1.0)
    return -1.5 * height < gap < 0.8 * height
