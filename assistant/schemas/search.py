"""Search: passages without an answer."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from assistant.schemas.wire import Wire


class BoxOut(Wire):
    """A rectangle on a page, as shares of its width and height in [0, 1], origin at the top left."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


class LocatorOut(Wire):
    """Where a passage stands in its document."""

    pages: list[int]
    """From 1; empty for formats without pages."""
    boxes: list[BoxOut]
    section: list[str]
    """Headings that lead to the passage, outermost first."""
    first_block: int
    last_block: int
    sheet: str = ""
    """Sheet of a workbook; empty for other formats."""
    cells: str = ""
    """Range of the sheet, such as "A3:F20"."""
    slide: int = 0
    """Slide of a presentation, from 1; 0 for other formats."""
    part: str = ""
    """Attachment of a message; empty for its body and for other formats."""
    confidence: float | None = None
    """Certainty of text read from an image, in [0, 1]; null for text that was not."""


class SuccessorOut(Wire):
    """The document that an administrator said to look at instead of, or beside, another one."""

    document_id: str
    title: str
    date: date | None
    kind: str
    """replaces · abrogates · version_of · modifies: what it is to the other one."""


class SearchIn(Wire):
    """A search."""

    query: str = Field(min_length=1)
    """Question or keywords, in French."""
    limit: int = Field(default=10, ge=1, le=100)
    """Greatest number of results."""
    id: str = ""
    """Free identifier, returned as is."""
    collections: list[str] | None = Field(default=None, max_length=1000)
    """Ids of the collections to stay within; null takes all that the caller may read."""


class SearchResult(Wire):
    """One passage."""

    rank: int
    """From 1."""
    chunk_id: str
    document_id: str
    file: str
    """Name as ingested."""
    title: str
    kind: str
    date: date | None
    page: int | None
    """Of `pages`, the one with the most words of the query: where to open the passage.

    The first of equal ones; null for formats without pages."""
    pages: list[int]
    """All it stands on, ascending; empty for formats without pages."""
    locator: LocatorOut
    breadcrumb: list[str]
    """Title, then headings."""
    text: str
    view_url: str
    """Same-origin page that shows the source at `page`, with the passage highlighted."""
    replaced_by: SuccessorOut | None = None
    """What replaces, abrogates or follows its document."""
    amended_by: SuccessorOut | None = None
    """What modifies an article of the passage, when nothing replaces its document."""
    collection_id: str = ""
    label: str = ""
    """Classification of its collection; empty for none."""


class SearchOut(Wire):
    """Results of one search, best first."""

    id: str
    query: str
    results: list[SearchResult]
