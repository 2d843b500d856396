"""From the space of a PDF page, whose origin and turn are its own, to the page as it is shown."""

from __future__ import annotations

import ctypes
from importlib import import_module
from typing import Any, cast

Share = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the width and height of a page."""
_GRID = 20_000


def shown_share(handle: Any, box: tuple[float, float, float, float]) -> Share:
    """Where a rectangle of a page lies once the page is shown; beyond [0, 1] where it is not seen.

    Args:
        handle: The page as pypdfium2 or its raw functions give it.
        box: Left, bottom, right and top in the units of the page itself.
    """
    raw = cast("Any", import_module("pypdfium2.raw"))
    xs: list[float] = []
    ys: list[float] = []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(handle, 0, 0, _GRID, _GRID, 0, x, y, across, down)
        xs.append(across.value / _GRID)
        ys.append(down.value / _GRID)
    return min(xs), min(ys), max(xs), max(ys)
