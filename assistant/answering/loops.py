"""Notices when a model repeats itself without end."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?…\n]")
_LONGEST_PERIOD = 60
"""Words of the longest run whose repetition is looked for."""
_TIMES = 5
"""How often a run of words follows itself before it is a loop."""
_LEAST_WORDS = 24
"""Words that a loop fills at least: a short list of equal answers is none."""
_SENTENCE_WORDS = 6
_SENTENCE_TIMES = 6
"""How often one sentence of six words or more may stand in an answer, wherever."""
_HELD_CHARS = 4_000


class LoopDetector:
    """Reads a reply as it comes; figures count as words, so rows that differ by one are no loop."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._pending = ""
        self._seen: Counter[str] = Counter()

    def feed(self, piece: str) -> bool:
        """Take the next piece of a reply; True once it goes round in circles."""
        self._pending += piece
        *sentences, self._pending = _SENTENCE_END.split(self._pending)
        is_looping = False
        for text in sentences:
            is_looping = self._take(text) or is_looping
        if len(self._pending) > _HELD_CHARS:
            text, self._pending = self._pending, ""
            is_looping = self._take(text) or is_looping
        return is_looping

    def _take(self, text: str) -> bool:
        words = _WORD.findall(text.casefold())
        if not words:
            return False
        if len(words) >= _SENTENCE_WORDS:
            line = " ".join(words)
            self._seen[line] += 1
            if self._seen[line] >= _SENTENCE_TIMES:
                return True
        self._words = [*self._words, *words][-_LONGEST_PERIOD * _TIMES :]
        return any(self._repeats(period) for period in range(1, _LONGEST_PERIOD + 1))

    def _repeats(self, period: int) -> bool:
        """True when the words end with a run of this length said again and again."""
        span = max(period * _TIMES, _LEAST_WORDS + period)
        if len(self._words) < span:
            return False
        tail = self._words[-span:]
        return tail[period:] == tail[:-period]
