"""Scans made here: what is read of them, page by page, and what happens when they cannot be read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.errors import IngestError
from ingest.limits import Limits
from ingest.model import BlockKind, Box, Notice
from ingest.reader import ParserPool
from ingest.reading import read_file

if TYPE_CHECKING:
    from PIL.Image import Image

from tests.ingest.made_scans import (
    GARBAGE,
    HEIGHT,
    LINES,
    PATIENT,
    STAMP,
    WIDTH,
    draw,
    grid,
    hidden,
    missing,
    needs_engine,
    pdf,
    picture,
    read,
    scanner,
    shapes,
    text_of,
    whole,
)


@pytest.fixture
def scanned(tmp_path: Path) -> Callable[..., Image]:
    """Makes the image of a page on which something is drawn."""
    return scanner(tmp_path)


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
def test_ruled_table_of_a_scan_is_read_by_cells(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    rows = [["Commune", "Subvention"], ["Vesoul", "4 500 euros"], ["Héricourt", "2 300 euros"]]
    page = scanned(draw(LINES, top=40), grid(rows, top=140))

    document = read(pdf(tmp_path / "table.pdf", [whole(page)])).document

    (block,) = [block for block in document.blocks if block.table is not None]
    assert block.table is not None
    assert block.table.header == ("Commune", "Subvention")
    assert block.table.rows == (("Vesoul", "4 500 euros"), ("Héricourt", "2 300 euros"))
    tops = [box.top * HEIGHT for box in block.table.row_boxes]
    assert tops == pytest.approx([140, 170, 200], abs=3)
    assert block.confidence is not None
    assert document.blocks[-1] is block


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
def test_large_letters_of_a_scan_make_a_heading(
    tmp_path: Path, scanned: Callable[..., Image]
) -> None:
    title = draw(("Compte rendu de la séance",), size=26, top=40)
    path = pdf(tmp_path / "scan.pdf", [whole(scanned(title, draw(top=110)))])

    document = read(path).document

    assert document.title == "Compte rendu de la séance"
    assert document.blocks[0].kind is BlockKind.HEADING
    assert isinstance(document.blocks[0].box, Box)
