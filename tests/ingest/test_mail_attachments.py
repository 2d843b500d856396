"""What is attached to messages: each its own part, and nothing attached costs the message."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.formats import detect_format
from ingest.limits import Limits
from ingest.model import BlockKind, FileFormat, IngestedFile, Notice, Place
from ingest.reader import ParserPool
from ingest.reading import read_file
from tests.ingest.made_compounds import attached_file, attached_message, compound, message
from tests.ingest.made_messages import (
    BODY,
    SUBJECT,
    attach,
    mail,
    outlook,
    texts,
)
from tests.ingest.made_scans import PATIENT, needs_engine

Read = Callable[..., IngestedFile]


@pytest.fixture
def read(pool: ParserPool, tmp_path: Path) -> Read:
    """Reads the bytes of a message in a real child."""

    def read_bytes(data: bytes, *, name: str = "message.eml") -> IngestedFile:
        path = tmp_path / "contenu"
        path.write_bytes(data)
        return pool.read(path, name=name)

    return read_bytes


def test_each_attachment_is_a_part_of_its_own(
    read: Read, make_pdf: Callable[..., Path], make_odt: Callable[..., Path]
) -> None:
    made = mail()
    attach(
        made,
        make_pdf([[("h1", "Délibération"), ("p", "Le conseil décide. " * 20)]]).read_bytes(),
        name="acte.pdf",
    )
    attach(made, make_odt("<text:p>Texte de la note.</text:p>").read_bytes(), name="note.odt")

    ingested = read(bytes(made))

    part = [b for b in ingested.document.blocks if b.place == Place(part="acte.pdf")]
    assert (part[0].kind, part[0].text) == (BlockKind.HEADING, "acte.pdf")
    assert "Le conseil décide" in part[-1].text
    assert all(block.box is None and not block.lines for block in part)
    assert "Texte de la note" in texts(ingested, part="note.odt")
    assert "Pièces jointes : acte.pdf, note.odt" in ingested.document.blocks[1].text
    assert ingested.document.page_count == 0
    assert {c.locator.place.part for c in ingested.chunks} == {"", "acte.pdf", "note.odt"}
    assert all(not c.locator.pages and not c.locator.boxes for c in ingested.chunks)
    assert Notice.ATTACHMENTS_UNREAD not in ingested.document.notices


def test_outlook_attachments_are_read_too(read: Read, make_docx: Callable[..., Path]) -> None:
    inner = message({SUBJECT: "Message joint", BODY: "Corps joint."}, header=24)
    data = outlook(
        attachments=[
            attached_file(
                "note.docx", make_docx([("Normal", "Texte de la note jointe.")]).read_bytes()
            ),
            attached_message("Message joint", inner),
        ]
    )

    ingested = read(data, name="x.msg")

    assert ingested.document.format is FileFormat.MSG
    assert "Texte de la note jointe" in texts(ingested, part="note.docx")
    assert "Corps joint" in texts(ingested, part="Message joint")


def test_message_that_holds_an_office_file_is_still_a_message(tmp_path: Path) -> None:
    office = compound({"WordDocument": bytes(5000)})
    path = tmp_path / "contenu"
    path.write_bytes(outlook(attachments=[attached_file("note.doc", office)]))

    assert detect_format(path, name="x.doc") is FileFormat.MSG


def test_attachments_that_are_not_read_are_named(read: Read) -> None:
    made = mail()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("secret.txt", "Contenu de l'archive.")
    attach(made, buffer.getvalue(), name="plans.zip", mime="application/zip")
    attach(made, b"\x78\x9f\x3e\x22" + bytes(50), name="winmail.dat", mime="application/ms-tnef")
    attach(made, b"", name="vide.pdf")
    attach(made, b"%PDF-1.7 sans fin", name="abime.pdf")

    ingested = read(bytes(made))

    line = ingested.document.blocks[1].text.split("\n")[-1]
    names = ("plans.zip", "winmail.dat", "vide.pdf", "abime.pdf")
    assert line == "Pièces jointes : " + ", ".join(f"{name} (non lue)" for name in names)
    assert ingested.document.notices == (Notice.ATTACHMENTS_UNREAD,)
    assert "Contenu de l'archive" not in texts(ingested)
    assert {b.place.part for b in ingested.document.blocks} == {""}


def test_messages_inside_messages_are_read_down_to_the_limit(read: Read) -> None:
    made = mail("Corps 4.", subject="Niveau 4")
    for level in range(3, -1, -1):
        outer = mail(f"Corps {level}.", subject=f"Niveau {level}")
        outer.add_attachment(made)
        made = outer

    text = texts(read(bytes(made)))

    assert all(f"Corps {level}" in text for level in range(4))
    assert "Corps 4" not in text
    assert "Niveau 4.eml (non lue)" in text


def test_message_saved_as_a_file_and_attached_is_read(read: Read) -> None:
    made = mail()
    attach(made, bytes(mail("Corps du message joint.", subject="Joint")), name="joint.eml")

    assert "Corps du message joint" in texts(read(bytes(made)), part="joint.eml")


def test_number_and_size_of_attachments_are_bounded(
    tmp_path: Path, make_odt: Callable[..., Path]
) -> None:
    made = mail()
    for number in range(5):
        attach(made, f"Texte de la pièce {number}.".encode(), name="note.txt", mime="text/plain")
    path = tmp_path / "contenu"
    path.write_bytes(bytes(made))

    few = _read_here(path, Limits(max_attachments=2))
    small = _read_here(path, Limits(max_expanded_bytes=60))

    assert [f"pièce {n}" in texts(few) for n in range(5)] == [True, True, False, False, False]
    assert "note.txt, note.txt (2), note.txt (3) (non lue)" in few.document.blocks[1].text
    assert "pièce 1" in texts(small)
    assert "pièce 4" not in texts(small)


def test_parser_that_fails_on_an_attachment_does_not_cost_the_message(read: Read) -> None:
    made = mail()
    attach(made, b"<html><body>" + b"<div>" * 50 + b"</body>", name="page.html", mime="text/html")

    document = read(bytes(made)).document

    assert "Bonjour à tous" in document.blocks[2].text
    assert document.notices == (Notice.ATTACHMENTS_UNREAD,)


LOGO = (320, 90)
PAGE = (1100, 450)


def drawn(size: tuple[int, int]) -> bytes:
    """A picture with as many lines of text as it holds."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", size, "white")
    font = ImageFont.load_default(size=26)
    line = "Le conseil approuve la convention pour 12 500 euros"
    for top in range(20, size[1] - 40, 50):
        ImageDraw.Draw(image).text((20, top), line, fill="black", font=font)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def shown_inside(data: bytes, *, subtype: str = "png") -> bytes:
    made = mail("x")
    made.set_content("<p>Bonjour à tous et à toutes, merci.</p><img src='cid:1'>", subtype="html")
    made.add_related(data, maintype="image", subtype=subtype, cid="<1>", filename="image001.png")
    return bytes(made)


def shown_inside_outlook(data: bytes) -> bytes:
    logo = attached_file("image001.png", data, mime="image/png", content_id="a@b")
    return outlook(attachments=[logo], html="<p>Bonjour à tous.</p><img src='cid:a@b'>")


@pytest.fixture
def no_recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a decoration was read")

    monkeypatch.setattr("ingest.parsers.ocr.files.read_words_of", refuse)


@pytest.mark.usefixtures("no_recognition")
@pytest.mark.parametrize(
    "data",
    [
        shown_inside(b"\x89PNG\r\n\x1a\n" + bytes(20)),
        shown_inside(b"<svg/>", subtype="svg+xml"),
        shown_inside(drawn(LOGO)),
        shown_inside(drawn((900, 300))),
        shown_inside_outlook(drawn(LOGO)),
    ],
    ids=["damaged", "drawing", "logo", "banner", "outlook"],
)
def test_decoration_of_a_message_is_neither_read_nor_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "contenu"
    path.write_bytes(data)

    document = _read_here(path, Limits()).document

    assert "Pièces jointes" not in document.blocks[1].text
    assert document.notices == ()


@pytest.mark.usefixtures("no_recognition")
def test_small_picture_that_is_attached_is_named_and_not_read(tmp_path: Path) -> None:
    made = mail()
    attach(made, drawn(LOGO), name="logo.png", mime="image/png")
    path = tmp_path / "contenu"
    path.write_bytes(bytes(made))

    document = _read_here(path, Limits()).document

    assert document.blocks[1].text.endswith("Pièces jointes : logo.png")
    assert document.notices == ()


@needs_engine
def test_page_pasted_or_attached_as_a_picture_is_read(tmp_path: Path) -> None:
    attached = mail()
    attach(attached, drawn(PAGE), name="image001.png", mime="image/png")
    next(attached.iter_attachments())["Content-ID"] = "<given by the program>"

    for data in (shown_inside(drawn(PAGE)), bytes(attached)):
        path = tmp_path / "contenu"
        path.write_bytes(data)
        ingested = _read_here(path, PATIENT)
        assert "convention pour 12 500 euros" in texts(ingested, part="image001.png")


@needs_engine
def test_large_logo_with_few_letters_is_left_out(tmp_path: Path) -> None:
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(drawn((1100, 90)))) as line:
        logo = Image.new("RGB", PAGE, "white")
        logo.paste(line, (0, 200))
        logo.save(buffer, "PNG")
    path = tmp_path / "contenu"
    path.write_bytes(shown_inside(buffer.getvalue()))

    document = _read_here(path, PATIENT).document

    assert "Pièces jointes" not in document.blocks[1].text
    assert document.notices == ()


def _read_here(path: Path, limits: Limits) -> IngestedFile:
    return read_file(path, name="message.eml", limits=limits, on_pages=_ignore_pages)


def _ignore_pages(pages: int, /, *, scans: int = 0) -> None:
    del pages, scans
