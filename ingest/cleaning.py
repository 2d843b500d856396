"""Cleaning of characters that extraction leaves behind, without changing a word."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LIGATURES = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_CONTROLS = [*range(9), 0x0B, *range(0x0E, 0x20), 0x7F, *range(0x80, 0xA0)]
_INVISIBLE = [
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFFC),
    *range(0xE0000, 0xE1000),
]
"""Without width, changing the direction, selecting a variant, or tags: a model reads them, no person does."""
_UNSEEN = dict.fromkeys(_INVISIBLE)
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000))
_TABLE = {
    **dict.fromkeys([*_CONTROLS, 0xFFFD, 0xFFFE]),
    **_UNSEEN,
    **_SURROGATES,
    **{ord(key): value for key, value in _LIGATURES.items()},
}
_SPACES = re.compile(r"[ \t\u00A0\u2000-\u200A\u202F\u3000]+")
_LEADERS = re.compile(r"(?:[ .]?\.){5,}|(?:… ?){3,}|_{5,}|(?:- ?){8,}")
_AROUND_BREAK = re.compile(r" ?\n ?")
_BREAKS = re.compile(r"\n{3,}")
_PRIVATE = re.compile("[\ue000-\uf8ff]")


def clean_text(text: str) -> str:
    """The text in NFC, without control characters, ligatures, soft hyphens or dotted leaders.

    Runs of blanks become one space, three line breaks or more become two.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    text = unicodedata.normalize("NFC", text.translate(_TABLE))
    text = _PRIVATE.sub("•", text)
    text = _LEADERS.sub(" ", text)
    text = _AROUND_BREAK.sub("\n", _SPACES.sub(" ", text))
    return _BREAKS.sub("\n\n", text).strip()


def seen_text(text: str) -> str:
    """The text without signs that no reader sees, in which words for a model alone can be written."""
    return text.translate(_UNSEEN)


def one_line(text: str) -> str:
    """The cleaned text on a single line."""
    return " ".join(clean_text(text).split())


def fold(text: str) -> str:
    """Lower case without accents nor typographic variants, to compare words."""
    return "".join(map(_folded, text))


@lru_cache(maxsize=8192)
def _folded(char: str) -> str:
    plain = {"’": "'", "œ": "oe", "Œ": "oe"}.get(char, char)
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
