"""The `[n]` of an answer, read while it streams.

Whatever the model writes (`[1, 2]`, `[1-3]`, `【1】`, `[n° 1]`, `[Passage 1]`, `[^1]`), the reader gets
`[1][2]`; a number that is no passage never reaches the reader, and its sentence is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKER_CHARS = 48
"""Longest content of brackets that is still examined as a marker."""
_WORDS = (
    "passage", "passages", "source", "sources", "document", "documents", "doc", "docs", "extrait",
    "extraits", "réf", "ref", "refs", "référence", "références", "reference", "references", "cf",
    "voir", "n", "no", "nos", "num", "numéro", "numero", "page", "p", "et", "à", "and",
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_ALLOWED = re.compile(r"[\d\s.,;:&^#°º\-–—‑/]*\Z")
_ONE = r"\d{1,9}(?:\s*(?:-|–|—|‑|à)\s*(?:(?:n\s*[°º]|no?\.?)\s*)?\d{1,9})?"
_MARKER = re.compile(
    r"\s*[\^#]?\s*(?:(?:cf|voir)\.?\s+)?"
    r"(?:(?:passages?|sources?|documents?|docs?|extraits?|r[ée]fs?|r[ée]f[ée]rences?)\s*[.:]?\s*)?"
    r"(?:(?:n\s*[°º]s?|no?s?\.?|num[ée]ros?)\s*)?\^?"
    rf"(?P<numbers>{_ONE}(?:\s*(?:,|;|&|\bet\b|\band\b)\s*\^?{_ONE})*)"
    r"(?:\s*,?\s*(?:p\.?|pages?)\s*\d{1,5})?(?:\s*†.*)?\s*",
    re.IGNORECASE | re.DOTALL,
)
_RANGE = re.compile(r"(\d+)(?:\D+?(\d+))?")
_LONGEST_RANGE = 20
_OPEN, _CLOSE = "[【", "]】"
_SPACES = " \t\u00a0\u202f"
_CLAUSE_ENDS = ".,)"


@dataclass(frozen=True, slots=True)
class Marker:
    """A `[n]` where it appears for the first time of the answer."""

    number: int
    """The n."""
    end: int
    """Offset in the text of the answer just after it."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one piece of the stream gives."""

    text: str
    """Text to send; never taken back."""
    markers: tuple[Marker, ...]
    """Markers that appear in it for the first time of the answer, in order."""
    removed: tuple[int, ...]
    """Offsets in the text of the answer where a marker of no passage was removed, in order."""


class CitationParser:
    """Reads markers in one answer, fed in pieces; any cut of the answer gives the same result.

    Brackets that hold only numbers are markers; a number from 1 to `count` is known, any other
    (also a year such as `[2024]`) is removed with the space before it. Other brackets are text.
    At most 50 characters are held back.
    """

    def __init__(self, *, count: int) -> None:
        self._count = count
        self._buffer = ""
        self._text = ""
        self._seen: set[int] = set()
        self._fresh: list[Marker] = []
        self._removed: list[int] = []
        self._is_removing = False

    @property
    def text(self) -> str:
        """All text sent so far."""
        return self._text

    def feed(self, piece: str) -> Parsed:
        """What may be sent after this piece."""
        self._buffer += piece
        return self._advance(is_end=False)

    def finish(self) -> Parsed:
        """What was held back; a marker cut by the end is dropped. Nothing is fed afterwards."""
        return self._advance(is_end=True)

    def _advance(self, *, is_end: bool) -> Parsed:
        start = len(self._text)
        while self._buffer:
            step = self._step(is_end=is_end)
            if step is None:
                break
            self._text += step
        markers, self._fresh = tuple(self._fresh), []
        removed, self._removed = tuple(self._removed), []
        return Parsed(text=self._text[start:], markers=markers, removed=removed)

    def _step(self, *, is_end: bool) -> str | None:
        """Decide what stands first in the buffer; None when that depends on what follows."""
        if self._is_removing:
            return self._after_removal(is_end=is_end)
        plain = next(
            (i for i, sign in enumerate(self._buffer) if sign in _OPEN or sign in _SPACES),
            len(self._buffer),
        )
        if plain:
            return self._take(plain)
        spaces = len(self._buffer) - len(self._buffer.lstrip(_SPACES))
        if spaces == len(self._buffer):
            return self._take(spaces) if is_end else None
        if self._buffer[spaces] not in _OPEN:
            return self._take(spaces)
        return self._bracket(spaces, is_end=is_end)

    def _take(self, count: int) -> str:
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _bracket(self, spaces: int, *, is_end: bool) -> str | None:
        content = self._buffer[spaces + 1 :]
        end = next(
            (i for i, sign in enumerate(content[: _MARKER_CHARS + 1]) if sign in _CLOSE), None
        )
        if end is None:
            may_be = _may_become_marker(content)
            if may_be and not is_end:
                return None
            is_cut = may_be and any(sign.isdigit() for sign in content)
            return self._drop() if is_cut else self._take(spaces + 1)
        numbers = _numbers(content[:end])
        if numbers is None or not _may_become_marker(content[:end]):
            return self._take(spaces + 1)
        return self._cite(numbers, spaces=spaces, length=spaces + end + 2)

    def _drop(self) -> str:
        self._buffer = ""
        return ""

    def _cite(self, numbers: list[int], *, spaces: int, length: int) -> str:
        known = [number for number in dict.fromkeys(numbers) if 1 <= number <= self._count]
        if len(known) < len(set(numbers)):
            self._removed.append(len(self._text))
        if not known:
            self._buffer = self._buffer[:spaces] + self._buffer[length:]
            self._is_removing = True
            return ""
        shown = self._take(spaces)
        self._take(length - spaces)
        for number in known:
            shown += f"[{number}]"
            if number not in self._seen:
                self._seen.add(number)
                self._fresh.append(Marker(number, end=len(self._text) + len(shown)))
        return shown

    def _after_removal(self, *, is_end: bool) -> str | None:
        """Close the gap of a removed marker without joining two words."""
        rest = self._buffer.lstrip(_SPACES)
        spaces = len(self._buffer) - len(rest)
        if not is_end and (not rest or (rest[0] in _CLAUSE_ENDS and len(rest) < 2)):
            return None
        self._is_removing = False
        is_clause_end = (
            rest[:1] and rest[0] in _CLAUSE_ENDS and (len(rest) < 2 or rest[1].isspace())
        )
        if not rest or rest[0] == "\n" or is_clause_end:
            self._take(spaces)
            return self._take(1) if rest else ""
        if rest[0] in _OPEN:
            return self._bracket(spaces, is_end=is_end)
        self._take(spaces)
        return "" if not self._text or self._text[-1].isspace() else " "


def _may_become_marker(content: str) -> bool:
    """True when every beginning of a content may be one's: fed sign by sign, it was held back."""
    if len(content) > _MARKER_CHARS:
        return False
    return all(_may_be_marker(content[:size]) for size in range(len(content) + 1))


def _may_be_marker(content: str) -> bool:
    """True when more text could make a marker of an open bracket with this content."""
    if "\n" in content or "[" in content or "【" in content:
        return False
    if "†" in content:
        return True
    words = list(_WORD.finditer(content))
    for word in words:
        is_last = word.end() == len(content)
        text = word[0].lower()
        if not (text in _WORDS or (is_last and any(known.startswith(text) for known in _WORDS))):
            return False
    return _ALLOWED.match(_WORD.sub("", content)) is not None


def _numbers(content: str) -> list[int] | None:
    """The numbers a bracket cites, ranges expanded; None when it is not a marker."""
    found = _MARKER.fullmatch(content)
    if found is None:
        return None
    numbers: list[int] = []
    for part in re.split(r",|;|&|\bet\b|\band\b", found["numbers"]):
        bounds = _RANGE.search(part)
        if bounds is None:
            continue
        first, last = int(bounds[1]), int(bounds[2] or bounds[1])
        if first <= last < first + _LONGEST_RANGE:
            numbers.extend(range(first, last + 1))
        else:
            numbers.extend((first, last))
    return numbers
