"""Images of pages on their way to the engine: drawn in grey, turned, straightened, and back to the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ingest.parsers.ocr.engine import DPI
from ingest.parsers.pages.page import Rect

if TYPE_CHECKING:
    from PIL.Image import Image

POINTS = 72
_MAX_PIXELS = 12_000_000
_WHITE = 255
_MAX_SKEW = 5.0
_COARSE, _FINE = 0.5, 0.1
_MIN_SKEW = 0.2
_PROBE_PIXELS = 900
_INK = 24
"""Difference of grey between the lightest and darkest part of a page that is not blank."""


@dataclass(frozen=True, slots=True)
class Turned:
    """An image turned for reading, which knows the way back."""

    image: Image
    quarter: int = 0
    """Degrees clockwise by which the original was turned: 0, 90, 180 or 270."""
    skew: float = 0.0
    """Degrees anticlockwise by which it was straightened afterwards."""

    def original(self, rect: Rect) -> Rect:
        """The smallest upright rectangle of the original image that holds one of this image."""
        corners = [(x, y) for x in (rect.left, rect.right) for y in (rect.top, rect.bottom)]
        points = [self._original_point(x, y) for x, y in corners]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return Rect(min(xs), min(ys), max(xs), max(ys))

    def forward(self, rect: Rect) -> Rect:
        """The rectangle of this image, before it was straightened, that one of the original became."""
        width, height = self.image.size
        if self.quarter == 90:
            return Rect(width - rect.bottom, rect.left, width - rect.top, rect.right)
        if self.quarter == 270:
            return Rect(rect.top, height - rect.right, rect.bottom, height - rect.left)
        return rect

    def _original_point(self, x: float, y: float) -> tuple[float, float]:
        width, height = self.image.size
        if self.skew:
            angle = -math.radians(self.skew)
            across, down = x - width / 2, y - height / 2
            x = width / 2 + math.cos(angle) * across + math.sin(angle) * down
            y = height / 2 - math.sin(angle) * across + math.cos(angle) * down
        if self.quarter == 90:
            return y, width - x
        if self.quarter == 180:
            return width - x, height - y
        if self.quarter == 270:
            return height - y, x
        return x, y


def drawn_page(page: Any) -> tuple[Image, float]:
    """A page of PDFium in grey, and its pixels per point: 200 to the inch, fewer for a huge page."""
    width, height = cast("tuple[float, float]", page.get_size())
    scale = min(DPI / POINTS, math.sqrt(_MAX_PIXELS / max(width * height, 1)))
    return cast("Image", page.render(scale=scale, grayscale=True).to_pil()).convert("L"), scale


def is_blank(image: Image) -> bool:
    """True when nothing is drawn on an image; the edges, where scanners leave shadows, do not count."""
    width, height = image.size
    inner = image.crop((width // 20, height // 20, width - width // 20, height - height // 20))
    small = inner.resize((max(inner.width // 4, 1), max(inner.height // 4, 1)))
    low, high = cast("tuple[int, int]", small.getextrema())
    return high - low < _INK


def turned(image: Image, *, degrees: int) -> Turned:
    """The image turned clockwise by a multiple of 90 degrees."""
    pil = cast("Any", import_module("PIL.Image"))
    ways = {
        90: pil.Transpose.ROTATE_270,
        180: pil.Transpose.ROTATE_180,
        270: pil.Transpose.ROTATE_90,
    }
    if degrees not in ways:
        return Turned(image)
    return Turned(image.transpose(ways[degrees]), quarter=degrees)


def cleaned(page: Turned) -> Turned:
    """The same page straightened, its speckles smoothed, its contrast spread."""
    pil = cast("Any", import_module("PIL.Image"))
    operations = cast("Any", import_module("PIL.ImageOps"))
    filters = cast("Any", import_module("PIL.ImageFilter"))
    skew = find_skew(page.image)
    image = operations.autocontrast(page.image.filter(filters.MedianFilter(3)), cutoff=2)
    if abs(skew) < _MIN_SKEW:
        return Turned(image, quarter=page.quarter)
    straight = image.rotate(skew, resample=pil.Resampling.BICUBIC, fillcolor=_WHITE)
    return Turned(straight, quarter=page.quarter, skew=skew)


def find_skew(image: Image) -> float:
    """Degrees anticlockwise that make the lines of a page level, in [-5, 5].

    The angle whose sums of ink along the rows of pixels differ most from row to row.
    """
    small = image.copy()
    small.thumbnail((_PROBE_PIXELS, _PROBE_PIXELS))
    steps = round(_MAX_SKEW / _COARSE)
    coarse = max((step * _COARSE for step in range(-steps, steps + 1)), key=_levelness(small))
    around = round(_COARSE / _FINE)
    return max(
        (coarse + step * _FINE for step in range(-around, around + 1)), key=_levelness(small)
    )


def _levelness(image: Image) -> Callable[[float], float]:
    numpy = cast("Any", import_module("numpy"))

    def measure(angle: float) -> float:
        level = image.rotate(angle, fillcolor=_WHITE)
        rows = numpy.asarray(level, dtype="float32").mean(axis=1)
        return float(((rows[1:] - rows[:-1]) ** 2).sum())

    return measure
