"""Refusals made before any parser opens a file."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.archives import check_archive, declared_bytes
from ingest.compounds import check_compound
from ingest.errors import ParseFailed, RefusedFile
from ingest.limits import MEGABYTE, Limits
from ingest.model import FileFormat

_TEXTS = frozenset({FileFormat.HTML, FileFormat.MARKDOWN, FileFormat.TEXT, FileFormat.CSV})
_ARCHIVES = frozenset(
    {
        FileFormat.DOCX,
        FileFormat.ODT,
        FileFormat.XLSX,
        FileFormat.ODS,
        FileFormat.PPTX,
        FileFormat.ODP,
    }
)
_COMPOUNDS = frozenset({FileFormat.DOC, FileFormat.XLS, FileFormat.PPT, FileFormat.MSG})
_HOLDER = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.I | re.M)
_MAX_HOLDERS = 100
_PDF_TAIL_BYTES = 4096


def check_access(path: Path, *, limits: Limits) -> None:
    """Check that a file exists, may be opened, is not empty and not too large.

    Raises:
        RefusedFile: It may not be opened, or is too large.
        ParseFailed: It does not exist or is empty.
    """
    try:
        with path.open("rb") as stream:
            stream.read(1)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise ParseFailed("file_missing") from error
    except OSError as error:
        raise RefusedFile("file_unreadable") from error
    if size == 0:
        raise ParseFailed("file_empty")
    if size > limits.max_file_bytes:
        raise _too_large("file_too_large", size=size, limit=limits.max_file_bytes)


def check_content(path: Path, *, file_format: FileFormat, limits: Limits) -> None:
    """Check what the format of a file lets expect of it before it is parsed.

    Raises:
        RefusedFile: A text is too large, or an archive expands too much or holds unsafe names.
        ParseFailed: An archive is damaged or encrypted, or the end of a PDF is missing.
    """
    if file_format in _TEXTS:
        size = path.stat().st_size
        if size > limits.max_text_bytes:
            raise _too_large("text_too_large", size=size, limit=limits.max_text_bytes)
    elif file_format in _ARCHIVES:
        check_archive(path, limits=limits)
    elif file_format in _COMPOUNDS:
        check_compound(path, limits=limits)
    elif file_format is FileFormat.EML:
        _check_message(path)
    elif file_format is FileFormat.PDF:
        _check_pdf_end(path)


def expanded_bytes(path: Path, *, file_format: FileFormat) -> int:
    """Bytes a file that passed `check_content` takes once expanded: those of its members, else its own."""
    if file_format in _ARCHIVES:
        return declared_bytes(path)
    return path.stat().st_size


def check_pages(pages: int, *, limits: Limits) -> None:
    """Refuse a document of too many pages.

    Raises:
        RefusedFile: There are more pages than allowed.
    """
    if pages > limits.max_pages:
        raise RefusedFile("too_many_pages", pages=pages, limit=limits.max_pages)


def _too_large(code: str, *, size: int, limit: int) -> RefusedFile:
    return RefusedFile(code, size_mb=-(-size // MEGABYTE), limit_mb=limit // MEGABYTE)


def _check_message(path: Path) -> None:
    """Each part that holds others costs a parser a look at every line inside."""
    holders = sum(1 for _ in _HOLDER.finditer(path.read_bytes()))
    if holders > _MAX_HOLDERS:
        raise RefusedFile("message_too_complex")


def _check_pdf_end(path: Path) -> None:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - _PDF_TAIL_BYTES, 0))
        tail = stream.read()
    if b"%%EOF" not in tail and b"startxref" not in tail:
        raise ParseFailed("file_truncated")
