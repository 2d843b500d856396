"""Copies of a text among what was found: equal ones are one place, near ones leave room for the others.

Whoever can add documents could otherwise fill all the places with one text, and so could an honest
letter sent under many names. What differs by a figure, a date or a name is never merged: those are
other facts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from assistant.domain.documents import SourceChunk
from assistant.domain.ids import DocumentId
from assistant.domain.retrieval import Hit

_WORD = re.compile(r"\w+")
_LEAST_OTHER_WORDS = 2
_OTHER_WORDS_SHARE = 0.1
"""Words that near-copies do not share: one exchanged for another makes two; more in longer texts."""
_CROWD_SHARE = 3
"""Near-copies from several documents keep their rank for one place in so many."""
_MOST_COPIES = 20
"""Further documents told of one text: thousands would be read by nobody."""


def normalised(text: str) -> str:
    """A text without differences of case, spacing and Unicode form; every word and figure stays."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(slots=True)
class _Alike:
    words: frozenset[str]
    documents: set[DocumentId]


class Crowd:
    """How many documents with nearly the same words have come, text by text."""

    def __init__(self, *, places: int) -> None:
        """Prepare for a number of places, a third of which one crowd may take; one at least."""
        self._most = max(1, places // _CROWD_SHARE)
        self._seen: list[_Alike] = []

    def has_room(self, chunk: SourceChunk) -> bool:
        """Count a chunk: False when enough other documents with nearly its words came before.

        Passages of a document that is already counted always have room: a table or a list says
        other facts in nearly the same words.
        """
        words = frozenset(_WORD.findall(normalised(chunk.text)))
        for alike in self._seen:
            if _are_near(words, alike.words):
                is_known = chunk.document_id in alike.documents
                if not is_known and len(alike.documents) >= self._most:
                    return False
                alike.documents.add(chunk.document_id)
                return True
        self._seen.append(_Alike(words, {chunk.document_id}))
        return True


def spread(hits: Iterable[Hit], *, places: int) -> list[Hit]:
    """Hits in order, near-copies that are too many after all the others; ranks from 1."""
    crowd = Crowd(places=places)
    kept: list[Hit] = []
    crowded: list[Hit] = []
    for hit in hits:
        (kept if crowd.has_room(hit.chunk) else crowded).append(hit)
    ordered = enumerate([*kept, *crowded], start=1)
    return [replace(hit, rank=rank) for rank, hit in ordered]


@dataclass(slots=True)
class Place:
    """One text that was found, with the chunks that hold it."""

    chunks: list[SourceChunk]
    """Best ranked first."""
    score: float
    """That of the best ranked."""
    has_room: bool
    """False for a near-copy that is one too many."""

    def hit(self, *, rank: int) -> Hit:
        """Its newest dated chunk (the best ranked without dates, or of equal ones), the others beside it."""
        shown = max(self.chunks, key=lambda chunk: chunk.date or date.min)
        others: dict[DocumentId, SourceChunk] = {}
        for chunk in self.chunks:
            if chunk.document_id != shown.document_id:
                others.setdefault(chunk.document_id, chunk)
        also = tuple(islice(others.values(), _MOST_COPIES))
        return Hit(rank=rank, chunk=shown, score=self.score, also=also)


class Gathering:
    """Live chunks, taken in the order of their ranking until enough places are filled."""

    def __init__(self, *, places: int, crowd: Crowd | None = None) -> None:
        """Prepare.

        Args:
            places: How many are wanted, at least 1.
            crowd: With one, equal words are one place whatever their documents, and near-copies
                that it has no room for fill none. Without, only equal words of one document are
                one place.
        """
        self.wanted = places
        self._crowd = crowd
        self._by_words: dict[tuple[str, str], Place] = {}
        self._filled = 0

    @property
    def is_full(self) -> bool:
        """True when no further chunk is needed."""
        return self._filled >= self.wanted

    def add(self, chunk: SourceChunk, *, score: float) -> None:
        """Take the next chunk of the ranking."""
        owner = chunk.document_id if self._crowd is None else ""
        key = (owner, normalised(chunk.text))
        place = self._by_words.get(key)
        if place is None:
            has_room = self._crowd is None or self._crowd.has_room(chunk)
            self._by_words[key] = Place([chunk], score, has_room)
            self._filled += has_room
        elif not owner:
            place.chunks.append(chunk)

    def best(self) -> list[Place]:
        """As many places as are wanted, best first; those without room come after all the others."""
        ordered = sorted(self._by_words.values(), key=lambda place: not place.has_room)
        return ordered[: self.wanted]


def _are_near(one: frozenset[str], other: frozenset[str]) -> bool:
    allowed = max(_LEAST_OTHER_WORDS, _OTHER_WORDS_SHARE * len(one | other))
    return len(one ^ other) <= allowed
