"""Office files through kreuzberg: the text is right, headings and places are mostly lost."""

from __future__ import annotations

from ingest.errors import ParseFailed
from ingest.model import Block, FileFormat
from ingest.parsers.text.markdown import markdown_blocks

_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_MIME_TYPES = {
    FileFormat.DOCX: f"{_OPEN_XML}.wordprocessingml.document",
    FileFormat.PPTX: f"{_OPEN_XML}.presentationml.presentation",
    FileFormat.DOC: "application/msword",
    FileFormat.PPT: "application/vnd.ms-powerpoint",
    FileFormat.RTF: "application/rtf",
}


def fallback_blocks(data: bytes, *, file_format: FileFormat) -> list[Block]:
    """The blocks of the bytes of an office file.

    Raises:
        ParseFailed: It is damaged.
    """
    import kreuzberg

    try:
        result = kreuzberg.extract_bytes_sync(data, _MIME_TYPES[file_format])
    except Exception as error:
        raise ParseFailed("file_damaged") from error
    text = result.content
    if file_format is FileFormat.RTF:
        text = text.replace("~", " ")  # kreuzberg leaves the no-break space of RTF as a tilde
    return markdown_blocks(text)
