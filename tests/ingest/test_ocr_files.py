"""Files that are images: pages of PNG, JPEG and TIFF, and those that cannot be read."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.errors import IngestError
from ingest.model import FileFormat, Notice
from ingest.reader import ParserPool

if TYPE_CHECKING:
    from PIL.Image import Image

from tests.ingest.made_scans import draw, missing, needs_engine, read, scanner, text_of


@pytest.fixture
def scanned(tmp_path: Path) -> Callable[..., Image]:
    """Makes the image of a page on which something is drawn."""
    return scanner(tmp_path)


@needs_engine
@pytest.mark.parametrize(("name", "mode"), [("scan.png", "RGBA"), ("scan.jpg", "RGB")])
def test_image_file_is_a_document_of_one_page(
    pool: ParserPool, tmp_path: Path, scanned: Callable[..., Image], name: str, mode: str
) -> None:
    path = tmp_path / name
    scanned().convert(mode).save(path)

    document = (ingested := pool.read(path, name=name)).document

    assert document.format is FileFormat.IMAGE
    assert document.page_count == 1
    assert Notice.OCR_USED in document.notices
    assert len(missing(ingested)) <= 1


@needs_engine
def test_tiff_has_as_many_pages_as_it_says(
    pool: ParserPool, tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    path = tmp_path / "fax.tiff"
    one = scanned().convert("1")
    two = scanned(draw(("Une autre page entière de la liste",))).convert("1")
    one.save(path, save_all=True, append_images=[two], compression="group4")

    ingested = pool.read(path, name="fax.tiff")

    assert ingested.document.page_count == 2
    assert len(missing(ingested, page=1)) <= 2
    assert "autre page" in text_of(ingested, page=2)
    assert len(pool.render_page(path, page=2)) <= 150_000
    with pytest.raises(IngestError) as caught:
        pool.render_page(path, page=3)
    assert caught.value.code == "page_missing"


@needs_engine
def test_transparent_image_is_read_on_white(tmp_path: Path, scanned: Callable[..., Image]) -> None:
    import PIL.Image

    page = scanned()
    ink = PIL.Image.new("RGBA", page.size, (0, 0, 0, 0))
    ink.paste((0, 0, 0, 255), mask=page.point(lambda value: 255 - value))
    ink.save(tmp_path / "ink.png")

    assert len(missing(read(tmp_path / "ink.png"))) <= 1


def test_image_cut_short_is_refused(
    pool: ParserPool, tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    buffer = io.BytesIO()
    scanned().save(buffer, "PNG")
    path = tmp_path / "cut.png"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 3])

    with pytest.raises(IngestError) as caught:
        pool.read(path, name="cut.png")

    assert caught.value.code == "image_damaged"


@pytest.mark.parametrize("side", [12_000, 200_000])
def test_image_of_too_many_points_is_refused_before_it_is_decoded(
    pool: ParserPool, tmp_path: Path, side: int
) -> None:
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99)))
    )

    with pytest.raises(IngestError) as caught:
        pool.read(path, name="bomb.png")

    assert caught.value.code == "image_too_large"


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def test_image_without_the_program_says_why(
    tmp_path: Path, scanned: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned().save(tmp_path / "scan.png")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(IngestError) as caught:
        read(tmp_path / "scan.png")

    assert caught.value.code == "no_text_ocr_missing"
