"""Decks printed by LibreOffice: the right slide on the right page, its passages found there, no harm done."""

from __future__ import annotations

import io
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pptx import Presentation
from pptx.util import Cm

from ingest import decks
from ingest.decks import print_deck
from ingest.errors import IngestError, ParseFailed
from ingest.limits import Limits
from ingest.model import Box, Chunk
from ingest.parsers.pdf.text import PlainPdf
from ingest.processes import descendants
from ingest.reader import ParserPool
from ingest.tools import find_office
from tests.ingest.test_highlights import DOCUMENTS, judge, words_of_pages
from tests.ingest.test_slides_odp import odp_bytes, odp_frame, odp_text

OFFICE = find_office()
needs_office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
TITLES = ("Bilan des aides", "Arbitrages internes", "Calendrier 2024", "Contacts utiles")
BODY = "Quarante dossiers soutenus dans la région."
NOTES = "Rappeler de vive voix le rôle des départements."
RED = (220, 0, 0)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four slides, the second one hidden, the last one with notes."""
    made: Any = Presentation()
    for title in TITLES:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = f"{BODY} {title.upper()}"
    made.slides[1].element.set("show", "0")
    made.slides[3].notes_slide.notes_text_frame.text = NOTES
    path = tmp_path_factory.mktemp("deck") / "bilan.pptx"
    made.save(path)
    return path


@pytest.fixture(scope="module")
def printed(
    pool: ParserPool, deck: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The PDF of the deck, saved before in the format of an extension."""
    folder = tmp_path_factory.mktemp("printed")

    @cache
    def make(extension: str) -> Path:
        source = deck
        if extension != "pptx":
            profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
            options = ("--headless", "--convert-to", extension, "--outdir", str(folder))
            subprocess.run(
                [str(OFFICE), profile, *options, str(deck)],
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip
            source = folder / f"bilan.{extension}"
        content = source.rename(source.with_suffix("")) if source is not deck else source
        return written(folder / f"{extension}.pdf", pool.print_deck(content))

    return make


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    """A pool whose children find no program at all."""
    scratch, nothing = tmp_path_factory.mktemp("scratch"), tmp_path_factory.mktemp("programs")
    pool = ParserPool(Limits(), children=1, scratch=scratch, programs=str(nothing))
    yield pool
    pool.close()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def texts_of(path: Path) -> list[str]:
    pdf = PlainPdf(path)
    texts = [pdf.text(number + 1) for number in range(len(pdf))]
    pdf.close()
    return texts


@needs_office
@pytest.mark.parametrize("extension", ["pptx", "odp", "ppt"])
def test_slide_n_is_page_n_hidden_slides_counted(
    printed: Callable[[str], Path], extension: str
) -> None:
    texts = texts_of(printed(extension))

    assert [text.splitlines()[0].strip() for text in texts] == list(TITLES)
    assert not any(NOTES in text for text in texts)


@needs_office
def test_passages_are_found_on_their_own_slide_alone(
    pool: ParserPool, deck: Path, printed: Callable[[str], Path]
) -> None:
    chunks = pool.read(deck, name="x").chunks
    words = words_of_pages(printed("pptx"), pages=range(1, 5))

    assert [chunk.locator.place.slide for chunk in chunks] == [1, 3, 4]
    for chunk in chunks:
        score = judge(placed(chunk, pool=pool, pdf=printed("pptx")), words=words)
        assert (score.covered, score.others) == (1.0, 0.0)


@needs_office
def test_what_is_not_on_the_slide_has_no_box(
    pool: ParserPool, printed: Callable[[str], Path]
) -> None:
    pdf = printed("pptx")

    assert pool.find_boxes(pdf, page=4, text=f"Notes : {NOTES}") == ()
    assert pool.find_boxes(pdf, page=3, text=TITLES[0]) == ()
    title = pool.find_boxes(pdf, page=1, text=TITLES[0])
    assert [box.page for box in title] == [1]
    assert title[0].bottom < 0.35
    with pytest.raises(IngestError, match="n'existe pas"):
        pool.find_boxes(pdf, page=5, text=BODY)


@needs_office
def test_image_of_a_slide_is_small(pool: ParserPool, printed: Callable[[str], Path]) -> None:
    data = pool.render_page(printed("pptx"), page=3)

    assert len(data) <= 150_000
    with Image.open(io.BytesIO(data)) as image:
        assert image.width == 1240
        assert image.width / image.height == pytest.approx(4 / 3, abs=0.01)


def test_without_libreoffice_the_reason_is_told(bare: ParserPool, deck: Path) -> None:
    with pytest.raises(ParseFailed, match="LibreOffice n'est pas installé") as caught:
        bare.print_deck(deck)

    assert caught.value.code == "slides_need_office"
    assert bare.read(deck, name="x").chunks


@needs_office
@pytest.mark.parametrize("kind", ["pptx", "odp", "odp background", "odp entity"])
def test_images_of_the_server_stay_out(pool: ParserPool, tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (400, 300), RED).save(secret)
    make = linking_pptx if kind == "pptx" else linking_odp

    pdf = written(tmp_path / "deck.pdf", pool.print_deck(make(tmp_path / "lien", secret, kind)))

    assert "Bilan des aides" in texts_of(pdf)[0]
    with Image.open(io.BytesIO(pool.render_page(pdf, page=1))) as image:
        dots = image.convert("RGB").tobytes()
    assert not any(
        red > 180 and green < 80 for red, green in zip(dots[::3], dots[1::3], strict=True)
    )


def linking_pptx(path: Path, secret: Path, kind: str) -> Path:
    del kind
    made: Any = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Bilan des aides"
    picture = slide.shapes.add_picture(str(secret), Cm(5), Cm(5))
    fill = next(item for item in picture._element.iter() if item.tag.endswith("}blip"))
    slide.part.drop_rel(fill.attrib.pop(f"{{{RELATIONS}}}embed"))
    linked = slide.part.relate_to(secret.as_uri(), f"{RELATIONS}/image", is_external=True)
    fill.set(f"{{{RELATIONS}}}link", linked)
    made.save(path)
    return path


def linking_odp(path: Path, secret: Path, kind: str) -> Path:
    link = f'xlink:type="simple" xlink:href="{secret.as_uri()}"'
    page, styles, head = "", "", ""
    if kind == "odp background":
        fill = f'<draw:fill-image draw:name="fond" {link}/>'
        styles = (
            '<style:style style:name="dp1" style:family="drawing-page"><style:drawing-page-properties '
            'draw:fill="bitmap" draw:fill-image-name="fond"/></style:style>'
        ) + fill
        page = 'draw:style-name="dp1"'
    if kind == "odp entity":
        head = f'<!DOCTYPE x [<!ENTITY lien "{secret.as_uri()}">]>'
        link = 'xlink:type="simple" xlink:href="&lien;"'
    image = odp_frame(f"<draw:image {link}/>", size=12)
    body = f"<draw:page {page}>{odp_text('Bilan des aides', at=(2, 2))}{image}</draw:page>"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.presentation"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    return written(path, odp_bytes(body, styles=styles, manifest=manifest, head=head))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04" + bytes(200), "file_truncated"),
        (b"Un texte, pas une diapositive.", "slides_unrenderable"),
    ],
)
def test_what_is_no_deck_never_reaches_libreoffice(
    tmp_path: Path, content: bytes, code: str
) -> None:
    office = stub_office(tmp_path, f"touch {tmp_path}/seen")

    with pytest.raises(IngestError) as caught:
        print_deck(written(tmp_path / "contenu", content), limits=Limits(), office=office)

    assert caught.value.code == code
    assert not (tmp_path / "seen").exists()


def test_a_deck_that_expands_too_much_never_reaches_libreoffice(deck: Path, tmp_path: Path) -> None:
    office = stub_office(tmp_path, f"touch {tmp_path}/seen")

    with pytest.raises(IngestError) as caught:
        print_deck(deck, limits=Limits(max_expanded_bytes=10_000), office=office)

    assert caught.value.code == "archive_bomb"
    assert not (tmp_path / "seen").exists()


def test_a_stuck_printing_is_killed_in_time(
    deck: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decks, "PRINT_S", 1.0)
    office = stub_office(tmp_path, f"sleep 600 &\necho $! > {tmp_path}/pid\nsleep 600")
    started = time.monotonic()

    with pytest.raises(ParseFailed) as caught:
        print_deck(deck, limits=Limits(), office=office)

    assert caught.value.code == "slides_unrenderable"
    assert time.monotonic() - started < 10
    pid = int((tmp_path / "pid").read_text("ascii"))
    deadline = time.monotonic() + 5
    while pid in descendants(1) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pid not in descendants(1)


@needs_office
def test_a_pdf_larger_than_a_file_may_be_is_refused(deck: Path) -> None:
    with pytest.raises(ParseFailed) as caught:
        print_deck(deck, limits=replace(Limits(), max_file_bytes=1000), office=OFFICE)

    assert caught.value.code == "slides_unrenderable"


@needs_office
def test_printing_leaves_nothing_running_nor_written(deck: Path, tmp_path: Path) -> None:
    pool = ParserPool(Limits(), children=1, scratch=tmp_path / "scratch")
    pool.read(deck, name="x")
    before = pool.process_ids

    pool.print_deck(deck)

    assert pool.process_ids == before
    homes = list((tmp_path / "scratch").glob("child-*"))
    assert [list((home / "tmp").iterdir()) for home in homes] == [[]]
    pool.close()


@needs_office
@pytest.mark.shared_data
@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"the real documents are absent ({DOCUMENTS})")
@pytest.mark.parametrize(
    ("pattern", "slides"), [("*gaspar.pptx", (1, 2, 3, 4, 5)), ("*SRU*.pptx", (3, 7, 9, 12, 15))]
)
def test_passages_of_real_decks(
    pool: ParserPool, tmp_path: Path, pattern: str, slides: tuple[int, ...]
) -> None:
    path = next(DOCUMENTS.glob(pattern))
    pdf = written(tmp_path / "deck.pdf", pool.print_deck(path))
    chunks = [
        chunk
        for chunk in pool.read(path, name=path.name).chunks
        if chunk.locator.place.slide in slides
    ]
    words = words_of_pages(pdf, pages=slides)

    assert {chunk.locator.place.slide for chunk in chunks} == set(slides)
    for chunk in chunks:
        score = judge(placed(chunk, pool=pool, pdf=pdf), words=words)
        assert score.covered >= 0.9
        assert score.others_of_page <= 0.1
        assert len(pool.render_page(pdf, page=chunk.locator.place.slide)) <= 150_000


def placed(chunk: Chunk, *, pool: ParserPool, pdf: Path) -> Chunk:
    """What a passage says on its slide, with the slide for a page and the boxes found there."""
    slide = chunk.locator.place.slide
    boxes: tuple[Box, ...] = pool.find_boxes(pdf, page=slide, text=chunk.text)
    shown = chunk.text.partition("Notes : ")[0]
    return replace(chunk, text=shown, locator=replace(chunk.locator, pages=(slide,), boxes=boxes))


def stub_office(folder: Path, act: str) -> Path:
    stub = folder / "office"
    stub.write_text(f"#!/bin/sh\n{act}\n", encoding="ascii")
    stub.chmod(0o700)
    return stub
