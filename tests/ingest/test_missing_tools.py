"""What a reading tells of the programs it went without, in children that find none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.reader import ParserPool
from ingest.tools import Tool, has_tesseract, missing_tools
from tests.ingest.made_messages import attach, mail, texts
from tests.ingest.made_scans import LINES, draw, needs_engine, pdf, scanner, whole

if TYPE_CHECKING:
    from PIL.Image import Image

RTF = r"{\rtf1\ansi Le conseil adopte la convention de restauration.}"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    """A pool whose children find no program at all."""
    nothing = tmp_path_factory.mktemp("programs")
    scratch = tmp_path_factory.mktemp("scratch")
    pool = ParserPool(Limits(), children=1, scratch=scratch, programs=str(nothing))
    yield pool
    pool.close()


@pytest.fixture
def scanned(tmp_path: Path) -> Callable[..., Image]:
    """Makes the image of a page on which something is drawn."""
    return scanner(tmp_path)


@pytest.fixture
def both(tmp_path: Path, scanned: Callable[..., Image]) -> Path:
    """A page of text and a page that is an image."""
    return pdf(tmp_path / "both.pdf", [draw(LINES * 3)], [whole(scanned())])


def test_pages_that_are_images_want_tesseract(bare: ParserPool, both: Path) -> None:
    assert bare.read(both, name="x").document.missing_tools == (Tool.TESSERACT,)


@needs_engine
def test_nothing_is_missing_where_the_program_is(pool: ParserPool, both: Path) -> None:
    assert pool.read(both, name="x").document.missing_tools == ()


def test_legacy_files_want_libreoffice(bare: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "note.rtf"
    path.write_text(RTF, encoding="ascii")

    assert bare.read(path, name="x").document.missing_tools == (Tool.LIBREOFFICE,)


def test_other_files_want_nothing(bare: ParserPool, make_docx: Callable[..., Path]) -> None:
    path = make_docx([("Normal", "Le conseil adopte la convention.")])

    assert bare.read(path, name="x").document.missing_tools == ()


def test_attachment_that_was_given_up_counts_for_its_message(
    bare: ParserPool, tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    made = mail()
    attach(made, pdf(tmp_path / "scan.pdf", [whole(scanned())]).read_bytes(), name="scan.pdf")
    attach(made, RTF.encode(), name="note.rtf")
    path = tmp_path / "message.eml"
    path.write_bytes(bytes(made))

    ingested = bare.read(path, name="x")

    assert "scan.pdf (non lue)" in texts(ingested)
    assert ingested.document.missing_tools == (Tool.LIBREOFFICE, Tool.TESSERACT)


def test_refused_scan_is_read_once_the_program_is_there(
    bare: ParserPool, tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    path = tmp_path / "scan.png"
    scanned().save(path)

    with pytest.raises(IngestError, match="Tesseract"):
        bare.read(path, name="x")
    assert bare.missing_tools() == frozenset(Tool)


def test_tools_are_found_by_what_they_can_do(tmp_path: Path) -> None:
    plant(tmp_path / "tesseract", "echo eng")
    assert missing_tools(str(tmp_path)) == frozenset(Tool)

    plant(tmp_path / "tesseract", "echo eng; echo fra")
    plant(tmp_path / "soffice", "exit 0")

    assert has_tesseract(str(tmp_path))
    assert missing_tools(str(tmp_path)) == frozenset()


def plant(program: Path, command: str) -> None:
    program.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    program.chmod(0o755)
