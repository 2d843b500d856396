"""The statements of an answer while it streams: sentences, list items and table rows.

Each is given once, as soon as nothing that follows can change it; any cut of the text gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ingest.sentences import split_sentences

_PREFIX = re.compile(r"[\s>]*(?:(?P<item>[-*•+]|\d{1,3}[.)])\s+)?")
_MARKERS = re.compile(r"(?:\[\d+\]\s*)+")
_NUMBER = re.compile(r"\[(\d+)\]")
_SETTLED = re.compile(r"[^\W\d_].", re.DOTALL)
"""A letter and what follows it: the sentence before can no longer gain anything."""
_ROW_EDGE = "| \t"
_HEADING_LEAD = re.compile(r"\A[\s#]*")
_HEADING = re.compile(r"\s*(?:#{1,6}\s+.*|\*\*[^*]+\*\*\s*:?\s*)")


class Shape(Enum):
    """What a statement is on the page."""

    SENTENCE = auto()
    ITEM = auto()
    """A sentence of a list item."""
    ROW = auto()
    """A table row, whole."""
    HEADING = auto()


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, list item or table row."""

    start: int
    """Offset in the answer; the bullet or the first bar of a row stands before."""
    end: int
    """Offset just after it, markers included."""
    text: str
    shape: Shape
    opens_block: bool
    """True for the first one of a paragraph; a list or table goes with the paragraph before it."""

    @property
    def markers(self) -> tuple[int, ...]:
        """The passages it cites, each once, in order."""
        return tuple(dict.fromkeys(int(number) for number in _NUMBER.findall(self.text)))


class StatementReader:
    """Reads one answer, fed in pieces."""

    def __init__(self) -> None:
        self._text = ""
        self._line = 0
        self._given = 0
        """Offset up to which statements were given."""
        self._is_after_blank = True
        self._is_code = False

    def feed(self, piece: str) -> list[Statement]:
        """The statements that are complete after this piece, in order."""
        self._text += piece
        found: list[Statement] = []
        while (end := self._text.find("\n", self._line)) >= 0:
            found += self._read_line(end, is_closed=True)
            self._line = end + 1
        return found + self._read_line(len(self._text), is_closed=False)

    def finish(self) -> list[Statement]:
        """What the end of the answer completes. Nothing is fed afterwards."""
        return self._read_line(len(self._text), is_closed=True)

    def _read_line(self, end: int, *, is_closed: bool) -> list[Statement]:
        line = self._text[self._line : end]
        bare = line.strip()
        if bare.startswith("```"):
            self._is_code ^= is_closed
            return []
        if not bare or self._is_code:
            self._is_after_blank |= is_closed
            return []
        if bare[0] in "|#`*" and not is_closed:
            return []
        found = list(self._statements(line, is_closed=is_closed))
        if found:
            self._given = found[-1].end
            self._is_after_blank = False
        return found

    def _statements(self, line: str, *, is_closed: bool) -> Iterator[Statement]:
        shape, spans = _spans(line)
        is_part = shape in {Shape.ITEM, Shape.ROW}
        for number, (start, end) in enumerate(spans):
            is_last = number == len(spans) - 1
            if not is_closed and (is_last or not _SETTLED.search(line[end:])):
                return
            if self._line + end > self._given:
                yield Statement(
                    start=self._line + start,
                    end=self._line + end,
                    text=line[start:end],
                    shape=shape,
                    opens_block=self._is_after_blank and not number and not is_part,
                )


def _spans(line: str) -> tuple[Shape, list[tuple[int, int]]]:
    bare = line.strip()
    if bare.startswith("|"):
        inner = bare.strip(_ROW_EDGE)
        start = line.index(inner) if inner else 0
        return Shape.ROW, [(start, start + len(inner))] if any(map(str.isalnum, inner)) else []
    if _HEADING.fullmatch(line):
        start = len(line) - len(_HEADING_LEAD.sub("", line, count=1))
        return Shape.HEADING, [(start, len(line.rstrip()))] if start < len(line.rstrip()) else []
    prefix = _PREFIX.match(line)
    start = prefix.end() if prefix else 0
    shape = Shape.ITEM if prefix and prefix["item"] else Shape.SENTENCE
    return shape, list(_joined(line, start=start))


def _joined(line: str, *, start: int) -> Iterator[tuple[int, int]]:
    """The sentences of a line; markers after a full stop go with the sentence before."""
    pending: tuple[int, int] | None = None
    for span in split_sentences(line[start:]):
        first, last = span[0] + start, span[1] + start
        markers = _MARKERS.match(line, first, last)
        if pending and markers:
            rest = markers.end()
            end = last if not any(map(str.isalnum, line[rest:last])) else rest
            pending = pending[0], len(line[:end].rstrip())
            if end == last:
                continue
            first = rest
        if pending:
            yield pending
        pending = first, last
    if pending:
        yield pending
