"""Sentences of an answer that its passages do not support, and the reason as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assistant.domain.catalogue import sentence

_MOST_WORDS_SHOWN = 4


class MarkKind(StrEnum):
    """What is wrong with a sentence, the gravest thing when there are several."""

    UNKNOWN_SOURCE = "unknown_source"
    """It cited a passage that does not exist."""
    MISPLACED = "misplaced"
    """Another passage than the one it cites supports it."""
    AMOUNT = "amount"
    PERCENTAGE = "percentage"
    DATE = "date"
    DURATION = "duration"
    NUMBER = "number"
    REFERENCE = "reference"
    """Of a law, an article or an act."""
    NAME = "name"
    """From AMOUNT to NAME: the passages cited do not hold these words."""
    EXCHANGED = "exchanged"
    """The passage cited holds these words elsewhere, not where it says the rest of the sentence."""
    IN_FORCE = "in_force"
    """It says that something is in force, which no passage it cites says."""
    NEGATION = "negation"
    """It denies what the passage says, or says what the passage denies."""
    MEANING = "meaning"
    """Too few of its words are those of the passages it cites."""
    UNCITED = "uncited"
    """It states something without a source."""


_MISSING = frozenset(
    {
        MarkKind.AMOUNT, MarkKind.PERCENTAGE, MarkKind.DATE, MarkKind.DURATION, MarkKind.NUMBER,
        MarkKind.REFERENCE, MarkKind.NAME,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence, list item or table row of an answer that could not be verified."""

    kind: MarkKind
    sentence: str
    """As it stands in the answer."""
    start: int
    """Offset of its first character in the text of the answer."""
    end: int
    """Offset just after its last character."""
    words: tuple[str, ...] = ()
    """What the passages do not hold, as written; empty for a sentence that fails as a whole."""
    markers: tuple[int, ...] = ()
    """The passages it was compared with."""
    found_in: tuple[int, ...] = ()
    """MISPLACED only: the passages that support it."""


def reason_of(mark: Mark) -> str:
    """Why a sentence is marked, in French, without a full stop."""
    words = ", ".join(f"« {word} »" for word in mark.words[:_MOST_WORDS_SHOWN])
    form = "one" if len(mark.words) == 1 else "many"
    if mark.kind is MarkKind.MISPLACED:
        return sentence(
            "mark_misplaced", cited=_sources(mark.markers), found=_sources(mark.found_in)
        )
    if mark.kind in _MISSING:
        return sentence(f"mark_missing_{form}", words=words, sources=_sources(mark.markers))
    if mark.kind is MarkKind.EXCHANGED:
        return sentence("mark_exchanged", words=words, sources=_sources(mark.markers))
    if mark.kind is MarkKind.NEGATION and words:
        return sentence("mark_negation_of", words=words, sources=_sources(mark.markers))
    return sentence(f"mark_{mark.kind.value}", sources=_sources(mark.markers))


def _sources(markers: tuple[int, ...]) -> str:
    shown = "".join(f"[{marker}]" for marker in markers)
    return sentence("mark_source_one" if len(markers) == 1 else "mark_source_many", markers=shown)
