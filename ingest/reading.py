"""One file to one result, inside a parsing child: guards, parser, identity, chunks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from ingest.acts import find_act
from ingest.chunking import chunk_document
from ingest.dates import document_date
from ingest.draft import Draft, Work
from ingest.errors import ParseFailed
from ingest.formats import detect_format
from ingest.guards import check_access, check_content
from ingest.kinds import find_kind
from ingest.limits import Limits, PageTeller
from ingest.model import Block, FileFormat, IngestedFile, Notice, ParsedDocument
from ingest.parts import UNWATCHED, PartWatch
from ingest.quality import find_quality
from ingest.similarity import sketch_of
from ingest.titles import find_title

_NEARLY_EMPTY_LETTERS = 40
_MAX_NAME_CHARS = 500
_MAX_UNREAD = 10
READERS = {
    FileFormat.PDF: "ingest.parsers.pdf.document:read_pdf",
    FileFormat.DOCX: "ingest.parsers.word.docx:read_docx",
    FileFormat.ODT: "ingest.parsers.word.odt:read_odt",
    FileFormat.IMAGE: "ingest.parsers.ocr.files:read_image",
    FileFormat.HTML: "ingest.parsers.text.html:read_html",
    FileFormat.PPTX: "ingest.parsers.slides.pptx:read_pptx",
    FileFormat.ODP: "ingest.parsers.slides.odp:read_odp",
    FileFormat.PPT: "ingest.parsers.legacy:read_ppt",
    FileFormat.DOC: "ingest.parsers.legacy:read_doc",
    FileFormat.RTF: "ingest.parsers.legacy:read_rtf",
    FileFormat.XLSX: "ingest.parsers.sheets.xlsx:read_xlsx",
    FileFormat.XLS: "ingest.parsers.sheets.xls:read_xls",
    FileFormat.ODS: "ingest.parsers.sheets.ods:read_ods",
    FileFormat.CSV: "ingest.parsers.sheets.csv:read_csv",
    FileFormat.EML: "ingest.parsers.mail.blocks:read_eml",
    FileFormat.MSG: "ingest.parsers.mail.blocks:read_msg",
    FileFormat.MARKDOWN: "ingest.parsers.text.markdown:read_markdown",
    FileFormat.TEXT: "ingest.parsers.text.plain:read_text",
}
"""Where the parser of every format is; loaded when its first file comes."""
_EXTENSIONS = {FileFormat.MARKDOWN: "md", FileFormat.TEXT: "txt"}
"""Those that are not called like their format."""


def read_file(
    path: Path,
    *,
    name: str,
    limits: Limits,
    on_pages: PageTeller,
    watch: PartWatch = UNWATCHED,
) -> IngestedFile:
    """The document and chunks of a file, read in this very process.

    Args:
        path: The content.
        name: Name as ingested, a hint for title and date.
        limits: Bounds of size, pages and expansion; those of time and memory belong to the caller.
        on_pages: Told the number of pages, if there are any, before the long work begins.
        watch: Follows the attachments of a message, and tells which ones to leave out.

    Raises:
        IngestError: The file cannot become a document.
    """
    check_access(path, limits=limits)
    file_format = detect_format(path, name=name)
    check_content(path, file_format=file_format, limits=limits)
    work = Work(name=name, limits=limits, on_pages=on_pages, watch=watch, read_inner=_draft)
    draft = _draft(path, work, file_format)
    if draft.letters == 0:
        raise ParseFailed("no_text")
    document = _document(draft, file_format=file_format, name=name[-_MAX_NAME_CHARS:])
    document = replace(document, missing_tools=tuple(sorted(work.missing)))
    return IngestedFile(
        document=document, chunks=chunk_document(document, target_tokens=limits.chunk_tokens)
    )


@contextmanager
def _named_by_content(path: Path, *, file_format: FileFormat) -> Generator[Path]:
    """A link to the file whose extension tells its true format: some parsers go by the name."""
    with tempfile.TemporaryDirectory(prefix="read-") as folder:
        named = Path(folder) / f"document.{_EXTENSIONS.get(file_format, file_format)}"
        named.symlink_to(path.resolve())
        yield named


def _draft(path: Path, work: Work, file_format: FileFormat, /) -> Draft:
    module, _, function = READERS[file_format].partition(":")
    read: Callable[[Path, Work], Draft] = getattr(import_module(module), function)
    with _named_by_content(path, file_format=file_format) as named:
        return read(named, work)


def _document(draft: Draft, *, file_format: FileFormat, name: str) -> ParsedDocument:
    title, is_inside = (draft.own_title, True) if draft.own_title else find_title(draft, name=name)
    kind = find_kind(title=title, blocks=draft.blocks, name=name)
    text = "\n".join(block.text for block in draft.blocks if not _is_data(block))
    dated = draft.own_date or document_date(text, title=title, name=name)
    notices = list(draft.notices)
    if not is_inside:
        notices.append(Notice.NO_TITLE)
    if draft.letters < _NEARLY_EMPTY_LETTERS and Notice.NEARLY_EMPTY not in notices:
        notices.append(Notice.NEARLY_EMPTY)
    return ParsedDocument(
        format=file_format,
        title=title,
        blocks=(*draft.running, *draft.blocks),
        kind=kind,
        date=dated,
        page_count=draft.page_count,
        notices=tuple(notices),
        engine=draft.engine,
        act=find_act(title=title, blocks=draft.blocks, kind=kind, dated=dated),
        quality=replace(
            find_quality(draft.blocks, page_count=draft.page_count),
            unread_parts=tuple(draft.unread_parts[:_MAX_UNREAD]),
        ),
        sketch=sketch_of(block.text for block in draft.blocks),
    )


def _is_data(block: Block) -> bool:
    """True for the cells of a sheet, whose dates are data."""
    return block.table is not None and bool(block.table.sheet_rows)
