"""Which pictures of a message only adorn it: logos, lines and buttons of a signature."""

from __future__ import annotations

import warnings
from importlib import import_module
from io import BytesIO
from typing import Any, cast

from ingest.parsers.mail.message import Attachment

PICTURE_LETTERS = 120
"""A picture inside the text with fewer letters is a signature or a banner, not a page nor a table."""
_FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "BMP")
_SMALL_SIDE, _SMALL_AREA = 150, 60_000
"""Pixels: no line of running text stands on so little."""
_INLINE_SIDE = 400
"""Pixels of the shorter side of a picture inside the text, up to which it is not read."""


def is_decoration(attachment: Attachment) -> bool:
    """True for a picture that is too small to be read, more so when the text shows it inside itself.

    Only its size is looked at. A picture inside the text that is of no known format is one as well.
    """
    size = _size(attachment.data)
    if size is None:
        return attachment.is_inline
    short, long = sorted(size)
    is_small = short < _SMALL_SIDE or short * long < _SMALL_AREA
    return is_small or (attachment.is_inline and short <= _INLINE_SIDE)


def _size(data: bytes) -> tuple[int, int] | None:
    """Width and height of an image, None for what is none."""
    pil = cast("Any", import_module("PIL.Image"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with pil.open(BytesIO(data), formats=_FORMATS) as image:
                return cast("tuple[int, int]", image.size)
        except Exception:  # noqa: BLE001 - a header that cannot be read is no picture
            return None
