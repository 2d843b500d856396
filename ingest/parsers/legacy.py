"""DOC, RTF and PPT to blocks: LibreOffice, then the parser of the format it gives; else kreuzberg."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from ingest.draft import Draft, Work
from ingest.errors import IngestError, ParseFailed
from ingest.guards import check_content
from ingest.model import FileFormat, Notice
from ingest.parsers.office.kreuzberg import fallback_blocks
from ingest.parsers.office.libreoffice import convert
from ingest.parsers.slides.pptx import read_pptx
from ingest.parsers.word.docx import read_docx
from ingest.tools import Tool, find_office

_OFFICE_SHARE = 0.6
"""Share of the wall time of a file that LibreOffice may take: the fallback needs some as well."""
_WORD_FLAGS_OFFSET = 10
_WORD_ENCRYPTED = 0x01
"""Bit fEncrypted in the second byte of the flags of a Word file (MS-DOC, FibBase)."""
_SLIDES_TOKEN_OFFSET = 12
_SLIDES_ENCRYPTED = b"\xdf\xc4\xd1\xf3"
"""Header token of an encrypted PowerPoint file (MS-PPT, CurrentUserAtom)."""


def read_doc(path: Path, work: Work) -> Draft:
    """The blocks of a DOC file.

    Raises:
        ParseFailed: It is encrypted, or nothing can read it.
    """
    _check_word(path)
    return read_legacy(path, work, file_format=FileFormat.DOC, office=find_office())


def read_rtf(path: Path, work: Work) -> Draft:
    """The blocks of an RTF file.

    Raises:
        ParseFailed: Nothing can read it.
    """
    return read_legacy(path, work, file_format=FileFormat.RTF, office=find_office())


def read_ppt(path: Path, work: Work) -> Draft:
    """The blocks of a PPT file.

    Raises:
        ParseFailed: It is encrypted, or nothing can read it.
    """
    _check_slides(path)
    return read_legacy(path, work, file_format=FileFormat.PPT, office=find_office())


def read_legacy(path: Path, work: Work, *, file_format: FileFormat, office: Path | None) -> Draft:
    """The blocks of a legacy file, which is known not to be encrypted.

    Args:
        path: The file; its extension tells its true format.
        work: The reading.
        file_format: DOC, RTF or PPT.
        office: The program of LibreOffice, None to do without.

    Raises:
        ParseFailed: Nothing can read it.
    """
    if office is None:
        work.missing.add(Tool.LIBREOFFICE)
    draft = _converted(path, work, file_format=file_format, office=office) if office else None
    if draft is not None and draft.letters:
        return draft
    return Draft(
        engine="kreuzberg",
        blocks=fallback_blocks(path.read_bytes(), file_format=file_format),
        notices=[Notice.CONVERTED_WITHOUT_LAYOUT],
    )


def _converted(path: Path, work: Work, *, file_format: FileFormat, office: Path) -> Draft | None:
    target = FileFormat.PPTX if file_format is FileFormat.PPT else FileFormat.DOCX
    read: Callable[[Path, Work], Draft] = read_pptx if target is FileFormat.PPTX else read_docx
    with tempfile.TemporaryDirectory(prefix="office-") as folder:
        within_s = work.limits.base_s * _OFFICE_SHARE
        found = convert(path, office=office, to=target, folder=Path(folder), within_s=within_s)
        if found is None:
            return None
        try:
            check_content(found, file_format=target, limits=work.limits)
            draft = read(found, work)
        except IngestError:
            return None
    return replace(draft, engine=f"libreoffice, {draft.engine}")


def _check_word(path: Path) -> None:
    start = _stream_start(path, "WordDocument")
    flags = start[_WORD_FLAGS_OFFSET : _WORD_FLAGS_OFFSET + 2]
    if len(flags) == 2 and flags[1] & _WORD_ENCRYPTED:
        raise ParseFailed("file_encrypted")


def _check_slides(path: Path) -> None:
    start = _stream_start(path, "Current User")
    if start[_SLIDES_TOKEN_OFFSET:].startswith(_SLIDES_ENCRYPTED):
        raise ParseFailed("file_encrypted")


def _stream_start(path: Path, name: str) -> bytes:
    untyped = cast("Any", import_module("olefile"))
    try:
        with untyped.OleFileIO(str(path)) as container, container.openstream(name) as stream:
            return cast("bytes", stream.read(64))
    except Exception as error:
        raise ParseFailed("file_damaged") from error
