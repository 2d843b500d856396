"""How documents are cut into passages: a part of what a generation of the index is made of.

A version may be cut in several ways at once, one for each cut of the generations that are fed. The
passages that people see are those of the generation that is searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.domain.errors import InvalidInput

LEAST_TOKENS = 64
MOST_TOKENS = 480
"""Embedding models of the E5 family read 512 of their own tokens."""
_WRITTEN = re.compile(r"tokens=(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to cut."""

    tokens: int | None = None
    """Length aimed at for a passage with its title and headings, in tokens of our own counter; None
    for the length that the settings named when each document was read."""

    @property
    def id(self) -> str:
        """Names it in the database; empty for the length of the settings. `parse` reads it."""
        return "" if self.tokens is None else f"tokens={self.tokens}"

    @classmethod
    def parse(cls, name: str) -> Cut:
        """The cut of this id.

        Raises:
            ValueError: Not an id.
        """
        if not name:
            return cls()
        found = _WRITTEN.fullmatch(name)
        if found is None:
            raise ValueError("not the id of a cut")
        return cls(int(found[1]))


ORDINARY = Cut()
"""As the settings say when a document is read."""


def chosen_cut(tokens: int | None, *, present: Cut) -> Cut:
    """The cut of a new generation.

    Args:
        tokens: The length that a person chose; None leaves it as it is.
        present: The cut of the generation that is searched.

    Raises:
        InvalidInput: Out of bounds ("generation_tokens_range").
    """
    if tokens is None:
        return present
    if not LEAST_TOKENS <= tokens <= MOST_TOKENS:
        raise InvalidInput("generation_tokens_range", least=LEAST_TOKENS, limit=MOST_TOKENS)
    return Cut(tokens)
