"""Words that Unicode hides or disguises: tag characters, variation selectors, zero width, direction, likeness."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping

_TAGS = 0xE0000
_ZERO_WIDTH = "\u200b\u2060\u200d\u200c"
_LIKE = str.maketrans("aeopcxyijs", "аеорсхуіјѕ")
"""Latin letters to Cyrillic ones of the same shape."""
_USUAL_FORMATS = frozenset("\u00ad")
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks by their category, though nothing of them is seen."""


def _tags(words: str) -> str:
    return "".join(chr(_TAGS + ord(sign)) for sign in words if ord(sign) < 0x7F)


def _selectors(words: str) -> str:
    """Each byte as one of the 256 variation selectors, as « sneaky bits » are sent."""
    return "".join(
        chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16) for byte in words.encode()
    )


def _zero_width(words: str) -> str:
    return "".join(
        _ZERO_WIDTH[byte >> shift & 3] for byte in words.encode() for shift in (6, 4, 2, 0)
    )


def _invisible_operators(words: str) -> str:
    return "".join(
        "\u2062" if bit == "1" else "\u2064" for byte in words.encode() for bit in f"{byte:08b}"
    )


def _reversed(words: str) -> str:
    return f" \u202e{words[::-1]}\u202c "


def _isolated(words: str) -> str:
    return f" \u2067{words}\u2069 "


def _split(words: str) -> str:
    return " " + "\u200b".join(words)


def _fillers(words: str) -> str:
    return " " + "\u3164".join(words)


def _like_latin(words: str) -> str:
    return f" {words.translate(_LIKE)}"


UNICODE_HIDINGS: Mapping[str, Callable[[str], str]] = {
    "tags": _tags,
    "selectors": _selectors,
    "zero_width": _zero_width,
    "invisible_operators": _invisible_operators,
    "reversed": _reversed,
    "isolated": _isolated,
    "split": _split,
    "fillers": _fillers,
    "homoglyphs": _like_latin,
}
"""By name; each makes a string to be put into any text."""


def in_unicode(words: str, *, how: str) -> str:
    """Words hidden or disguised in one of `UNICODE_HIDINGS`."""
    return UNICODE_HIDINGS[how](words)


def unseen(text: str) -> Iterator[str]:
    """The signs of a text that no reader sees, by their Unicode names; line breaks are none."""
    for sign in text:
        is_selector = any(ord(sign) in selectors for selectors in _SELECTORS)
        is_format = unicodedata.category(sign) == "Cf" and sign not in _USUAL_FORMATS
        if is_selector or is_format or sign in _BLANKS:
            yield unicodedata.name(sign, f"U+{ord(sign):04X}")
