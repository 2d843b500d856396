from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ingest.errors import IngestError, ParseFailed, RefusedFile, UnsupportedFormat
from ingest.formats import detect_format
from ingest.guards import check_access, check_content, check_pages
from ingest.limits import Limits
from ingest.model import FileFormat

CONTENT_TYPES = "[Content_Types].xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)


def zipped(**members: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def office(kind: str) -> bytes:
    return zipped(
        **{
            CONTENT_TYPES: f'<Types><Override ContentType="application/vnd.{kind}.main+xml"/></Types>'
        }
    )


def opendocument(kind: str) -> bytes:
    return zipped(mimetype=f"application/vnd.oasis.opendocument.{kind}")


def detected(tmp_path: Path, data: bytes, *, name: str = "fichier.bin") -> FileFormat:
    path = tmp_path / "contenu"
    path.write_bytes(data)
    return detect_format(path, name=name)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7\n...", FileFormat.PDF),
        (b"\n\n  junk %PDF-1.4", FileFormat.PDF),
        (b"\x89PNG\r\n\x1a\n", FileFormat.IMAGE),
        (b"\xff\xd8\xff\xe0", FileFormat.IMAGE),
        (b"II*\x00\x08\x00", FileFormat.IMAGE),
        (b"MM\x00*\x00\x00", FileFormat.IMAGE),
        (office("openxmlformats-officedocument.wordprocessingml.document"), FileFormat.DOCX),
        (opendocument("text"), FileFormat.ODT),
        (opendocument("text-template"), FileFormat.ODT),
        (office("openxmlformats-officedocument.spreadsheetml.sheet"), FileFormat.XLSX),
        (office("openxmlformats-officedocument.presentationml.presentation"), FileFormat.PPTX),
        (opendocument("spreadsheet"), FileFormat.ODS),
        (opendocument("presentation"), FileFormat.ODP),
        (OLE + "WordDocument".encode("utf-16-le"), FileFormat.DOC),
        (OLE + "Workbook".encode("utf-16-le"), FileFormat.XLS),
        (OLE + "PowerPoint Document".encode("utf-16-le"), FileFormat.PPT),
        (OLE + "__substg1.0_".encode("utf-16-le"), FileFormat.MSG),
        (b"{\\rtf1 x}", FileFormat.RTF),
        (b"MIME-Version: 1.0\nReceived: x\nSubject: y\n\ncorps", FileFormat.EML),
        (b"<!DOCTYPE html><html><body>x</body></html>", FileFormat.HTML),
        (b"<?xml version='1.0'?><html xmlns='x'><body/></html>", FileFormat.HTML),
        (b"<div><p>a</p><p>b</p></div>", FileFormat.HTML),
        (b"# Titre\n\n- un\n- deux\n", FileFormat.MARKDOWN),
        ("Simple texte accentué".encode("cp1252"), FileFormat.TEXT),
        ("Texte en UTF-16".encode("utf-16"), FileFormat.TEXT),
    ],
)
def test_format_comes_from_the_content(tmp_path: Path, data: bytes, expected: FileFormat) -> None:
    assert detected(tmp_path, data, name="trompeur.xlsx") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("note.md", FileFormat.MARKDOWN),
        ("note.txt", FileFormat.TEXT),
        ("note.pdf", FileFormat.TEXT),
    ],
)
def test_extension_only_tells_markdown_from_text(
    tmp_path: Path, name: str, expected: FileFormat
) -> None:
    assert detected(tmp_path, b"Un texte\n\nsans signe.", name=name) == expected


@pytest.mark.parametrize(
    ("data", "label"),
    [
        (b"GIF89a", "image GIF"),
        (zipped(a="b"), "archive ZIP"),
        (opendocument("graphics"), "ODG"),
        (bytes(range(256)) * 20, "binaire"),
        (b"<?xml version='1.0'?><note/>", "XML"),
    ],
)
def test_other_formats_are_named_and_refused(tmp_path: Path, data: bytes, label: str) -> None:
    with pytest.raises(UnsupportedFormat) as caught:
        detected(tmp_path, data, name="document.pdf")

    assert caught.value.params == {"format": label}
    assert label in caught.value.sentence


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b" \n\x00", "file_empty"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "file_encrypted"),
        (opendocument("text")[:-30], "file_truncated"),
        (b"PK\x03\x04" + bytes(200) + b"PK\x05\x06" + bytes(18), "format_unsupported"),
    ],
)
def test_broken_files_say_why(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(IngestError) as caught:
        detected(tmp_path, data)

    assert caught.value.code == code


def check(tmp_path: Path, data: bytes, *, file_format: FileFormat, limits: Limits) -> None:
    path = tmp_path / "contenu"
    path.write_bytes(data)
    check_content(path, file_format=file_format, limits=limits)


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        (zipped(a=bytes(20_000_000)), Limits(), "archive_bomb"),
        (zipped(a="x" * 2000), Limits(max_expanded_bytes=1000), "archive_bomb"),
        (
            zipped(**{str(n): "x" for n in range(20)}),
            Limits(max_archive_entries=10),
            "archive_bomb",
        ),
        (zipped(**{"../../etc/passwd": "x"}), Limits(), "archive_unsafe_name"),
        (zipped(**{"/etc/passwd": "x"}), Limits(), "archive_unsafe_name"),
        (zipped(**{"a\\..\\b": "x"}), Limits(), "archive_unsafe_name"),
        (zipped(**{"C:/x": "x"}), Limits(), "archive_unsafe_name"),
    ],
)
def test_dangerous_archives_are_refused_unopened(
    tmp_path: Path, data: bytes, limits: Limits, code: str
) -> None:
    with pytest.raises(RefusedFile) as caught:
        check(tmp_path, data, file_format=FileFormat.DOCX, limits=limits)

    assert caught.value.code == code


def test_ordinary_archive_passes(tmp_path: Path) -> None:
    check(
        tmp_path,
        zipped(**{"word/document.xml": "x" * 5000}),
        file_format=FileFormat.DOCX,
        limits=Limits(),
    )


def test_text_has_a_limit_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(RefusedFile) as caught:
        check(
            tmp_path,
            b"x" * 2_000_001,
            file_format=FileFormat.TEXT,
            limits=Limits(max_text_bytes=2_000_000),
        )

    assert caught.value.params == {"size_mb": 3, "limit_mb": 2}


def test_pdf_without_its_end_is_truncated(tmp_path: Path) -> None:
    with pytest.raises(ParseFailed) as caught:
        check(tmp_path, b"%PDF-1.4\n" + b"x" * 9000, file_format=FileFormat.PDF, limits=Limits())

    assert caught.value.code == "file_truncated"


def test_too_many_pages() -> None:
    check_pages(2000, limits=Limits())
    with pytest.raises(RefusedFile, match="3000 pages"):
        check_pages(3000, limits=Limits())


def test_access_is_checked_first(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * 3000)

    with pytest.raises(ParseFailed, match="n'existe plus"):
        check_access(tmp_path / "absent", limits=Limits())
    with pytest.raises(RefusedFile, match="accès est refusé"):
        check_access(tmp_path, limits=Limits())
    with pytest.raises(RefusedFile, match="la limite est de 0 Mo"):
        check_access(large, limits=Limits(max_file_bytes=2000))
