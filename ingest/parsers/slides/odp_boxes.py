"""Where the drawings of an ODP file are, in centimetres."""

from __future__ import annotations

import math
import re
from typing import Any

from ingest.parsers.office.opendocument import DRAW, FO, STYLE, SVG
from ingest.parsers.slides.extents import Extent

_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)(cm|mm|in|pt)")
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72}
_TRANSLATE = re.compile(r"translate\s*\(\s*(\S+?)[\s,]+(\S+?)\s*\)")
_SIZE_CM = (28.0, 15.75)
"""Width and height of a slide of a file that does not tell them."""


def length(text: str) -> float:
    """A length in centimetres; 0 for what is none."""
    found = _LENGTH.fullmatch(text)
    return float(found.group(1)) * _CENTIMETRES[found.group(2)] if found is not None else 0.0


def corner(element: Any) -> tuple[float, float]:
    """The left and the top of a drawing."""
    moved = _TRANSLATE.search(element.get(f"{DRAW}transform", ""))
    if moved is not None:
        return length(moved.group(1)), length(moved.group(2))
    return length(element.get(f"{SVG}x", "")), length(element.get(f"{SVG}y", ""))


def extent_of(element: Any) -> Extent | None:
    """All that a drawing may cover, None where its size is not told."""
    width = length(element.get(f"{SVG}width", ""))
    height = length(element.get(f"{SVG}height", ""))
    if width <= 0 or height <= 0:
        return None
    left, top = corner(element)
    if element.get(f"{DRAW}transform") is None:
        return Extent(left, top, left + width, top + height)
    reach = math.hypot(width, height)
    return Extent(left - reach, top - reach, left + reach, top + reach)


def slide_size(styles: Any) -> tuple[float, float]:
    """Width and height of the slides as their first master tells them.

    Args:
        styles: Root of the named styles, None where there are none.
    """
    if styles is None or (master := styles.find(f".//{STYLE}master-page")) is None:
        return _SIZE_CM
    layout = master.get(f"{STYLE}page-layout-name", "")
    for found in styles.iter(f"{STYLE}page-layout"):
        properties = found.find(f"{STYLE}page-layout-properties")
        if found.get(f"{STYLE}name", "") == layout and properties is not None:
            width = length(properties.get(f"{FO}page-width", "")) or _SIZE_CM[0]
            return width, length(properties.get(f"{FO}page-height", "")) or _SIZE_CM[1]
    return _SIZE_CM
