"""How the words of an index are weighed: the parameters of BM25, a part of what a generation is made of."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from assistant.domain.errors import InvalidInput

MOST_K1 = 5
LEAST_LENGTH = 10
MOST_LENGTH = 2000
_WRITTEN = re.compile(r"bm25 (?P<language>\w+) k=(?P<k1>\S+) b=(?P<b>\S+) length=(?P<length>\d+)")


@dataclass(frozen=True, slots=True)
class WordWeighing:
    """The parameters of BM25; two indexes of the same ones weigh every word alike."""

    k1: float = 1.2
    """How much a repeated word counts, in [0, 5]: at 0, once is as much as ten times."""
    b: float = 0.75
    """How much a long text is held against its words, in [0, 1]."""
    length: int = 100
    """Terms of an average passage once stop words are gone, the length at which `b` is neutral.
    Measured on real administrative text: 0.36 term a token, for chunks of 256 tokens and their titles."""
    language: str = "french"
    """Of stems and stop words."""

    def __str__(self) -> str:
        """In one line, as a generation keeps it; `parse` reads it."""
        return f"bm25 {self.language} k={self.k1!r} b={self.b!r} length={self.length}"

    @classmethod
    def parse(cls, line: str) -> WordWeighing:
        """What `str` wrote.

        Raises:
            ValueError: Not such a line.
        """
        found = _WRITTEN.fullmatch(line)
        if found is None:
            raise ValueError("not a line about the weights of words")
        return cls(float(found["k1"]), float(found["b"]), int(found["length"]), found["language"])


@dataclass(frozen=True, slots=True)
class WordChoice:
    """The parameters that a person chose; None leaves one as it is in the index that is searched."""

    k1: float | None = None
    b: float | None = None
    length: int | None = None

    def over(self, present: WordWeighing) -> WordWeighing:
        """The present parameters with those chosen in their place.

        Raises:
            InvalidInput: One is out of bounds ("generation_k1_range", "generation_b_range",
                "generation_length_range").
        """
        if self.k1 is not None and not _is_within(self.k1, most=MOST_K1):
            raise InvalidInput("generation_k1_range", limit=MOST_K1)
        if self.b is not None and not _is_within(self.b, most=1):
            raise InvalidInput("generation_b_range")
        if self.length is not None and not LEAST_LENGTH <= self.length <= MOST_LENGTH:
            raise InvalidInput("generation_length_range", least=LEAST_LENGTH, limit=MOST_LENGTH)
        return replace(
            present,
            k1=present.k1 if self.k1 is None else float(self.k1),
            b=present.b if self.b is None else float(self.b),
            length=present.length if self.length is None else self.length,
        )


AS_IS = WordChoice()
"""Nothing chosen."""


def _is_within(value: float, *, most: float) -> bool:
    return math.isfinite(value) and 0 <= value <= most
