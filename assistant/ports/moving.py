"""How the events of an answer are written down outside the store that keeps them."""

from __future__ import annotations

from typing import Protocol

from assistant.domain.answers import AnswerEvent


class EventCodec(Protocol):
    """Events of answers as JSON texts."""

    def dump(self, event: AnswerEvent) -> str:
        """An event as a JSON object."""
        ...

    def load(self, text: str) -> AnswerEvent:
        """The event of a text made by `dump`. Raises `ValueError` for another text."""
        ...
