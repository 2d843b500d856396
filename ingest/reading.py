"""One file to one result, inside a parsing child: guards, parser, identity, chunks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from ingest.chunking import chunk_document
from ingest.dates import document_date
from ingest.errors import ParseFailed
from ingest.formats import detect_format
from ingest.guards import check_access, check_content
from ingest.kinds import find_kind
from ingest.limits import Limits
from ingest.model import FileFormat, IngestedFile, Notice, ParsedDocument
from ingest.parsers.draft import Draft
from ingest.titles import find_title

_NEARLY_EMPTY_LETTERS = 40
_MAX_NAME_CHARS = 500
_EXTENSIONS = {
    FileFormat.PDF: "pdf",
    FileFormat.DOCX: "docx",
    FileFormat.ODT: "odt",
    FileFormat.HTML: "html",
    FileFormat.MARKDOWN: "md",
    FileFormat.TEXT: "txt",
}


def read_file(
    path: Path, *, name: str, limits: Limits, on_pages: Callable[[int], None]
) -> IngestedFile:
    """The document and chunks of a file, read in this very process.

    Args:
        path: The content.
        name: Name as ingested, a hint for title and date.
        limits: Bounds of size, pages and expansion; those of time and memory belong to the caller.
        on_pages: Told the number of pages, if there are any, before the long work begins.

    Raises:
        IngestError: The file cannot become a document.
    """
    check_access(path, limits=limits)
    file_format = detect_format(path, name=name)
    check_content(path, file_format=file_format, limits=limits)
    with _named_by_content(path, file_format=file_format) as named:
        draft = _draft(named, file_format=file_format, limits=limits, on_pages=on_pages)
    if draft.letters == 0:
        raise ParseFailed("no_text")
    document = _document(draft, file_format=file_format, name=name[-_MAX_NAME_CHARS:])
    return IngestedFile(
        document=document, chunks=chunk_document(document, target_tokens=limits.chunk_tokens)
    )


@contextmanager
def _named_by_content(path: Path, *, file_format: FileFormat) -> Generator[Path]:
    """A link to the file whose extension tells its true format: some parsers go by the name."""
    with tempfile.TemporaryDirectory(prefix="read-") as folder:
        named = Path(folder) / f"document.{_EXTENSIONS[file_format]}"
        named.symlink_to(path.resolve())
        yield named


def _draft(
    path: Path, *, file_format: FileFormat, limits: Limits, on_pages: Callable[[int], None]
) -> Draft:
    match file_format:
        case FileFormat.PDF:
            from ingest.parsers.pdf import read_pdf

            return read_pdf(path, limits=limits, on_pages=on_pages)
        case FileFormat.DOCX:
            from ingest.parsers.docx import read_docx

            return read_docx(path)
        case FileFormat.ODT:
            from ingest.parsers.odt import read_odt

            return read_odt(path)
        case FileFormat.HTML:
            from ingest.parsers.html import read_html

            return read_html(path)
        case FileFormat.MARKDOWN:
            from ingest.parsers.markdown import read_markdown

            return read_markdown(path)
        case FileFormat.TEXT:
            from ingest.parsers.text import read_text

            return read_text(path)


def _document(draft: Draft, *, file_format: FileFormat, name: str) -> ParsedDocument:
    title, is_inside = find_title(draft, name=name)
    text = "\n".join(block.text for block in draft.blocks)
    notices = list(draft.notices)
    if not is_inside:
        notices.append(Notice.NO_TITLE)
    if draft.letters < _NEARLY_EMPTY_LETTERS and Notice.NEARLY_EMPTY not in notices:
        notices.append(Notice.NEARLY_EMPTY)
    return ParsedDocument(
        format=file_format,
        title=title,
        blocks=tuple(draft.blocks),
        kind=find_kind(title=title, blocks=draft.blocks, name=name),
        date=document_date(text, title=title, name=name),
        page_count=draft.page_count,
        notices=tuple(notices),
        engine=draft.engine,
    )
