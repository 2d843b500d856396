"""What is kept of a document elsewhere, taken away when it is erased: its names, and words in answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import exists, select, update

from assistant.adapters.sql.columns import to_json
from assistant.adapters.sql.events import dump_event, load_event
from assistant.adapters.sql.source_traces import erase_from_source
from assistant.adapters.sql.tables import answer_events, answers, messages
from assistant.adapters.sql.transaction import Transaction
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerStatus,
    Citation,
    CitationAdded,
    Notice,
    Passage,
    RetrievalCompleted,
    SentenceMarked,
    TextDelta,
)
from assistant.domain.catalogue import sentence
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import AnswerId, DocumentId, TenantId

_ERASED = Notice("answer_erased")
_NOTHING = TextDelta("")

Source = TypeVar("Source", Passage, Citation)
IsErased = Callable[[SourceChunk], bool]


def erase_traces(transaction: Transaction, document_id: DocumentId, *, now: datetime) -> None:
    """Take away the names of its files in jobs and sources, and all answers that rest on it, whoever asked.

    Of an answer the question, its time and its other sources stay; its text goes, for it may repeat
    any passage that was given to its model.
    """
    erase_from_source(transaction, document_id, now=now)
    for answer_id in _answers_from(transaction, document_id):
        _empty(transaction, answer_id, lambda chunk: chunk.document_id == document_id)


def quoting_answers(transaction: Transaction, tenant_id: TenantId) -> list[AnswerId]:
    """Answers of other tenants that were given passages of a tenant, oldest first.

    Every event is looked through, once: so those on documents that are long gone are found too.
    """
    told = to_json({"tenant": tenant_id})[1:-1]
    quotes = answer_events.c.event.contains(told, autoescape=True)
    query = (
        select(answers.c.id)
        .where(
            answers.c.tenant_id != tenant_id,
            exists().where(answer_events.c.answer_id == answers.c.id, quotes),
        )
        .order_by(answers.c.number)
    )
    return [AnswerId(row.id) for row in transaction.read(query)]


def erase_quotes(
    transaction: Transaction, answer_ids: Sequence[AnswerId], *, tenant_id: TenantId
) -> None:
    """Take away what answers rest on of a tenant, and their text, as the erasure of a document does."""
    for answer_id in answer_ids:
        _empty(transaction, answer_id, lambda chunk: chunk.tenant_id == tenant_id)


def _answers_from(transaction: Transaction, document_id: DocumentId) -> list[str]:
    """All events are looked through: an id in their text is the only way from a document to its answers."""
    query = (
        select(answer_events.c.answer_id)
        .where(answer_events.c.event.contains(document_id, autoescape=True))
        .distinct()
    )
    return [row.answer_id for row in transaction.read(query)]


def _empty(transaction: Transaction, answer_id: str, is_erased: IsErased) -> None:
    transaction.lock()
    kept = transaction.read(
        select(answer_events)
        .where(answer_events.c.answer_id == answer_id)
        .order_by(answer_events.c.number)
    )
    for row in kept:
        event = _without(load_event(row.event), is_erased)
        transaction.write(
            update(answer_events)
            .where(answer_events.c.answer_id == answer_id, answer_events.c.number == row.number)
            .values(event=dump_event(event))
        )
    told = sentence(_ERASED.code)
    transaction.write(update(messages).where(messages.c.answer_id == answer_id).values(text=told))
    is_running = (answers.c.id == answer_id, answers.c.status == AnswerStatus.RUNNING)
    transaction.write(update(answers).where(*is_running).values(cancel_requested=True))


def _without(event: AnswerEvent, is_erased: IsErased) -> AnswerEvent:
    match event:
        case RetrievalCompleted(passages=passages):
            return RetrievalCompleted(tuple(_others(passages, is_erased)))
        case CitationAdded(citation=citation):
            left = tuple(_others((citation,), is_erased))
            return CitationAdded(left[0]) if left else _NOTHING
        case TextDelta() | SentenceMarked():
            return _NOTHING
        case AnswerCompleted(citations=citations):
            left = tuple(_others(citations, is_erased))
            notices = (_ERASED,)
            return replace(event, text="", citations=left, marks=(), notices=notices, understood="")
        case _:
            return event


def _others(sources: tuple[Source, ...], is_erased: IsErased) -> Iterator[Source]:
    """Sources that stay, without the places of what is erased that say the same."""
    for source in sources:
        if not is_erased(source.chunk):
            also = tuple(each for each in source.also if not is_erased(each))
            yield replace(source, also=also)
