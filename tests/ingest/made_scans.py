"""Scans made on the spot: pages drawn, rendered, and put back as images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from ingest.limits import Limits
from ingest.model import IngestedFile
from ingest.reading import read_file
from ingest.tools import has_tesseract

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
needs_engine = pytest.mark.skipif(not has_tesseract(), reason="Tesseract with French is absent")


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


def scanner(folder: Path) -> Callable[..., Image]:
    """Makes the image of a page on which something is drawn, at 150 dots per inch."""

    def build(*drawn: Callable[..., None]) -> Image:
        pdfium: Any = __import__("pypdfium2")
        path = pdf(folder / "drawn.pdf", list(drawn or (draw(),)))
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


def grid(rows: list[list[str]], *, top: float) -> Callable[..., None]:
    """Cells of 200 by 30 points."""

    def onto(canvas: Any) -> None:
        canvas.setFont("Helvetica", 14)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                left, bottom = 50 + column * 200, HEIGHT - top - (number + 1) * 30
                canvas.rect(left, bottom, 200, 30)
                canvas.drawString(left + 8, bottom + 9, cell)

    return onto


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
