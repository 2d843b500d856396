"""An answer and its events so far, and the answer that is being written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from assistant.domain.answers import (
    Answer,
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerStatus,
    Citation,
    CitationAdded,
    NumberedEvent,
    Passage,
    RetrievalCompleted,
    SentenceMarked,
    TextDelta,
)
from assistant.domain.marks import Mark
from assistant.domain.tenancy import Principal, Scope


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """An answer with its events so far."""

    answer: Answer
    events: tuple[NumberedEvent, ...]
    is_withheld: bool = False
    """True when its text is not shown: it rests on a source that its reader may no longer read."""

    @property
    def end(self) -> AnswerCompleted | AnswerFailed | None:
        """The last event of an ended answer, None while it runs."""
        last = self.events[-1].event if self.events else None
        return last if isinstance(last, AnswerCompleted | AnswerFailed) else None

    @property
    def status(self) -> AnswerStatus:
        """How it ended, or RUNNING."""
        end = self.end
        if end is None:
            return self.answer.status
        return end.status if isinstance(end, AnswerCompleted) else AnswerStatus.FAILED

    @property
    def text(self) -> str:
        """The text so far."""
        return text_of(self.events)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations so far, by ascending marker."""
        return citations_of(self.events)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The passages given to its model."""
        found = (each.event for each in self.events)
        return tuple(
            passage
            for event in found
            if isinstance(event, RetrievalCompleted)
            for passage in event.passages
        )

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The sentences marked so far, in order of the text."""
        return marks_of(self.events)


def text_of(events: Sequence[NumberedEvent]) -> str:
    """All text among some events."""
    return "".join(each.event.text for each in events if isinstance(each.event, TextDelta))


def citations_of(events: Sequence[NumberedEvent]) -> tuple[Citation, ...]:
    """The citations among some events, by ascending marker."""
    end = events[-1].event if events else None
    if isinstance(end, AnswerCompleted):
        return end.citations
    found = (each.event.citation for each in events if isinstance(each.event, CitationAdded))
    return tuple(sorted(found, key=lambda citation: citation.marker))


def marks_of(events: Sequence[NumberedEvent]) -> tuple[Mark, ...]:
    """The marks among some events of a running answer, in order of the text."""
    found = (each.event.mark for each in events if isinstance(each.event, SentenceMarked))
    return tuple(sorted(found, key=lambda mark: mark.start))


def nothing_of(answer: Answer) -> Scope:
    """The scope of an answer's own person; it reads no document."""
    return Scope(tenant_id=answer.tenant_id, person_id=answer.person_id, grants=frozenset())


class LiveAnswer:
    """An answer that this process writes. Used from one event loop only."""

    def __init__(self, answer: Answer, *, asker: Principal, scope: Scope) -> None:
        self.answer = answer
        self.asker = asker
        self.scope = scope
        """The collections it was asked from, without those that its asker has lost since."""
        self.is_begun = False
        """True once its turn has come; the rights of who waits in line are read then."""
        self.has_lost = False
        """True once its asker lost some of them."""
        self.events: list[NumberedEvent] = []
        self.kept = 0
        """How many events are in the database."""
        self.is_cancelled = False
        self.released = asyncio.Event()
        """Set once the database holds all of it, or it was given up."""
        self.task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._begun = time.monotonic()
        self._first_token_ms: int | None = None

    @property
    def record(self) -> AnswerRecord:
        """The answer as it stands now."""
        return AnswerRecord(self.answer, tuple(self.events))

    @property
    def has_ended(self) -> bool:
        """True once its last event is there."""
        last = self.events[-1].event if self.events else None
        return isinstance(last, AnswerCompleted | AnswerFailed)

    def publish(self, event: AnswerEvent) -> None:
        """Add an event and wake those who follow; what comes after the end is dropped."""
        if self.has_ended:
            return
        if isinstance(event, TextDelta) and self._first_token_ms is None:
            self._first_token_ms = round((time.monotonic() - self._begun) * 1000)
        self.events.append(NumberedEvent(len(self.events) + 1, event))
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def cancel(self) -> None:
        """Ask it to stop; nothing happens when it has ended."""
        if not self.has_ended and self.task is not None:
            self.is_cancelled = True
            self.task.cancel()

    def narrow(self, now: Scope | None) -> None:
        """Take note of what its asker may read now; None for who may not come in any more."""
        kept = nothing_of(self.answer) if now is None else self.scope.within(now)
        self.has_lost = self.has_lost or kept != self.scope
        self.scope = kept

    def interrupted_end(self) -> AnswerEvent:
        """The end of an answer stopped before its own: with what was said so far."""
        if not self.is_cancelled:
            return AnswerFailed("answer_interrupted", {})
        return AnswerCompleted(
            status=AnswerStatus.CANCELLED,
            text=text_of(self.events),
            citations=citations_of(self.events),
            marks=marks_of(self.events),
            model=None,
            tokens=None,
            first_token_ms=self._first_token_ms,
        )

    async def follow(self, *, after: int) -> AsyncIterator[NumberedEvent]:
        """Events with a number above `after`, as they come, until the last one."""
        number = max(0, after)
        while True:
            changed = self._changed
            for event in self.events[number:]:
                number = event.number
                yield event
            if len(self.events) > number:
                continue
            if self.has_ended:
                return
            await changed.wait()
