"""The road of a question, from its text to the last event of its answer. Never raises."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import anyio
import anyio.to_thread

from assistant.answering.draft import Draft, Stopwatch
from assistant.answering.passages import choose_passages
from assistant.answering.prompt import build_messages, load_templates
from assistant.answering.quotes import quote_answer
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerStatus,
    CitationAdded,
    Passage,
    Question,
    RetrievalCompleted,
    TextDelta,
)
from assistant.domain.catalogue import sentence, sentences
from assistant.domain.errors import AssistantError, ModelBusy, UpstreamError
from assistant.domain.retrieval import Retrieval
from assistant.domain.tenancy import Scope
from assistant.ports.models import ChatEnd, ChatMessage, ChatModel, ChatText

_logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 5.0
"""Longest pause that a busy model may ask for before the answer goes without it."""
_USUAL_WAIT_S = 1.0
_SPARE_HITS = 4
"""Hits asked beyond the passages wanted, for those that merge or do not fit."""
_CUT_NOTICES = {
    "model_stalled": "answer_cut_stall",
    "model_malformed": "answer_cut_malformed",
}


class PassageFinder(Protocol):
    """What finds chunks: `answering.retriever.Retriever` in the product."""

    def retrieve(self, text: str, *, scope: Scope, limit: int) -> Retrieval:
        """The live chunks of the scope that fit a text best. Blocking."""
        ...


class AnswerPipeline:
    """Answers questions, with a model when there is one that works, else with quotes."""

    def __init__(
        self,
        retriever: PassageFinder,
        model: ChatModel | None,
        *,
        passages: int,
        passage_tokens: int,
        max_tokens: int,
        deltas_per_s: float,
    ) -> None:
        self._retriever = retriever
        self._model = model
        self._passages = passages
        self._passage_tokens = passage_tokens
        self._max_tokens = max_tokens
        self._deltas_per_s = deltas_per_s
        load_templates()

    async def run(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        """The events of one answer, ended by exactly one AnswerCompleted or AnswerFailed.

        Closing the iterator closes the model's stream at once. A model that fails before its
        first text gives way to quotes, with a notice that says why; one that fails later leaves
        what was sent, with a notice that it was cut short.
        """
        events = self._answer(question, scope=scope)
        try:
            async for event in events:
                yield event
        except AssistantError as error:
            yield AnswerFailed(code=error.code, params=dict(error.params))
        except Exception:
            _logger.exception("an answer failed unexpectedly")
            yield AnswerFailed(code="internal_error", params={})
        finally:
            await _close(events)

    async def _answer(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        stopwatch = Stopwatch()
        found = await self._find(question, scope=scope)
        passages = choose_passages(
            found.hits, limit=self._passages, max_tokens=self._passage_tokens
        )
        yield RetrievalCompleted(passages)
        events = self._respond(question, passages=passages, stopwatch=stopwatch)
        try:
            async for event in events:
                yield _noted(event, notice=found.notice)
        finally:
            await _close(events)

    async def _respond(
        self, question: Question, *, passages: Sequence[Passage], stopwatch: Stopwatch
    ) -> AsyncIterator[AnswerEvent]:
        if not passages:
            for event in _refused(sentence("answer_no_documents"), stopwatch=stopwatch):
                yield event
            return
        notice = "no_model"
        if self._model is not None:
            events = self._with_model(self._model, question, passages=passages, stopwatch=stopwatch)
            try:
                async for event in events:
                    if isinstance(event, _Fallback):
                        notice = event.notice
                        break
                    yield event
                else:
                    return
            finally:
                await _close(events)
        quoted = partial(_quoted, question, passages=passages, notice=notice, stopwatch=stopwatch)
        for event in await anyio.to_thread.run_sync(quoted, abandon_on_cancel=True):
            yield event

    async def _find(self, question: Question, *, scope: Scope) -> Retrieval:
        text = "\n".join(filter(None, (question.after.strip(), question.text.strip())))
        retrieve = partial(
            self._retriever.retrieve, text, scope=scope, limit=self._passages + _SPARE_HITS
        )
        return await anyio.to_thread.run_sync(retrieve, abandon_on_cancel=True)

    async def _with_model(
        self,
        model: ChatModel,
        question: Question,
        *,
        passages: Sequence[Passage],
        stopwatch: Stopwatch,
    ) -> AsyncIterator[AnswerEvent | _Fallback]:
        shown, has_waited = passages, False
        while True:
            draft = Draft(shown, stopwatch=stopwatch, deltas_per_s=self._deltas_per_s)
            events = self._stream(model, build_messages(question, passages=shown), draft=draft)
            try:
                async for event in events:
                    yield event
            except UpstreamError as error:
                if draft.has_sent:
                    for event in _cut(draft, model=model.name, code=error.code):
                        yield event
                    return
                if error.code == "model_context_too_long" and len(shown) > 1:
                    shown = shown[: (len(shown) + 1) // 2]
                elif (pause_s := _pause_s(error)) is not None and not has_waited:
                    has_waited = True
                    await anyio.sleep(pause_s)
                else:
                    yield _Fallback(_notice(error.code))
                    return
            else:
                if not draft.has_sent:
                    yield _Fallback("model_empty_notice")
                return
            finally:
                await _close(events)

    async def _stream(
        self, model: ChatModel, messages: Sequence[ChatMessage], *, draft: Draft
    ) -> AsyncIterator[AnswerEvent]:
        source = model.stream(messages, max_tokens=self._max_tokens)
        coming: asyncio.Future[ChatText | ChatEnd] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(source))
                await asyncio.wait({coming}, timeout=draft.wait_s())
                if not coming.done():
                    for event in draft.due():
                        yield event
                    continue
                item, coming = coming.result(), None
                if isinstance(item, ChatEnd):
                    for event in _ended(draft, model=model.name, end=item):
                        yield event
                    return
                for event in draft.feed(item.text):
                    yield event
        finally:
            await _abandon(coming)
            await _close(source)


class _Fallback:
    """Says that the model gave nothing and why."""

    def __init__(self, notice: str) -> None:
        self.notice = notice


def _noted(event: AnswerEvent, *, notice: str | None) -> AnswerEvent:
    """The event; an end also says what retrieval has to say."""
    if notice is None or not isinstance(event, AnswerCompleted):
        return event
    return replace(event, notices=(*event.notices, notice))


def _ended(draft: Draft, *, model: str, end: ChatEnd) -> Iterator[AnswerEvent]:
    yield from draft.finish()
    if draft.has_sent:
        notice = "answer_cut_length" if end.is_cut else None
        yield draft.completed(model=model, tokens=end.usage, notice=notice)


def _cut(draft: Draft, *, model: str, code: str) -> Iterator[AnswerEvent]:
    yield from draft.finish()
    notice = _CUT_NOTICES.get(code, "answer_cut_error")
    yield draft.completed(model=model, tokens=None, notice=notice)


def _quoted(
    question: Question, *, passages: Sequence[Passage], notice: str, stopwatch: Stopwatch
) -> list[AnswerEvent]:
    quotes = quote_answer(question, passages=passages)
    stopwatch.mark_first()
    return [
        TextDelta(quotes.text),
        *map(CitationAdded, quotes.citations),
        AnswerCompleted(
            status=AnswerStatus.SEARCH_ONLY if quotes.citations else AnswerStatus.REFUSED,
            text=quotes.text,
            citations=quotes.citations,
            marks=(),
            model=None,
            tokens=None,
            first_token_ms=stopwatch.first_token_ms,
            notices=(notice,),
        ),
    ]


def _refused(text: str, *, stopwatch: Stopwatch) -> Iterator[AnswerEvent]:
    stopwatch.mark_first()
    yield TextDelta(text)
    yield AnswerCompleted(
        status=AnswerStatus.REFUSED,
        text=text,
        citations=(),
        marks=(),
        model=None,
        tokens=None,
        first_token_ms=stopwatch.first_token_ms,
    )


def _pause_s(error: UpstreamError) -> float | None:
    """Seconds to wait before asking again, None when waiting would not help."""
    if not isinstance(error, ModelBusy):
        return None
    pause_s = _USUAL_WAIT_S if error.retry_after_s is None else error.retry_after_s
    return pause_s if pause_s <= _LONGEST_WAIT_S else None


def _notice(code: str) -> str:
    notice = f"{code}_notice"
    return notice if notice in sentences() else "model_unavailable_notice"


async def _abandon(coming: asyncio.Future[ChatText | ChatEnd] | None) -> None:
    if coming is None or coming.done():
        return
    coming.cancel()
    with anyio.CancelScope(shield=True):
        await asyncio.wait({coming}, timeout=1)


async def _close(events: AsyncIterator[object]) -> None:
    """Close an iterator that can be closed, also while being cancelled."""
    close = getattr(events, "aclose", None)
    if close is not None:
        with anyio.CancelScope(shield=True):
            await close()
