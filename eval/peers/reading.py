"""What one program made of the files, and how its ranking of pages is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.figures import bootstrap
from eval.questions import JudgedQuestion

Place = tuple[str, int]
"""File, and page from 1; 0 where the program gives no page."""
DEPTHS = (1, 5)


@dataclass(frozen=True, slots=True)
class Reading:
    """One program, from the original files to the pages it ranks."""

    name: str
    indexing_s: float
    """From the command to the end of it."""
    memory_mb: float
    """Greatest proportional memory of its processes, indexing and searching."""
    unread: tuple[str, ...]
    """Files of which it has no text, or the bytes of the file for text."""
    search_s: tuple[float, ...]
    """One search each."""
    places: Mapping[str, tuple[Place, ...]]
    """Question → pages, each once, best first."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How much more often the first program is right than the second, on the same questions."""

    value: float
    low: float
    high: float
    count: int


def distinct(places: Sequence[Place]) -> tuple[Place, ...]:
    """Each place once, by its best rank: passages are of other sizes from program to program."""
    return tuple(dict.fromkeys(places))


def is_right(question: JudgedQuestion, places: Sequence[Place], *, depth: int) -> bool:
    """True when one of the first places is the right page; the right file where there are no pages."""
    return any(
        question.is_placed(file=file, pages=[page] if page else []) for file, page in places[:depth]
    )


def right(reading: Reading, questions: Sequence[JudgedQuestion], *, depth: int) -> list[bool]:
    """Whether each question finds its page."""
    return [
        is_right(question, reading.places.get(question.id, ()), depth=depth)
        for question in questions
    ]


def gap(first: Reading, second: Reading, *, questions: Sequence[JudgedQuestion], depth: int) -> Gap:
    """The difference of the shares, with its paired bootstrap interval.

    Files are drawn, not questions: those on one file succeed or fail together.
    """
    ours = right(first, questions, depth=depth)
    theirs = right(second, questions, depth=depth)
    differences = [float(one) - float(other) for one, other in zip(ours, theirs, strict=True)]
    low, high = bootstrap(differences, groups=[" ".join(sorted(each.judged)) for each in questions])
    return Gap(
        sum(differences) / len(differences), max(-1.0, low), min(1.0, high), len(differences)
    )
