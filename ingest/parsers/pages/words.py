"""Words of pages, whatever printed or read them: cut ones put together again, all of them counted."""

from __future__ import annotations

import re
from collections import Counter

from ingest.cleaning import fold

_WORD = re.compile(r"[^\W\d_]{3,}")
_HYPHEN_END = re.compile("[\ufffe\u00ad]\\s*|(?<=[^\\W\\d_])-\\s*\\n\\s*(?=[a-zà-ÿ])")
_HYPHENATED_LIST = (
    "sous vice peut celui celle ceux celles ci non demi mi semi rez chef ex avant apres hors porte"
)
_HYPHENATED = frozenset(_HYPHENATED_LIST.split())
"""First halves of words whose hyphen stays."""


def joined_words(text: str) -> str:
    """The text with words cut at the end of a line put together again."""
    return _HYPHEN_END.sub(_rejoined, text)


def _rejoined(cut: re.Match[str]) -> str:
    """A hyphen that belongs to the word ("sous-préfet") survives the end of its line."""
    before = cut.string[: cut.start()].split()[-1:] or [""]
    return "-" if fold(before[0]).rpartition("'")[2] in _HYPHENATED else ""


def words_of(text: str) -> Counter[str]:
    """Words of three letters or more, folded, with their counts."""
    return Counter(_WORD.findall(fold(text)))
