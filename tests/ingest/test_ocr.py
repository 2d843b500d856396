"""Scans made here: what is read of them, page by page, and what happens when they cannot be read."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.model import BlockKind, Box, FileFormat, IngestedFile, Notice
from ingest.parsers.ocr_engine import has_engine
from ingest.reader import ParserPool
from ingest.reading import read_file

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 595.0, 420.0
LINES: tuple[str, ...] = (
    "Le conseil municipal approuve la convention de restauration scolaire",
    "pour un montant annuel de 12 500 euros et autorise le maire à la signer",
    "avec le département de la Haute-Saône avant la fin du mois de janvier.",
)
STAMP = "Reçu en préfecture le 18 décembre 2023"
GARBAGE = ("PIED6 SUEP xjnu seouejdk J8AN8 sjq1sqnS", "jkq dnu8 ewrx n0p zzqk ~~ sl|k u1z")
PATIENT = Limits(base_s=120, ocr_page_s=120)
needs_engine = pytest.mark.skipif(not has_engine(), reason="Tesseract with French is absent")


def draw(lines: tuple[str, ...] = LINES, *, size: int = 14, top: float = 60) -> Callable[..., None]:
    def onto(canvas: Any) -> None:
        canvas.setFont("Helvetica", size)
        for number, line in enumerate(lines):
            canvas.drawString(50, HEIGHT - top - number * 1.5 * size, line)

    return onto


def picture(image: Image, *, box: tuple[float, float, float, float]) -> Callable[..., None]:
    """An image from left, bottom, width, height."""

    def onto(canvas: Any) -> None:
        from reportlab.lib.utils import ImageReader

        canvas.drawImage(ImageReader(image), *box)

    return onto


def whole(image: Image) -> Callable[..., None]:
    return picture(image, box=(0, 0, WIDTH, HEIGHT))


def hidden(lines: tuple[str, ...]) -> Callable[..., None]:
    def onto(canvas: Any) -> None:
        for number, line in enumerate(lines):
            text = canvas.beginText(50, HEIGHT - 60 - number * 21)
            text.setTextRenderMode(3)
            text.textLine(line)
            canvas.drawText(text)

    return onto


def pdf(path: Path, *pages: list[Callable[..., None]]) -> Path:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT))
    for page in pages:
        for onto in page:
            onto(canvas)
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture
def scanned(tmp_path: Path) -> Callable[..., Image]:
    """The image of a page on which something is drawn, at 150 dots per inch."""

    def build(*drawn: Callable[..., None]) -> Image:
        pdfium: Any = __import__("pypdfium2")
        path = pdf(tmp_path / "drawn.pdf", list(drawn or (draw(),)))
        document = pdfium.PdfDocument(str(path))
        image = cast("Image", document[0].render(scale=150 / 72).to_pil()).convert("L")
        document.close()
        return image

    return build


def read(path: Path, *, limits: Limits = PATIENT) -> IngestedFile:
    return read_file(path, name=path.name, limits=limits, on_pages=lambda _, scans=0: None)


def text_of(ingested: IngestedFile, *, page: int = 0) -> str:
    blocks = ingested.document.blocks
    held = [b.text for b in blocks if not page or (b.box is not None and b.box.page == page)]
    return " ".join(" ".join(held).split())


def missing(ingested: IngestedFile, *, page: int = 0) -> set[str]:
    return set(" ".join(LINES).split()) - set(text_of(ingested, page=page).split())


@needs_engine
def test_scan_is_read_with_boxes_lines_and_certainty(
    pool: ParserPool, tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    path = pdf(tmp_path / "scan.pdf", [whole(scanned())])

    ingested = pool.read(path, name="scan.pdf")

    assert len(missing(ingested)) <= 1
    assert ingested.document.engine == "tesseract"
    assert ingested.document.notices.count(Notice.OCR_USED) == 1
    assert Notice.PAGES_WITHOUT_TEXT not in ingested.document.notices
    (block,) = ingested.document.blocks
    assert block.confidence is not None
    assert block.confidence > 0.8
    assert ingested.chunks[0].locator.confidence == block.confidence
    assert [block.text[line.start : line.end].split()[0] for line in block.lines] == [
        "Le",
        "pour",
        "avec",
    ]
    for number, line in enumerate(block.lines):
        baseline = (60 + number * 21) / HEIGHT
        assert line.box.left == pytest.approx(50 / WIDTH, abs=0.01)
        assert line.box.top < baseline < line.box.bottom + 0.01


@needs_engine
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_scan_is_read_and_its_boxes_follow_the_page(
    tmp_path: Path, scanned: Callable[..., Image], degrees: int
) -> None:
    upright = scanned(draw(LINES * 2))
    path = tmp_path / "turned.png"
    upright.rotate(-degrees, expand=True).save(path)

    ingested = read(path)

    assert len(missing(ingested)) <= 1
    box = ingested.document.blocks[0].box
    assert box is not None
    left, first_line = 50 / WIDTH, 60 / HEIGHT
    if degrees == 90:
        assert box.top == pytest.approx(left, abs=0.02)
        assert box.right == pytest.approx(1 - first_line, abs=0.05)
    elif degrees == 180:
        assert box.right == pytest.approx(1 - left, abs=0.02)
        assert box.bottom == pytest.approx(1 - first_line, abs=0.05)
    else:
        assert box.bottom == pytest.approx(1 - left, abs=0.02)
        assert box.left == pytest.approx(first_line, abs=0.05)


@needs_engine
def test_page_of_text_beside_a_scan_stays_as_it_is(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    alone = read(pdf(tmp_path / "alone.pdf", [draw(LINES * 3)]))

    both = read(pdf(tmp_path / "both.pdf", [draw(LINES * 3)], [whole(scanned())]))

    first = [b for b in both.document.blocks if b.box is not None and b.box.page == 1]
    assert first == list(alone.document.blocks)
    assert alone.document.engine == "liteparse"
    assert both.document.engine == "liteparse+tesseract"
    assert len(missing(both, page=2)) <= 1


@needs_engine
def test_scan_whose_only_text_is_a_stamp_is_read_and_the_stamp_kept_once(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    stamp = draw((STAMP,), size=8, top=20)
    path = pdf(tmp_path / "stamp.pdf", [whole(scanned()), stamp])

    ingested = read(path)

    assert len(missing(ingested)) <= 1
    assert text_of(ingested).count("préfecture") == 1
    assert STAMP in text_of(ingested)


@needs_engine
def test_text_drawn_as_shapes_is_read(tmp_path: Path, scanned: Callable[..., Image]) -> None:
    path = pdf(tmp_path / "drawn_text.pdf", [shapes(scanned())])

    ingested = read(path)

    assert len(missing(ingested)) <= 1


def shapes(image: Image) -> Callable[..., None]:
    """Runs of dark points as filled rectangles."""

    def onto(canvas: Any) -> None:
        step = WIDTH / image.width
        for y in range(image.height):
            row = image.crop((0, y, image.width, y + 1)).tobytes()
            x = 0
            while (start := next((i for i in range(x, len(row)) if row[i] < 128), -1)) >= 0:
                x = next((i for i in range(start, len(row)) if row[i] >= 128), len(row))
                canvas.rect(
                    start * step,
                    HEIGHT - (y + 1) * step,
                    (x - start) * step,
                    step,
                    stroke=0,
                    fill=1,
                )

    return onto


@needs_engine
def test_bad_invisible_layer_is_replaced(tmp_path: Path, scanned: Callable[..., Image]) -> None:
    path = pdf(tmp_path / "layer.pdf", [whole(scanned()), hidden(GARBAGE * 8)])

    ingested = read(path)

    assert len(missing(ingested)) <= 1
    assert "xjnu" not in text_of(ingested)


@needs_engine
def test_bad_layer_that_is_the_better_of_two_stays(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    layer = ("Article 1 : le présent arrêté sera affiché", *GARBAGE) * 6
    path = pdf(tmp_path / "layer.pdf", [whole(scanned(draw(("Oui",)))), hidden(layer)])

    ingested = read(path)

    assert "arrêté sera affiché" in text_of(ingested)
    assert Notice.OCR_USED not in ingested.document.notices


def test_good_invisible_layer_is_not_read_again(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    path = pdf(tmp_path / "layer.pdf", [whole(scanned()), hidden(LINES * 2)])

    ingested = read(path)

    assert ingested.document.engine == "liteparse"
    assert not missing(ingested)


@needs_engine
def test_image_of_a_table_within_text_is_read_in_its_place(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    rows = ("Commune Subvention", "Vesoul 4 500 euros", "Héricourt 2 300 euros")
    table = scanned(draw(rows, size=24, top=120)).crop((0, 180, 1240, 500))
    box = (0.0, 120.0, WIDTH, WIDTH * table.height / table.width)
    below = draw(("Fait à Vesoul, le premier février de la même année.",), top=HEIGHT - 40)
    path = pdf(tmp_path / "table.pdf", [draw(LINES), picture(table, box=box), below])

    text = text_of(read(path))

    places = [text.find(words) for words in ("autorise le maire", "4 500", "Fait à Vesoul")]
    assert -1 not in places
    assert places == sorted(places)


@needs_engine
def test_small_picture_within_text_is_left_alone(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    logo = picture(scanned(draw(("LOGO",), size=60)), box=(400, 20, 100, 70))
    path = pdf(tmp_path / "logo.pdf", [draw(LINES * 3), logo])

    assert read(path).document.engine == "liteparse"


@needs_engine
def test_blank_page_of_a_scan_is_not_reported(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    import PIL.Image

    blank = PIL.Image.new("L", (800, 560), 250)
    path = pdf(tmp_path / "verso.pdf", [whole(scanned())], [whole(blank)])

    notices = read(path).document.notices

    assert Notice.OCR_USED in notices
    assert Notice.PAGES_WITHOUT_TEXT not in notices


@needs_engine
def test_picture_without_words_is_reported(tmp_path: Path, scanned: Callable[..., Image]) -> None:
    import PIL.Image

    photo = PIL.Image.linear_gradient("L").resize((800, 560))
    path = pdf(tmp_path / "photo.pdf", [whole(scanned())], [whole(photo)])

    assert Notice.PAGES_WITHOUT_TEXT in read(path).document.notices


def test_without_the_program_a_scan_is_refused_and_says_why(
    tmp_path: Path, scanned: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pdf(tmp_path / "scan.pdf", [whole(scanned())])
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(IngestError) as caught:
        read(path)

    assert caught.value.code == "no_text_ocr_missing"
    assert "Tesseract" in caught.value.sentence


def test_without_the_program_pages_of_text_are_read_and_the_rest_is_told(
    tmp_path: Path, scanned: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pdf(tmp_path / "both.pdf", [draw(LINES * 3)], [whole(scanned())])
    monkeypatch.setenv("PATH", str(tmp_path))

    ingested = read(path)

    assert not missing(ingested)
    assert Notice.OCR_MISSING in ingested.document.notices
    assert Notice.PAGES_WITHOUT_TEXT in ingested.document.notices


def test_page_that_takes_too_long_is_left_out_and_the_others_stay(
    tmp_path: Path, scanned: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pdf(tmp_path / "both.pdf", [draw(LINES * 3)], [whole(scanned())])
    plant(tmp_path, "exec /bin/sleep 60", monkeypatch=monkeypatch)
    started = time.monotonic()

    ingested = read(path, limits=Limits(ocr_page_s=0.1))

    assert time.monotonic() - started < 30
    assert not missing(ingested)
    assert Notice.OCR_TIMEOUT in ingested.document.notices
    assert Notice.PAGES_WITHOUT_TEXT in ingested.document.notices


def test_engine_that_fails_leaves_the_page_without_text(
    tmp_path: Path, scanned: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pdf(tmp_path / "scan.pdf", [whole(scanned())])
    plant(tmp_path, "exit 1", monkeypatch=monkeypatch)

    with pytest.raises(IngestError) as caught:
        read(path)

    assert caught.value.code == "no_text"


def plant(folder: Path, command: str, *, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program named tesseract that knows French and does something else."""
    program = folder / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --list-langs ] && echo fra && exit 0\n{command}\n', encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


@needs_engine
def test_time_asked_for_grows_with_the_pages_to_read(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    path = pdf(tmp_path / "both.pdf", [draw(LINES * 3)], [whole(scanned())])
    told: list[tuple[int, int]] = []

    read_file(
        path, name="x", limits=PATIENT, on_pages=lambda pages, scans=0: told.append((pages, scans))
    )

    assert told == [(2, 0), (2, 1)]
    assert Limits().wall_s(2, scans=1) == Limits().wall_s(2) + Limits().ocr_page_s


@needs_engine
def test_engine_dies_with_the_child_that_reads(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    dense = scanned(draw(LINES * 5, size=13))
    path = pdf(tmp_path / "scan.pdf", *[[whole(dense)]] * 20)
    pool = ParserPool(PATIENT, children=1, scratch=tmp_path / "scratch")
    reader = threading.Thread(target=_read_quietly, args=(pool, path))
    reader.start()

    pids = _engines(pool, within_s=60)
    pool.close()
    reader.join(20)

    assert pids
    assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def _read_quietly(pool: ParserPool, path: Path) -> None:
    try:
        pool.read(path, name="scan.pdf")
    except IngestError:
        return


def wait_until(is_true: Callable[[], bool], *, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not (done := is_true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return done


def _engines(pool: ParserPool, *, within_s: float) -> list[int]:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = [pid for pid in pool.process_ids if _name(pid) == "tesseract"]
        if found:
            return found
        time.sleep(0.01)
    return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("ascii").strip()
    except OSError:
        return ""


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


@needs_engine
def test_large_letters_of_a_scan_make_a_heading(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    title = draw(("Compte rendu de la séance",), size=26, top=40)
    path = pdf(tmp_path / "scan.pdf", [whole(scanned(title, draw(top=110)))])

    document = read(path).document

    assert document.title == "Compte rendu de la séance"
    assert document.blocks[0].kind is BlockKind.HEADING
    assert isinstance(document.blocks[0].box, Box)
