"""Logos: small pictures, drawn again from their points so that nothing else of the file is kept."""

from __future__ import annotations

from io import BytesIO

from assistant.domain.errors import InvalidInput

MOST_BYTES = 500_000
_MOST_POINTS = 4_000
_SHOWN_POINTS = 512


def checked_logo(content: bytes) -> bytes:
    """A PNG or JPEG image as a PNG of at most 512 × 512 points.

    SVG is refused: it can hold programs and links.

    Raises:
        InvalidInput: Anything else, beyond 500 kB or 4,000 points a side ("logo_refused").
    """
    from PIL import Image

    if len(content) > MOST_BYTES:
        raise InvalidInput("logo_refused")
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
            if max(image.size) > _MOST_POINTS:
                raise InvalidInput("logo_refused")
            drawn = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise InvalidInput("logo_refused") from None
    drawn.thumbnail((_SHOWN_POINTS, _SHOWN_POINTS))
    written = BytesIO()
    drawn.save(written, "PNG")
    return written.getvalue()
