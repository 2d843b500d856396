"""PPTX files of other kinds, damaged, hostile: another engine or a French reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.model import IngestedFile, Notice
from ingest.reader import ParserPool
from ingest.reading import read_file


@pytest.fixture
def deck() -> Any:
    """A presentation of one slide."""
    deck: Any = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Bilan des aides de la région"
    return deck


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., IngestedFile]:
    """Reads a presentation, or the bytes of one, in this process."""

    def run(source: Any, *, limits: Limits | None = None, name: str = "diapos") -> IngestedFile:
        path = tmp_path / "contenu"
        if isinstance(source, bytes):
            path.write_bytes(source)
        else:
            source.save(path)
        return read_file(
            path, name=name, limits=limits or Limits(), on_pages=lambda _, scans=0: None
        )

    return run


def texts(ingested: IngestedFile) -> list[str]:
    return [block.text for block in ingested.document.blocks]


def test_slide_show_and_template_are_read(deck: Any, read: Callable[..., IngestedFile]) -> None:
    for kind in ("slideshow", "template"):
        data = rewritten(deck, "[Content_Types].xml", b"presentation.main", f"{kind}.main".encode())
        assert texts(read(data)) == ["Bilan des aides de la région"]


def rewritten(deck: Any, member: str, old: bytes, new: bytes) -> bytes:
    source, target = io.BytesIO(), io.BytesIO()
    deck.save(source)
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            data = archive.read(entry)
            copy.writestr(entry, data.replace(old, new) if entry.filename == member else data)
    return target.getvalue()


def test_deck_with_a_damaged_layout_is_read_by_the_other_engine(
    deck: Any, read: Callable[..., IngestedFile]
) -> None:
    data = rewritten(deck, "ppt/slideLayouts/slideLayout6.xml", b"</p:sldLayout>", b"")

    document = read(data).document

    assert "Bilan des aides de la région" in document.blocks[0].text
    assert document.engine == "kreuzberg"
    assert Notice.FALLBACK_ENGINE in document.notices


def test_damaged_slide_is_refused(deck: Any, read: Callable[..., IngestedFile]) -> None:
    data = rewritten(deck, "ppt/slides/slide1.xml", b"</p:sld>", b"")

    with pytest.raises(IngestError) as caught:
        read(data)

    assert caught.value.code == "file_damaged"


def test_external_entities_of_slides_are_not_followed(
    deck: Any, read: Callable[..., IngestedFile], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("mot de passe", encoding="utf-8")
    doctype = f'?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]><p:sld'
    data = rewritten(deck, "ppt/slides/slide1.xml", b"?>\n<p:sld", doctype.encode())
    assert b"DOCTYPE" in zipfile.ZipFile(io.BytesIO(data)).read("ppt/slides/slide1.xml")

    assert "mot de passe" not in " ".join(texts(read(data)))


def test_broken_decks_are_refused(deck: Any, pool: ParserPool, tmp_path: Path) -> None:
    whole = io.BytesIO()
    deck.save(whole)
    cases = {
        "file_truncated": whole.getvalue()[:9000],
        "no_text": saved(Presentation()),
        "file_encrypted": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(600)
        + "EncryptedPackage".encode("utf-16-le"),
    }
    for code, data in cases.items():
        path = tmp_path / "contenu"
        path.write_bytes(data)
        with pytest.raises(IngestError) as caught:
            pool.read(path, name="x.pptx")
        assert caught.value.code == code
        assert caught.value.sentence.endswith(".")


def saved(deck: Any) -> bytes:
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()
