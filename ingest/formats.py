"""The format of a file, from its content. An extension only tells Markdown from plain text."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

from ingest.charsets import decode
from ingest.compounds import stream_names
from ingest.csv_dialect import find_delimiter
from ingest.errors import ParseFailed, UnsupportedFormat
from ingest.model import FileFormat

_HEAD_BYTES = 65_536
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
"""PNG, JPEG and TIFF: pages that are read from their image."""
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "image GIF"),
    (b"7z\xbc\xaf\x27\x1c", "archive 7z"),
    (b"Rar!", "archive RAR"),
    (b"\x1f\x8b", "archive GZIP"),
    (b"BZh", "archive BZIP2"),
    (b"\xfd7zXZ", "archive XZ"),
    (b"\x7fELF", "programme"),
    (b"MZ", "programme"),
    (b"SQLite format 3", "base SQLite"),
    (b"%!PS", "PostScript"),
    (b"OggS", "son"),
    (b"ID3", "son"),
    (b"wOFF", "police"),
)
_OPEN_DOCUMENT = {
    "text": FileFormat.ODT,
    "spreadsheet": FileFormat.ODS,
    "presentation": FileFormat.ODP,
}
_OPEN_DOCUMENT_OTHERS = {"graphics": "ODG", "formula": "ODF"}
_OLE_STREAMS = (
    ("WordDocument", FileFormat.DOC),
    ("Workbook", FileFormat.XLS),
    ("PowerPoint Document", FileFormat.PPT),
    ("__substg1.0_", FileFormat.MSG),
)
_SLIDES_MAIN = re.compile(r"(?:presentationml|ms-powerpoint)\.\w+\.(?:macroEnabled\.)?main\b")
"""The main part of slides; charts on them name sheets as well."""
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_HTML_TAGS = re.compile(
    r"</?(?:div|p|table|span|h[1-6]|ul|ol|li|br|meta|title|section|article)\b[^>]*>", re.I
)
_EMAIL_HEADER = re.compile(
    r"^(received|mime-version|return-path|message-id|delivered-to|content-transfer-encoding|"
    r"x-mailer|x-originating-ip|authentication-results|dkim-signature|references|in-reply-to):",
    re.I | re.M,
)
_EMAIL_PEOPLE = re.compile(r"^(from|to|subject|date|cc|sender|reply-to):", re.I | re.M)
_HEADER_LINE = re.compile(r"[!-9;-~]+[ \t]*:|[ \t]")
_MAILBOX_LINE = re.compile(r"^From \S+ .*\d{4}\s*$", re.M)
_MESSAGE_STREAM = "__properties_version1.0"
_MARKDOWN_SIGNS = (
    re.compile(r"^#{1,6} +\S", re.M),
    re.compile(r"^(?:={3,}|-{3,})\s*$", re.M),
    re.compile(r"^ {0,3}[-*+] +\S", re.M),
    re.compile(r"^\|.+\|\s*$\n^\|[ :|-]+\|\s*$", re.M),
    re.compile(r"\[[^\]\n]+\]\([^)\n]+\)"),
    re.compile(r"^```", re.M),
    re.compile(r"\*\*[^*\n]+\*\*"),
)


def detect_format(path: Path, *, name: str) -> FileFormat:
    """The format of a file.

    Args:
        path: The content.
        name: Name as ingested; only an extension .md or .markdown counts, and only for a text.

    Raises:
        ParseFailed: The file is empty, encrypted, or an archive cut short or damaged.
        UnsupportedFormat: The content is of a format that is not read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n"):
        raise ParseFailed("file_empty")
    if b"%PDF-" in head[:1024]:
        return FileFormat.PDF
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip_format(path)
    if head.startswith(_OLE):
        return _ole_format(path)
    if head.startswith(b"{\\rtf"):
        return FileFormat.RTF
    if head.startswith(_IMAGES):
        return FileFormat.IMAGE
    for signature, label in _SIGNATURES:
        if head.startswith(signature):
            raise UnsupportedFormat("format_unsupported", format=label)
    if head[:4] == b"RIFF" or head[4:8] == b"ftyp":
        raise UnsupportedFormat("format_unsupported", format="image, son ou vidéo")
    return _text_format(head, name=name)


def is_image(path: Path) -> bool:
    """True when a file is a PNG, a JPEG or a TIFF."""
    with path.open("rb") as stream:
        return stream.read(8).startswith(_IMAGES)


def _zip_format(path: Path) -> FileFormat:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                return _open_document_format(_read_start(archive, "mimetype"))
            if "[Content_Types].xml" in names:
                return _office_format(_read_start(archive, "[Content_Types].xml"))
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        code = "file_truncated" if not _has_directory(path) else "file_damaged"
        raise ParseFailed(code) from error
    raise UnsupportedFormat("format_unsupported", format="archive ZIP")


def _read_start(archive: zipfile.ZipFile, name: str) -> str:
    if archive.getinfo(name).flag_bits & 1:
        raise ParseFailed("file_encrypted")
    with archive.open(name) as stream:
        return stream.read(1_000_000).decode("utf-8", errors="replace")


def _has_directory(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - 66_000, 0))
        return b"PK\x05\x06" in stream.read()


def _open_document_format(mimetype: str) -> FileFormat:
    value = mimetype.strip()
    kind = value.removeprefix("application/vnd.oasis.opendocument.").removesuffix("-template")
    if kind in _OPEN_DOCUMENT:
        return _OPEN_DOCUMENT[kind]
    label = _OPEN_DOCUMENT_OTHERS.get(kind, "EPUB" if "epub" in value else "archive ZIP")
    raise UnsupportedFormat("format_unsupported", format=label)


def _office_format(content_types: str) -> FileFormat:
    if (
        "wordprocessingml.document.main" in content_types
        or "wordprocessingml.template.main" in content_types
    ):
        return FileFormat.DOCX
    if "ms-word.document.macroEnabled.main" in content_types:
        return FileFormat.DOCX
    if _SLIDES_MAIN.search(content_types):
        return FileFormat.PPTX
    if "spreadsheetml" in content_types or "ms-excel" in content_types:
        return FileFormat.XLSX
    if "presentationml" in content_types or "ms-powerpoint" in content_types:
        return FileFormat.PPTX
    raise UnsupportedFormat("format_unsupported", format="Office Open XML")


def _ole_format(path: Path) -> FileFormat:
    if _MESSAGE_STREAM in stream_names(path):
        return FileFormat.MSG
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise ParseFailed("file_encrypted")
    for stream, file_format in _OLE_STREAMS:
        if stream.encode("utf-16-le") in data:
            return file_format
    raise UnsupportedFormat("format_unsupported", format="Office 97-2003")


def _text_format(head: bytes, *, name: str) -> FileFormat:
    text = decode(head, is_html=True)
    if _is_binary(text):
        raise UnsupportedFormat("format_unsupported", format="binaire")
    if _is_html(text):
        return FileFormat.HTML
    start = text.lstrip()[:200]
    if start.startswith("<?xml") or start.startswith("<svg"):
        raise UnsupportedFormat("format_unsupported", format="XML")
    if _is_mailbox(text):
        raise UnsupportedFormat("format_unsupported", format="boîte aux lettres MBOX")
    if _is_message(text):
        return FileFormat.EML
    if _is_csv(text, name=name):
        return FileFormat.CSV
    return FileFormat.MARKDOWN if _is_markdown(text, name=name) else FileFormat.TEXT


def _is_message(text: str) -> bool:
    """True for a text that opens with the header of a message, and only there."""
    header = re.split(r"\r?\n[ \t]*\r?\n", text.lstrip("\ufeff \t\r\n"), maxsplit=1)[0]
    header = re.sub(r"\AFrom [^\n]*\n", "", header)
    if not all(_HEADER_LINE.match(line) for line in header.splitlines()):
        return False
    signs = {found.lower() for found in _EMAIL_HEADER.findall(header)}
    people = {found.lower() for found in _EMAIL_PEOPLE.findall(header)}
    return len(signs) >= 2 or (bool(signs) and bool(people)) or (len(people) >= 3 and "@" in header)


def _is_mailbox(text: str) -> bool:
    """True for several messages in one file."""
    return text.startswith("From ") and len(_MAILBOX_LINE.findall(text)) >= 2


def _is_binary(text: str) -> bool:
    sample = text[:20_000]
    odd = sum(
        1
        for char in sample
        if (ord(char) < 32 and char not in "\t\n\r\f\v\x1b") or char == "\ufffd"
    )
    return odd > len(sample) * 0.02


def _is_html(text: str) -> bool:
    if _HTML_START.match(text[:20_000]):
        return True
    tags = len(_HTML_TAGS.findall(text[:20_000]))
    return text.lstrip().startswith("<") and tags >= 3


def _is_csv(text: str, *, name: str) -> bool:
    extension = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if extension in {".md", ".markdown"}:
        return False
    return find_delimiter(text, is_expected=extension in {".csv", ".tsv"}) is not None


def _is_markdown(text: str, *, name: str) -> bool:
    signs = sum(1 for sign in _MARKDOWN_SIGNS if sign.search(text))
    extension = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if extension in {".md", ".markdown"}:
        return True
    if extension in {".txt", ".text"}:
        return bool(_MARKDOWN_SIGNS[0].search(text)) and signs >= 3
    return bool(_MARKDOWN_SIGNS[0].search(text)) and signs >= 2
