"""Answers and their events as wire models."""

from __future__ import annotations

from fastapi import Request

from assistant.api.errors import problem_of, spoken
from assistant.api.mapping import (
    amended_by,
    first_page,
    locator_out,
    opened_url,
    replaced_by,
    view_url,
)
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerQueued,
    Citation,
    CitationAdded,
    Passage,
    RetrievalCompleted,
    SentenceMarked,
    TextDelta,
    TokenUsage,
)
from assistant.domain.catalogue import sentence
from assistant.domain.documents import Params, SourceChunk
from assistant.domain.ids import AnswerId
from assistant.domain.links import successor_notice
from assistant.domain.marks import Mark, reason_of
from assistant.domain.whereabouts import CitedState, Whereabouts
from assistant.schemas.answers import (
    AlsoOut,
    AnswerEventOut,
    AnswerOut,
    CitationEvent,
    CitationOut,
    CompletedEvent,
    DeltaEvent,
    ErrorEvent,
    MarkEvent,
    MarkOut,
    QueuedEvent,
    RetrievalEvent,
    TokensOut,
)
from assistant.services.answer_record import AnswerRecord
from assistant.services.answer_veil import WITHHELD
from assistant.services.whereabouts import Found, Since


def event_out(
    event: AnswerEvent,
    *,
    request: Request,
    answer_id: AnswerId,
    given_id: str,
    since: Since | None = None,
) -> AnswerEventOut:
    """An event as it goes over the wire.

    Args:
        event: The event.
        request: For what a problem names.
        answer_id: Whose event it is.
        given_id: The caller's own identifier of the question.
        since: What became of its sources; None for an answer that is being given.
    """
    found = None if since is None else since.found
    match event:
        case AnswerQueued(ahead=ahead):
            return QueuedEvent(ahead=ahead)
        case RetrievalCompleted(passages=passages, understood=understood):
            return RetrievalEvent(
                passages=[_passage_out(each, since=since) for each in passages],
                understood=understood or None,
            )
        case TextDelta(text=text):
            return DeltaEvent(text=text)
        case CitationAdded(citation=citation):
            return CitationEvent(citation=_since(citation_out(citation), citation, found=found))
        case SentenceMarked(mark=mark):
            return MarkEvent(mark=_mark_out(mark))
        case AnswerCompleted():
            return CompletedEvent(
                answer=_completed_out(event, answer_id=answer_id, given_id=given_id, found=found)
            )
        case AnswerFailed(code=code, params=params):
            return failure_of(code, params, request=request)


def failure_of(code: str, params: Params, *, request: Request) -> ErrorEvent:
    """The end of an answer that failed."""
    return ErrorEvent(problem=problem_of(code, params=params, request=request))


def answer_out(
    record: AnswerRecord,
    *,
    request: Request,
    given_id: str = "",
    found: Found | None = None,
) -> AnswerOut:
    """An answer as it stands now.

    Args:
        record: The answer.
        request: For what a problem names.
        given_id: The caller's own identifier of the question.
        found: What became of its sources; None for an answer that has just been given.
    """
    end = record.end
    if isinstance(end, AnswerCompleted):
        shown = _completed_out(end, answer_id=record.answer.id, given_id=given_id, found=found)
        return shown.model_copy(update={"is_withheld": record.is_withheld})
    error = None
    if isinstance(end, AnswerFailed):
        error = problem_of(end.code, params=end.params, request=request)
    elif record.status.value == "failed":
        error = problem_of("answer_interrupted", params={}, request=request)
    return AnswerOut(
        id=given_id or record.answer.id,
        answer_id=record.answer.id,
        status=record.status.value,
        answer=record.text,
        citations=[_since(citation_out(each), each, found=found) for each in record.citations],
        unsupported=[each.sentence for each in record.marks],
        marks=[*map(_mark_out, record.marks)],
        model=None,
        tokens=None,
        first_token_ms=None,
        notice=sentence(WITHHELD) if record.is_withheld else None,
        is_withheld=record.is_withheld,
        is_complete=False,
        error=error,
    )


def citation_out(citation: Citation) -> CitationOut:
    """A citation, with the words of its source."""
    return _cited(citation, text=citation.quote)


def _since(out: CitationOut, citation: Passage | Citation, *, found: Found | None) -> CitationOut:
    """A source with what became of it since: it never links to a page that is gone."""
    now = None if found is None else found.get(citation.chunk.id)
    if found is None or now is None:
        return out
    changes: dict[str, object] = {
        "also": [
            each.model_copy(update={"view_url": _open_url(chunk, found=found)})
            for each, chunk in zip(out.also, citation.also, strict=True)
        ]
    }
    if now.chunk_id != citation.chunk.id:
        opened = "" if now.chunk_id is None else view_url(now.chunk_id)
        is_replaced = now.state is CitedState.REPLACED
        changes |= {
            "state": now.state.value,
            "view_url": "" if is_replaced else opened,
            "current_url": opened if is_replaced else "",
            "deleted_at": now.deleted_at,
        }
    return out.model_copy(update=changes)


def _open_url(chunk: SourceChunk, *, found: Found) -> str:
    now = found.get(chunk.id)
    if now is None:
        return view_url(chunk.id)
    return view_url(now.chunk_id) if _is_served(now) and now.chunk_id else ""


def _is_served(now: Whereabouts) -> bool:
    return now.state is CitedState.LIVE


def _mark_out(mark: Mark) -> MarkOut:
    return MarkOut(
        kind=mark.kind.value,
        sentence=mark.sentence,
        start=mark.start,
        end=mark.end,
        words=list(mark.words),
        markers=list(mark.markers),
        found_in=list(mark.found_in),
        reason=reason_of(mark),
    )


def _passage_out(passage: Passage, *, since: Since | None) -> CitationOut:
    """A passage given to the model; once no document says it any more, only what the answer cites of it."""
    if since is None:
        return _cited(passage, text=passage.chunk.text)
    places = [since.found.get(chunk.id) for chunk in (passage.chunk, *passage.also)]
    is_served = any(now is None or _is_served(now) for now in places)
    text = passage.chunk.text if is_served else since.quotes.get(passage.marker, "")
    return _since(_cited(passage, text=text), passage, found=since.found)


def _cited(passage: Passage | Citation, *, text: str) -> CitationOut:
    chunk, page = passage.chunk, passage.page or first_page(passage.chunk)
    return CitationOut(
        marker=passage.marker,
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        file=chunk.file,
        title=chunk.title,
        kind=chunk.kind.value,
        date=chunk.date,
        page=page,
        locator=locator_out(chunk.locator),
        text=text,
        view_url=opened_url(chunk, page=page),
        replaced_by=replaced_by(chunk),
        amended_by=amended_by(chunk),
        collection_id=chunk.collection_id,
        label=chunk.label,
        also=[_also_out(other) for other in passage.also],
    )


def _also_out(chunk: SourceChunk) -> AlsoOut:
    return AlsoOut(
        title=chunk.title,
        file=chunk.file,
        document_id=chunk.document_id,
        page=first_page(chunk),
        pages=list(chunk.locator.pages),
        view_url=view_url(chunk.id),
        label=chunk.label,
    )


def _completed_out(
    end: AnswerCompleted, *, answer_id: AnswerId, given_id: str, found: Found | None
) -> AnswerOut:
    return AnswerOut(
        id=given_id or answer_id,
        answer_id=answer_id,
        status=end.status.value,
        answer=end.text,
        citations=[_since(citation_out(each), each, found=found) for each in end.citations],
        unsupported=[each.sentence for each in end.marks],
        marks=[*map(_mark_out, end.marks)],
        model=end.model,
        tokens=_tokens_out(end.tokens),
        first_token_ms=end.first_token_ms,
        notice=" ".join(_notices(end)) or None,
        understood=end.understood or None,
        sufficiency=end.sufficiency,
        is_complete=end.is_complete,
    )


def _notices(end: AnswerCompleted) -> list[str]:
    """What was said of the answer as a whole, then of each document that another one follows, once."""
    told = dict.fromkeys(filter(None, (successor_notice(cited.chunk) for cited in end.citations)))
    return [*(spoken(notice.code, params=notice.params) for notice in end.notices), *told]


def _tokens_out(usage: TokenUsage | None) -> TokensOut | None:
    if usage is None:
        return None
    return TokensOut(
        prompt=usage.prompt, completion=usage.completion, is_estimated=usage.is_estimated
    )
