"""Kept answers as their reader may see them now: what rests on a source it may no longer read is withheld."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    Citation,
    CitationAdded,
    Notice,
    NumberedEvent,
    Passage,
    RetrievalCompleted,
    SentenceMarked,
    TextDelta,
)
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import DocumentId
from assistant.domain.tenancy import Scope
from assistant.services.answer_record import AnswerRecord

WITHHELD = "answer_withheld"
"""Code of the notice that stands in the place of a withheld text."""
_NOTHING = TextDelta("")
"""In the place of an event that is withheld, so that numbers keep their order without gaps."""

Source = TypeVar("Source", Passage, Citation)


class Veil:
    """Shows the events of one answer, given in their order from the first one on.

    An answer may repeat any passage that was given to its model, cited or not: one that its reader
    may no longer read withholds the whole text. Sources that it may read stay.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._met: list[Passage | Citation] = []
        self.is_drawn = False
        """True once a source was met that the reader may not read."""

    def narrow(self, scope: Scope) -> None:
        """What the reader lost while it read: from now on nothing outside this scope is shown."""
        kept = self._scope.within(scope)
        if kept != self._scope:
            self._scope = kept
            self.is_drawn = self.is_drawn or not all(map(self._chunks, self._met))

    def shown(self, numbered: NumberedEvent) -> NumberedEvent:
        """The event as the reader may see it."""
        return NumberedEvent(numbered.number, self._event(numbered.event))

    def _event(self, event: AnswerEvent) -> AnswerEvent:
        match event:
            case RetrievalCompleted(passages=passages):
                return replace(event, passages=self._kept(passages))
            case CitationAdded(citation=citation):
                kept = self._kept((citation,))
                return CitationAdded(kept[0]) if kept else _NOTHING
            case AnswerCompleted(citations=citations):
                kept = self._kept(citations)
                return self._end(replace(event, citations=kept))
            case TextDelta() | SentenceMarked() if self.is_drawn:
                return _NOTHING
            case _:
                return event

    def _end(self, event: AnswerCompleted) -> AnswerCompleted:
        if not self.is_drawn:
            return event
        return replace(event, text="", marks=(), notices=(Notice(WITHHELD),), understood="")

    def _kept(self, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        self._met.extend(sources)
        found = [self._readable(each) for each in sources]
        kept = tuple(each for each in found if each is not None)
        self.is_drawn = self.is_drawn or len(kept) < len(found)
        return kept

    def _readable(self, source: Source) -> Source | None:
        """The source; by another document with the same words where only that one may be read."""
        readable = self._chunks(source)
        if not readable:
            return None
        return replace(source, chunk=readable[0], also=tuple(readable[1:]))

    def _chunks(self, source: Passage | Citation) -> list[SourceChunk]:
        scope = self._scope
        return [
            chunk
            for chunk in (source.chunk, *source.also)
            if scope.allows(tenant_id=chunk.tenant_id, collection_id=chunk.collection_id)
            and chunk.document_id not in scope.hidden
        ]


def documents_of(record: AnswerRecord) -> frozenset[DocumentId]:
    """The documents that an answer rests on, cited or not."""
    sources = (*record.passages, *record.citations)
    return frozenset(
        chunk.document_id for source in sources for chunk in (source.chunk, *source.also)
    )


def veiled(record: AnswerRecord, *, scope: Scope) -> AnswerRecord:
    """An answer as its reader may see it now."""
    veil = Veil(scope)
    events = tuple(map(veil.shown, record.events))
    return replace(record, events=events, is_withheld=veil.is_drawn)
