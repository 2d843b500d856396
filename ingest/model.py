"""What a file becomes: blocks, then chunks, each with the place it came from.

Plain frozen data, free of any parser or store, so that a parse can cross a process border as JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby

from ingest.tools import Tool

_WORD = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
"""Three letters or more, and nothing but letters."""


class FileFormat(StrEnum):
    """Format decided from the content of a file, never from its extension."""

    PDF = "pdf"
    DOCX = "docx"
    ODT = "odt"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    CSV = "csv"
    PPTX = "pptx"
    PPT = "ppt"
    ODP = "odp"
    DOC = "doc"
    RTF = "rtf"
    EML = "eml"
    MSG = "msg"
    IMAGE = "image"


PAGED = frozenset({FileFormat.PDF, FileFormat.IMAGE})
"""Formats whose pages can be shown as images."""
DECKS = frozenset({FileFormat.PPTX, FileFormat.PPT, FileFormat.ODP})
"""Formats whose slides can be shown as images where LibreOffice is installed."""


class DocumentKind(StrEnum):
    """Administrative type of a document, as found in its own text."""

    DELIBERATION = "deliberation"
    ARRETE = "arrete"
    REGLEMENT = "reglement"
    SCHEMA = "schema"
    GUIDE = "guide"
    COMPTE_RENDU = "compte_rendu"
    CONVENTION = "convention"
    NOTE = "note"
    OTHER = "other"


class BlockKind(StrEnum):
    """Role of a block in the reading order of its document."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"


class Notice(StrEnum):
    """Something the reader of a document's state should know about how it was read."""

    NEARLY_EMPTY = "nearly_empty"
    """Far less text than the number of pages or the size of the file lets expect."""
    PAGES_WITHOUT_TEXT = "pages_without_text"
    """Some pages carry no text layer and were left out."""
    FALLBACK_ENGINE = "fallback_engine"
    """The primary parser lost text or failed; another one was used."""
    OCR_USED = "ocr_used"
    """Some text was read from images of pages; letters may be wrong."""
    LOW_OCR_CONFIDENCE = "low_ocr_confidence"
    """The text read from images is so uncertain that it has to be checked against them."""
    OCR_MISSING = "ocr_missing"
    """Some pages are images, and the program that reads them is not installed."""
    OCR_TIMEOUT = "ocr_timeout"
    """Some pages that are images were left out: their reading took too long."""
    HIDDEN_SLIDES = "hidden_slides"
    """Some slides are hidden and were left out."""
    CONVERTED_WITHOUT_LAYOUT = "converted_without_layout"
    """LibreOffice, which keeps headings and places, was absent or failed; the bare text was read."""
    HIDDEN_CELLS = "hidden_cells"
    """Some sheets, rows, columns or cells are hidden and were left out."""
    SHEETS_CUT = "sheets_cut"
    """Some rows, columns or cells were left out: the sheets hold more than is taken."""
    FORMULAS_WITHOUT_VALUES = "formulas_without_values"
    """Some formulas were saved without their result and were left out."""
    HIDDEN_TEXT = "hidden_text"
    """Some text is not shown to who opens the document and was left out."""
    OTHER_VERSION = "other_version"
    """A message carries a version for other readers that says something else; it was left out."""
    OVERLAPPING_TEXT = "overlapping_text"
    """Lines of some pages are printed across one another: two drafts may be mixed."""
    ATTACHMENTS_UNREAD = "attachments_unread"
    """Some attachments of a message were left out; its first lines name them."""
    NO_TITLE = "no_title"
    """No title found inside; the file name stands for it."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, origin at the top left."""

    page: int
    """From 1."""
    left: float
    """Share of the page width, in [0, 1]. So are the others, of width or height."""
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands in a format whose parts are not pages; all empty for the others."""

    sheet: str = ""
    """Name of a sheet."""
    slide: int = 0
    """From 1; 0 when there are no slides."""
    part: str = ""
    """Part of a message: empty for its body, else the name of an attachment."""


NOWHERE = Place()
"""No sheet, slide nor part."""


@dataclass(frozen=True, slots=True)
class LineBox:
    """One printed line of a block: which characters of its text, and where."""

    start: int
    """Offset of the first character in the block's text."""
    end: int
    """Offset after the last one."""
    box: Box


@dataclass(frozen=True, slots=True)
class Locator:
    """Where a chunk stands in its document; enough to open the source at the right place."""

    pages: tuple[int, ...] = ()
    """Pages touched, from 1, ascending. Empty for formats without pages."""
    boxes: tuple[Box, ...] = ()
    """Rectangles that cover the text of the chunk. Empty for formats without pages."""
    section: tuple[str, ...] = ()
    """Headings that lead to the chunk, outermost first."""
    first_block: int = 0
    """Index of the first block of the chunk in its document, from 0."""
    last_block: int = 0
    """Index of the last block, inclusive."""
    place: Place = NOWHERE
    """Sheet, slide or message part; empty for other formats."""
    cells: str = ""
    """Range of a sheet, such as "A3:F20", headers left out."""
    confidence: float | None = None
    """Least certainty of the characters read from an image, in [0, 1]; None for text that was not."""
    page_starts: tuple[int, ...] = ()
    """Offset in the chunk's text where each of `pages` begins, ascending, the first 0.

    Empty for less than two pages, and where it is unknown: a block without a page, or a text that
    goes back to an earlier page."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of a table; rows are as wide as the header where the source allows."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_boxes: tuple[Box, ...] = ()
    """Place of the header, then of each row, on its page; empty where unknown."""
    sheet_rows: tuple[int, ...] = ()
    """Row of the sheet, from 1, of the header, then of each row; empty outside sheets."""
    sheet_columns: tuple[int, int] = (0, 0)
    """First and last column of the sheet, from 1; zeros outside sheets."""


@dataclass(frozen=True, slots=True)
class Block:
    """One unit of the reading order: a heading, a paragraph, a list item or a table."""

    kind: BlockKind
    text: str
    """Plain text, NFC. For a table, its Markdown form."""
    level: int = 0
    """Depth of a heading, from 1; 0 for other kinds."""
    box: Box | None = None
    """Place on its page; None for formats without pages. A paragraph over two pages is two blocks."""
    table: Table | None = None
    """Set if and only if `kind` is TABLE."""
    lines: tuple[LineBox, ...] = ()
    """Its printed lines in order, without overlap; empty where unknown."""
    place: Place = NOWHERE
    """Sheet, slide or message part; empty for other formats."""
    confidence: float | None = None
    """Mean certainty of its characters, in [0, 1], when they were read from an image; else None."""


class ActStatus(StrEnum):
    """What an act says of its own standing."""

    DRAFT = "draft"
    """A draft ("projet"), not adopted."""
    ABROGATED = "abrogated"
    """It bears the mention that it is abrogated."""
    TEMPLATE = "template"
    """Its text has places to be filled, such as "{demandeur}"."""


class Effect(StrEnum):
    """What one act does to another."""

    REPLACES = "replaces"
    ABROGATES = "abrogates"
    MODIFIES = "modifies"


@dataclass(frozen=True, slots=True)
class Reference:
    """A sentence by which an act touches another one."""

    effect: Effect
    key: str
    """`act_key` of the act touched; empty when the sentence names none ("annule et remplace")."""
    date: date | None
    """Date the sentence gives to the act touched."""
    quote: str
    """The sentence, at most 300 characters."""
    articles: tuple[str, ...] = ()
    """Numbers of the articles of it that the text says it changes; empty when it names none."""


@dataclass(frozen=True, slots=True)
class Act:
    """The identity of an act, as far as its own text tells it without doubt."""

    number: str | None = None
    """As written, such as "2024-123", "D2025-003", "2009/64"."""
    key: str = ""
    """Word of the act and its number in one spelling, to compare; empty without number."""
    authority: str | None = None
    """Who took it, in French: "conseil municipal", "préfet", "maire"…"""
    subject: str | None = None
    """What follows "Objet :"."""
    date: date | None = None
    """Of its session or signature; None for what is no act."""
    status: ActStatus | None = None
    in_force_on: date | None = None
    """Day it says it enters into force."""
    references: tuple[Reference, ...] = ()
    """What it does to other acts, in order, each act and effect once."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Words that look like an order to the model."""

    quote: str
    """They and what surrounds them, at most 200 characters."""
    page: int | None
    """From 1; None without pages."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What can be counted of how a document was read."""

    letters: int = 0
    """Letters and digits."""
    letters_per_page: float | None = None
    """None without pages."""
    ocr_share: float | None = None
    """Share of the pages read from their image, in [0, 1]; None without pages."""
    ocr_confidence: float | None = None
    """Mean certainty of these characters, in [0, 1]; None when nothing was read from an image."""
    headings: int = 0
    tables: int = 0
    links: int = 0
    """Web addresses written in the text."""
    french_share: float | None = None
    """Share of the commonest French words among all words, about .4 in French; None for few words."""
    suspicions: tuple[Suspicion, ...] = ()
    """At most 5, in order. The text stays as it is."""
    unread_parts: tuple[str, ...] = ()
    """Names of the attachments of a message that were not read, at most 10."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A whole document as read from one file."""

    format: FileFormat
    title: str
    """Found inside the document, else made from the file name. Never empty."""
    blocks: tuple[Block, ...]
    kind: DocumentKind = DocumentKind.OTHER
    date: date | None = None
    """Date written inside the document, else the one of the file name, else None."""
    page_count: int = 0
    """0 for formats without pages."""
    notices: tuple[Notice, ...] = ()
    engine: str = ""
    """Name of the parser that produced the blocks, for `inspect` and reports."""
    act: Act = Act()
    quality: Quality = Quality()
    sketch: tuple[int, ...] = ()
    """Of its text, to recognise other versions of it: see `similarity`."""
    missing_tools: tuple[Tool, ...] = ()
    """Not installed when it was read, and more of it would be read with them."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document small enough to be embedded and cited."""

    ordinal: int
    """Position in the document, from 0. Chunks do not overlap."""
    text: str
    """The text a person would read at the locator; a table chunk repeats its header row."""
    locator: Locator
    tokens: int
    """Length of `embedded_text` in tokens of the project's own counter."""

    def embedded_text(self, *, title: str) -> str:
        """The text that is embedded and indexed: title, breadcrumb, then the chunk's own text.

        A label that repeats the one before it comes once; a title without a word, such as a file
        name that is a number, says nothing and is left out.
        """
        titled = (title,) if _WORD.search(title) else ()
        labels = [next(same) for _, same in groupby((*titled, *self.locator.section), str.casefold)]
        return "\n".join(filter(None, (" > ".join(labels), self.text)))


@dataclass(frozen=True, slots=True)
class IngestedFile:
    """Result of reading one file: the document and its chunks, in order."""

    document: ParsedDocument
    chunks: tuple[Chunk, ...] = field(default=())
    chunk_tokens: int | None = None
    """Length of chunks that was asked for; None for the one of the limits. Known to who asked: it does
    not leave the reading process."""
