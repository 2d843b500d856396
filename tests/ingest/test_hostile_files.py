"""Broken, dangerous and foreign files: each a French reason, and the next file is read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from ingest.errors import IngestError, RefusedFile
from ingest.reader import Limits, ParserPool


@pytest.fixture
def refuse(pool: ParserPool, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Reads bytes and returns the code of the refusal; then checks that the pool still works."""

    def read(data: bytes, *, name: str = "fichier.pdf") -> str:
        path = tmp_path / "contenu"
        path.write_bytes(data)
        with pytest.raises(IngestError) as caught:
            pool.read(path, name=name)
        assert caught.value.sentence.endswith(".")
        return caught.value.code

    yield read
    sound = tmp_path / "sain"
    sound.write_text("Un texte sain.", encoding="utf-8")
    assert pool.read(sound, name="sain.txt").chunks


@pytest.fixture
def pdf_bytes(make_pdf: Callable[..., Path]) -> bytes:
    return make_pdf([[("h1", "Délibération"), ("p", "Le conseil décide. " * 60)]] * 5).read_bytes()


def drawn_pdf(draw: Callable[[Any], None], *, pages: int = 1, encrypt: Any = None) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = cast("Any", Canvas(buffer, encrypt=encrypt))
    for _ in range(pages):
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def encryption(user: str) -> Any:
    from reportlab.lib.pdfencrypt import StandardEncryption

    return StandardEncryption(user, ownerPassword="propriétaire", strength=128)


def text_drawing(canvas: Any) -> None:
    canvas.drawString(
        72, 700, "Délibération du conseil régional adoptée à l'unanimité des membres présents."
    )


def bomb(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        )
        archive.writestr("word/document.xml", bytes(size))
    return buffer.getvalue()


def test_encrypted_pdf(refuse: Callable[..., str]) -> None:
    assert refuse(drawn_pdf(text_drawing, encrypt=encryption("secret"))) == "file_encrypted"


def test_pdf_with_an_owner_password_only_is_read(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "contenu"
    path.write_bytes(drawn_pdf(text_drawing, encrypt=encryption("")))

    assert "unanimité" in pool.read(path, name="x.pdf").chunks[0].text


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_truncated_pdf(refuse: Callable[..., str], pdf_bytes: bytes, share: float) -> None:
    assert refuse(pdf_bytes[: int(len(pdf_bytes) * share)]) in {"file_truncated", "file_damaged"}


def test_damaged_pdf(refuse: Callable[..., str], pdf_bytes: bytes) -> None:
    middle = len(pdf_bytes) // 2
    damaged = (
        pdf_bytes[:200]
        + bytes(255 - byte for byte in pdf_bytes[200 : middle * 2 - 400])
        + pdf_bytes[-400:]
    )

    assert refuse(damaged) in {"file_damaged", "no_text"}


def test_empty_files(refuse: Callable[..., str]) -> None:
    assert refuse(b"") == "file_empty"
    assert refuse(b"\n \n") == "file_empty"


def test_scan_of_blank_pages_has_no_text(refuse: Callable[..., str]) -> None:
    def draw(canvas: Any) -> None:
        from PIL import Image
        from reportlab.lib.utils import ImageReader

        canvas.drawImage(ImageReader(Image.new("L", (300, 400), 255)), 0, 0, 595, 842)

    assert refuse(drawn_pdf(draw, pages=2)) in {"no_text", "ocr_missing"}


def test_three_thousand_pages(refuse: Callable[..., str]) -> None:
    assert (
        refuse(drawn_pdf(lambda canvas: canvas.drawString(72, 700, "x"), pages=3000))
        == "too_many_pages"
    )


def test_zip_bomb(refuse: Callable[..., str]) -> None:
    assert refuse(bomb(50_000_000), name="x.docx") == "archive_bomb"


def test_archive_with_names_that_climb(
    refuse: Callable[..., str], make_odt: Callable[..., Path]
) -> None:
    path = make_odt("<text:p>x</text:p>")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../evasion", "x")

    assert refuse(path.read_bytes()) == "archive_unsafe_name"


def test_name_that_climbs_is_only_a_hint(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "contenu"
    path.write_text("un texte sans titre, en minuscules.", encoding="utf-8")

    document = pool.read(path, name="../../../etc/cron.d/évasion.txt").document

    assert document.title == "évasion"
    assert not Path("/etc/cron.d/évasion.txt").exists()


def test_encrypted_odt(refuse: Callable[..., str], make_odt: Callable[..., Path]) -> None:
    manifest = "<manifest><manifest:encryption-data/></manifest>"

    assert (
        refuse(make_odt("<text:p>x</text:p>", manifest=manifest).read_bytes()) == "file_encrypted"
    )


@pytest.mark.parametrize("body", ["<text:p>sans fin", "<text:p>&entité;</text:p>"])
def test_damaged_odt(refuse: Callable[..., str], make_odt: Callable[..., Path], body: str) -> None:
    assert refuse(make_odt(body).read_bytes()) in {"file_damaged", "no_text"}


def test_damaged_docx(refuse: Callable[..., str], make_docx: Callable[..., Path]) -> None:
    data = make_docx([("Normal", "Bonjour. " * 50)]).read_bytes()

    assert refuse(data[: len(data) // 2]) == "file_truncated"
    swapped = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(swapped, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(
                entry.filename, content[:300] if entry.filename == "word/document.xml" else content
            )
    assert refuse(swapped.getvalue()) in {"file_damaged", "no_text"}


def test_external_entities_are_not_followed(
    pool: ParserPool, make_odt: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("mot de passe", encoding="utf-8")
    path = make_odt("<text:p>Texte &fuite; visible</text:p>")
    entries = {
        name: zipfile.ZipFile(path).read(name).decode() for name in ("mimetype", "content.xml")
    }
    doctype = f'<!DOCTYPE x [<!ENTITY fuite SYSTEM "file://{tmp_path}/secret">]>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", entries["mimetype"])
        archive.writestr("content.xml", entries["content.xml"].replace("?>", "?>" + doctype, 1))

    text = pool.read(path, name="x.odt").chunks[0].text

    assert "visible" in text
    assert "mot de passe" not in text


def test_nested_markup_does_not_stop_the_reader(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "contenu"
    path.write_text(
        "<html><body>" + "<div>" * 20_000 + "profond" + "</div>" * 20_000, encoding="utf-8"
    )

    assert "profond" in pool.read(path, name="x.html").chunks[0].text


def test_image_that_is_none_is_damaged(refuse: Callable[..., str]) -> None:
    assert refuse(b"\xff\xd8\xff\xe0" + bytes(100)) == "image_damaged"


def test_page_images_of_what_has_none(
    pool: ParserPool, make_odt: Callable[..., Path], pdf_bytes: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "contenu.pdf"
    path.write_bytes(pdf_bytes)

    for number in (0, -1, 99):
        with pytest.raises(IngestError, match="n'existe pas"):
            pool.render_page(path, page=number)
    with pytest.raises(IngestError, match="ne peut pas être affichée"):
        pool.render_page(make_odt("<text:p>x</text:p>"), page=1)


def test_too_large_and_unreadable_files_never_reach_a_child(tmp_path: Path) -> None:
    path = tmp_path / "contenu"
    path.write_bytes(b"x" * 5_000_000)
    pool = ParserPool(Limits(max_file_bytes=4_000_000), children=1, scratch=tmp_path / "scratch")

    with pytest.raises(RefusedFile, match="5 Mo ; la limite est de 4 Mo"):
        pool.read(path, name="x")
    with pytest.raises(RefusedFile, match="accès est refusé"):
        pool.read(tmp_path, name="x")
    assert pool.process_ids == set()
    pool.close()
