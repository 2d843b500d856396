"""Questions with the place of their answer, and how a passage is judged against them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question and where its answer stands."""

    id: str
    text: str
    judged: Mapping[str, int] = field(default_factory=dict[str, int])
    """File name → grade, at least 1; empty when the corpus has no answer."""
    pages: tuple[int, ...] = ()
    """Pages that hold the answer, from 1; empty for formats without pages."""
    quotes: tuple[str, ...] = ()
    """A right passage contains one of these; empty when documents are judged as a whole."""
    keywords: tuple[str, ...] = ()
    """Words that a right answer contains."""
    expected: str = ""
    """An answer written by a person; empty when there is none."""
    kind: str = ""
    """Type of question, as its set names it."""
    groups: tuple[str, ...] = ()
    """Intents; questions of one intent weigh as much as one. Empty: the question is its own."""

    @property
    def is_answerable(self) -> bool:
        """True when the corpus answers it."""
        return bool(self.judged)

    def is_placed(self, *, file: str, pages: Sequence[int]) -> bool:
        """True for a right file and, where both sides know pages, a right page."""
        is_on_page = not (self.pages and pages) or bool(set(self.pages) & set(pages))
        return file in self.judged and is_on_page

    def is_answered_by(self, *, file: str, pages: Sequence[int], text: str) -> bool:
        """True when a passage stands at the right place and contains a quote."""
        return self.is_placed(file=file, pages=pages) and contains_one(text, self.quotes)


def contains_one(text: str, quotes: Sequence[str]) -> bool:
    """True when a text contains one of some quotes, whatever the case and the spaces."""
    held = normalised(text)
    return any(normalised(quote) in held for quote in quotes)


def normalised(text: str) -> str:
    """Lower case, compatibility form, straight quotes, one space between words, no pipes."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return re.sub(r"[\s|]+", " ", folded).strip()
