"""Answer events as JSON. Each carries its passages whole, so that a citation stays as it was shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, assert_never

from assistant.adapters.sql.columns import to_json
from assistant.adapters.sql.locators import locator_fields, locator_of
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerQueued,
    AnswerStatus,
    Citation,
    CitationAdded,
    Notice,
    Passage,
    RetrievalCompleted,
    SentenceMarked,
    TextDelta,
    TokenUsage,
)
from assistant.domain.documents import LinkKind, SourceChunk, Successor
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, TenantId, VersionId
from assistant.domain.marks import Mark, MarkKind
from ingest.model import ActStatus, DocumentKind, FileFormat

Fields = dict[str, Any]


def dump_event(event: AnswerEvent) -> str:
    """An event as text."""
    return to_json(_event_fields(event))


def load_event(text: str) -> AnswerEvent:
    """The event of a text made by `dump_event`.

    Raises:
        ValueError: The text names no known event.
    """
    fields: Fields = json.loads(text)
    match fields["type"]:
        case "queued":
            return AnswerQueued(fields["ahead"])
        case "retrieval":
            passages = tuple(_passage(item) for item in fields["passages"])
            return RetrievalCompleted(passages, fields.get("understood", ""))
        case "delta":
            return TextDelta(fields["text"])
        case "citation":
            return CitationAdded(_citation(fields["citation"]))
        case "mark":
            return SentenceMarked(_mark(fields["mark"]))
        case "completed":
            return _completed(fields)
        case "failed":
            return AnswerFailed(fields["code"], fields["params"])
        case other:
            raise ValueError(f"unknown event {other!r}")


def _event_fields(event: AnswerEvent) -> Fields:
    match event:
        case AnswerQueued():
            return {"type": "queued", "ahead": event.ahead}
        case RetrievalCompleted():
            passages = [*map(_passage_fields, event.passages)]
            return {"type": "retrieval", "passages": passages, "understood": event.understood}
        case TextDelta():
            return {"type": "delta", "text": event.text}
        case CitationAdded():
            return {"type": "citation", "citation": _citation_fields(event.citation)}
        case SentenceMarked():
            return {"type": "mark", "mark": _mark_fields(event.mark)}
        case AnswerCompleted():
            return {"type": "completed"} | _completed_fields(event)
        case AnswerFailed():
            return {"type": "failed", "code": event.code, "params": event.params}
        case _:
            assert_never(event)


def _completed_fields(event: AnswerCompleted) -> Fields:
    tokens = event.tokens
    return {
        "status": event.status.value,
        "text": event.text,
        "citations": [_citation_fields(citation) for citation in event.citations],
        "marks": [*map(_mark_fields, event.marks)],
        "model": event.model,
        "tokens": tokens and [tokens.prompt, tokens.completion, tokens.is_estimated],
        "first_token_ms": event.first_token_ms,
        "understood": event.understood,
        "sufficiency": event.sufficiency,
        "notices": [[notice.code, notice.params] for notice in event.notices],
    }


def _completed(fields: Fields) -> AnswerCompleted:
    tokens = fields["tokens"]
    return AnswerCompleted(
        status=AnswerStatus(fields["status"]),
        text=fields["text"],
        citations=tuple(_citation(citation) for citation in fields["citations"]),
        marks=_marks(fields),
        model=fields["model"],
        tokens=tokens and TokenUsage(*tokens),
        first_token_ms=fields["first_token_ms"],
        notices=_notices(fields),
        understood=fields.get("understood", ""),
        sufficiency=fields.get("sufficiency"),
    )


def _marks(fields: Fields) -> tuple[Mark, ...]:
    """The marks of an end; events of earlier versions have sentences that cite an unknown source."""
    if "marks" in fields:
        return tuple(map(_mark, fields["marks"]))
    return tuple(
        Mark(MarkKind.UNKNOWN_SOURCE, sentence, start, start + len(sentence))
        for sentence in fields["unsupported"]
        for start in [max(fields["text"].find(sentence), 0)]
    )


def _mark_fields(mark: Mark) -> Fields:
    return {
        "kind": mark.kind.value,
        "sentence": mark.sentence,
        "span": [mark.start, mark.end],
        "words": mark.words,
        "markers": mark.markers,
        "found_in": mark.found_in,
    }


def _mark(fields: Fields) -> Mark:
    start, end = fields["span"]
    return Mark(
        kind=MarkKind(fields["kind"]),
        sentence=fields["sentence"],
        start=start,
        end=end,
        words=tuple(fields["words"]),
        markers=tuple(fields["markers"]),
        found_in=tuple(fields["found_in"]),
    )


def _notices(fields: Fields) -> tuple[Notice, ...]:
    """The notices of an end; those of earlier versions are codes alone, the first version had one."""
    if "notices" not in fields:
        return () if fields["notice"] is None else (Notice(fields["notice"]),)
    kept = fields["notices"]
    return tuple(Notice(item) if isinstance(item, str) else Notice(*item) for item in kept)


def _passage_fields(passage: Passage | Citation) -> Fields:
    return {
        "n": passage.marker,
        "page": passage.page,
        "chunk": _chunk_fields(passage.chunk),
        "also": [_chunk_fields(chunk) for chunk in passage.also],
    }


def _passage(fields: Fields) -> Passage:
    """A passage; events of earlier versions name no page to open it at."""
    return Passage(fields["n"], _chunk(fields["chunk"]), _also(fields), fields.get("page"))


def _citation_fields(citation: Citation) -> Fields:
    return {"quote": citation.quote} | _passage_fields(citation)


def _citation(fields: Fields) -> Citation:
    return Citation(
        marker=fields["n"],
        chunk=_chunk(fields["chunk"]),
        quote=fields["quote"],
        also=_also(fields),
        page=fields.get("page"),
    )


def _also(fields: Fields) -> tuple[SourceChunk, ...]:
    """The equals of a passage; events of earlier versions name none."""
    return tuple(_chunk(chunk) for chunk in fields.get("also", ()))


def _chunk_fields(chunk: SourceChunk) -> Fields:
    return {
        "id": chunk.id,
        "document": chunk.document_id,
        "version": chunk.version_id,
        "tenant": chunk.tenant_id,
        "collection": chunk.collection_id,
        "ordinal": chunk.ordinal,
        "text": chunk.text,
        "locator": locator_fields(chunk.locator),
        "tokens": chunk.tokens,
        "file": chunk.file,
        "title": chunk.title,
        "kind": chunk.kind.value,
        "date": chunk.date and chunk.date.isoformat(),
        "format": chunk.format.value,
        "status": chunk.status,
        "successor": _successor_fields(chunk.successor),
        "label": chunk.label,
    }


def _successor_fields(successor: Successor | None) -> list[Any] | None:
    if successor is None:
        return None
    day = successor.date and successor.date.isoformat()
    return [successor.document_id, successor.title, day, successor.kind, successor.articles]


def _successor(fields: Sequence[Any] | None) -> Successor | None:
    """Events of earlier versions name no articles."""
    if fields is None:
        return None
    document_id, title, day, kind, *articles = fields
    found = date.fromisoformat(day) if day else None
    return Successor(
        document_id=DocumentId(document_id),
        title=title,
        date=found,
        kind=LinkKind(kind),
        articles=tuple(articles[0]) if articles else (),
    )


def _chunk(fields: Fields) -> SourceChunk:
    return SourceChunk(
        id=ChunkId(fields["id"]),
        document_id=DocumentId(fields["document"]),
        version_id=VersionId(fields["version"]),
        tenant_id=TenantId(fields["tenant"]),
        collection_id=CollectionId(fields["collection"]),
        ordinal=fields["ordinal"],
        text=fields["text"],
        locator=locator_of(fields["locator"]),
        tokens=fields["tokens"],
        file=fields["file"],
        title=fields["title"],
        kind=DocumentKind(fields["kind"]),
        date=date.fromisoformat(fields["date"]) if fields["date"] else None,
        format=FileFormat(fields["format"]),
        status=ActStatus(fields["status"]) if fields.get("status") else None,
        successor=_successor(fields.get("successor")),
        label=fields.get("label", ""),
    )
