"""The answer under construction: what the model sent, made safe, cited and timed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

from assistant.answering.citations import CitationParser, Parsed
from assistant.answering.coalescer import Coalescer
from assistant.answering.copies import normalised
from assistant.answering.prompt import refusal
from assistant.answering.quotes import best_quote, cited, way_on
from assistant.answering.sanitizer import OutputSanitizer
from assistant.answering.verification import Verifier
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerStatus,
    Citation,
    CitationAdded,
    Notice,
    Passage,
    SentenceMarked,
    TextDelta,
    TokenUsage,
)
from assistant.domain.catalogue import sentence

_STATEMENT_CHARS = 300
"""Length of the text before a marker that is compared with the sentences of its passage."""
_MARKER = re.compile(r"\[\d+\]")


class Stopwatch:
    """Time since the start of an answer, and when its first text left."""

    def __init__(self) -> None:
        self._started_s = time.perf_counter()
        self.first_token_ms: int | None = None

    def mark_first(self) -> None:
        """Note that text leaves now; only the first call counts."""
        if self.first_token_ms is None:
            self.first_token_ms = round(1000 * (time.perf_counter() - self._started_s))


class Draft:
    """Turns pieces of a model's reply into events, and knows what was sent."""

    def __init__(
        self, passages: Sequence[Passage], *, stopwatch: Stopwatch, deltas_per_s: float
    ) -> None:
        self._passages = {passage.marker: passage for passage in passages}
        self._sanitizer = OutputSanitizer(placeholder=sentence("link_removed"))
        self._parser = CitationParser(count=len(passages))
        self._coalescer = Coalescer(per_second=deltas_per_s)
        self._stopwatch = stopwatch
        self._verifier = Verifier(passages)
        self._pending: list[CitationAdded | SentenceMarked] = []
        self._citations: dict[int, Citation] = {}
        self._sent: list[str] = []
        self._lead_chars: int | None = None
        """White space taken off the beginning of the reply; None before its first word."""

    @property
    def has_sent(self) -> bool:
        """True once some text has left; from then on the answer is kept whatever happens."""
        return bool(self._sent)

    @property
    def text(self) -> str:
        """The text sent so far."""
        return "".join(self._sent)

    @property
    def _is_refusal(self) -> bool:
        return normalised(self.text).startswith(normalised(refusal()))

    def feed(self, piece: str) -> Iterator[AnswerEvent]:
        """Take a piece of the reply; the events that are due now."""
        self._gather(self._parser.feed(self._sanitizer.feed(piece)))
        return self.due()

    def due(self) -> Iterator[AnswerEvent]:
        """The events that are due now."""
        return self._leave(self._coalescer.take(now=time.perf_counter()))

    def wait_s(self) -> float | None:
        """Seconds until gathered text is due, None when there is none."""
        return self._coalescer.wait_s(now=time.perf_counter())

    def finish(self, *, is_whole: bool = True) -> Iterator[AnswerEvent]:
        """The reply is over: everything that was held back, and after a refusal what to do next.

        Args:
            is_whole: False when it stops before its end: its last statement is then not verified.
        """
        rest = self._parser.feed(self._sanitizer.finish())
        self._gather(rest)
        self._gather(self._parser.finish())
        self._pending += map(SentenceMarked, self._verifier.finish(is_whole=is_whole))
        yield from self._leave(self._coalescer.flush().rstrip())
        yield from self._noted()
        if self._is_refusal:
            sent = self.text
            gap = "\n" * max(2 - (len(sent) - len(sent.rstrip("\n"))), 0)
            yield from self._leave(f"{gap}{way_on(list(self._passages.values()))}")

    def completed(
        self, *, model: str, tokens: TokenUsage | None, notices: Sequence[Notice] = ()
    ) -> AnswerCompleted:
        """The end of the answer, verified, with what is to be said of it."""
        return AnswerCompleted(
            status=AnswerStatus.REFUSED if self._is_refusal else AnswerStatus.ANSWERED,
            text=self.text,
            citations=tuple(self._citations[marker] for marker in sorted(self._citations)),
            marks=self._verifier.marks,
            model=model,
            tokens=tokens,
            first_token_ms=self._stopwatch.first_token_ms,
            notices=tuple(notices),
        )

    def _gather(self, parsed: Parsed) -> None:
        text = parsed.text if self._lead_chars is not None else parsed.text.lstrip()
        if self._lead_chars is None and text:
            self._lead_chars = len(self._parser.text) - len(text)
        self._coalescer.hold(text)
        for marker in parsed.markers:
            passage = self._passages[marker.number]
            quote = best_quote(self._statement(marker.end), passage=passage)
            citation = cited(passage, quote=quote)
            self._citations[marker.number] = citation
            self._pending.append(CitationAdded(citation))
        for place in parsed.removed:
            self._verifier.remove(max(place - (self._lead_chars or 0), 0))
        self._pending += map(SentenceMarked, self._verifier.feed(text))

    def _statement(self, end: int) -> str:
        """The words before a marker; its number and those of others are none of them."""
        return _MARKER.sub("", self._parser.text[:end])[-_STATEMENT_CHARS:]

    def _leave(self, text: str) -> Iterator[AnswerEvent]:
        if text:
            self._stopwatch.mark_first()
            self._sent.append(text)
            yield TextDelta(text)
            yield from self._noted()

    def _noted(self) -> Iterator[AnswerEvent]:
        """What is to be said of the text sent before."""
        pending, self._pending = self._pending, []
        yield from pending
