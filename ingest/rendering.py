"""The image of a page of a PDF or of a scan, small enough for a web page."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ingest.errors import ParseFailed
from ingest.formats import is_image

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_IMAGE_BYTES = 150_000
_WIDTHS = (1240, 1000, 820, 640)
"""Pixels. 1240 is 150 dots per inch on A4, sharp on a dense screen."""
_QUALITIES = (80, 60, 40)
_MAX_PIXELS = 4_000_000


def render_page(path: Path, *, page: int) -> bytes:
    """A WebP image of a page, as large and as fine as fits in 150 kB.

    Args:
        path: A PDF, or a file that is an image.
        page: From 1.

    Raises:
        ParseFailed: The page does not exist or cannot be drawn.
    """
    if is_image(path):
        return _smallest_fit(_frame(path, page=page))
    pdfium = cast("Any", import_module("pypdfium2"))
    try:
        document = pdfium.PdfDocument(str(path))
    except pdfium.PdfiumError as error:
        raise ParseFailed("page_unrenderable", page=page) from error
    try:
        if not 1 <= page <= len(document):
            raise ParseFailed("page_missing", page=page)
        return _smallest_fit(_drawn(document[page - 1]))
    except (pdfium.PdfiumError, ValueError, OSError) as error:
        raise ParseFailed("page_unrenderable", page=page) from error
    finally:
        document.close()


def _frame(path: Path, *, page: int) -> Image:
    from ingest.parsers.ocr.files import opened, shown_page

    with opened(path) as image:
        try:
            return shown_page(image, number=page).convert("RGB")
        except EOFError as error:
            raise ParseFailed("page_missing", page=page) from error


def _drawn(page: Any) -> Image:
    width, height = cast("tuple[float, float]", page.get_size())
    scale = _WIDTHS[0] / max(width, 1)
    if width * height * scale * scale > _MAX_PIXELS:
        scale = (_MAX_PIXELS / max(width * height, 1)) ** 0.5
    return cast("Image", page.render(scale=scale).to_pil()).convert("RGB")


def _smallest_fit(image: Image) -> bytes:
    data = b""
    for width in _WIDTHS:
        if width < image.width:
            height = max(round(image.height * width / image.width), 1)
            sized = image.resize((width, height))
        else:
            sized = image
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            sized.save(buffer, "WEBP", quality=quality, method=4)
            data = buffer.getvalue()
            if len(data) <= MAX_IMAGE_BYTES:
                return data
    return data
