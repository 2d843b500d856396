"""The model's part of an answer: asked with patience, streamed, cut when it goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

import anyio

from assistant.answering.closing import abandon, close
from assistant.answering.draft import Draft, Stopwatch
from assistant.answering.loops import LoopDetector
from assistant.answering.prompt import Brief, build_messages
from assistant.domain.answers import AnswerEvent, Notice, TokenUsage
from assistant.domain.catalogue import sentences
from assistant.domain.errors import ModelBusy, UpstreamError
from assistant.ports.models import ChatEnd, ChatMessage, ChatModel, ChatText

_USUAL_WAIT_S = 1.0
"""Before a busy model that does not say how long is asked again."""
_LEAST_WAIT_S = 0.2
_MOST_WAITS = 3
_CUT_NOTICES = {
    "model_stalled": "answer_cut_stall",
    "model_malformed": "answer_cut_malformed",
}


@dataclass(frozen=True, slots=True)
class Fallback:
    """The model gave nothing, and why."""

    notice: Notice


class Generator:
    """Writes answers with a model. Safe to use for several answers at once."""

    def __init__(
        self, model: ChatModel, *, max_tokens: int, deltas_per_s: float, busy_wait_s: float
    ) -> None:
        """Prepare.

        Args:
            model: The model.
            max_tokens: Token cap of a reply.
            deltas_per_s: Times a second that text leaves at most.
            busy_wait_s: Longest wait, all together, that a busy model may ask of one answer.
        """
        self._model = model
        self._max_tokens = max_tokens
        self._deltas_per_s = deltas_per_s
        self._busy_wait_s = busy_wait_s

    async def write(
        self, brief: Brief, *, stopwatch: Stopwatch
    ) -> AsyncIterator[AnswerEvent | Fallback]:
        """The events of one answer after its retrieval, or a fallback when nothing was sent.

        A busy model is asked again after the wait it wants; a prompt too long loses the worse half
        of its passages until it fits. What was sent before a failure stays and is said to be cut.
        """
        shown, patience = brief.passages, _Patience(self._busy_wait_s)
        while True:
            draft = Draft(shown, stopwatch=stopwatch, deltas_per_s=self._deltas_per_s)
            ending = _Ending(draft, model=self._model.name, brief=brief, shown=len(shown))
            events = self._stream(replace(brief, passages=shown), ending=ending)
            try:
                async for event in events:
                    yield event
            except UpstreamError as error:
                if draft.has_sent:
                    for event in ending.cut(_CUT_NOTICES.get(error.code, "answer_cut_error")):
                        yield event
                    return
                if error.code == "model_context_too_long" and len(shown) > 1:
                    shown = shown[: (len(shown) + 1) // 2]
                elif not await patience.waits_for(error):
                    yield Fallback(Notice(_fallback_code(error.code)))
                    return
            else:
                if not draft.has_sent:
                    yield Fallback(Notice("model_empty_notice"))
                return
            finally:
                await close(events)

    async def _stream(self, brief: Brief, *, ending: _Ending) -> AsyncIterator[AnswerEvent]:
        draft, loops = ending.draft, LoopDetector()
        pieces = self._pieces(build_messages(brief), draft=draft)
        try:
            async for item in pieces:
                if item is None:
                    new = draft.due()
                elif isinstance(item, ChatEnd):
                    new = ending.ended(item)
                elif loops.feed(item.text):
                    new = ending.looped(item.text)
                else:
                    new = draft.feed(item.text)
                for event in new:
                    yield event
                if ending.is_over:
                    return
        finally:
            await close(pieces)

    async def _pieces(
        self, messages: Sequence[ChatMessage], *, draft: Draft
    ) -> AsyncIterator[ChatText | ChatEnd | None]:
        """What the model sends; None when gathered text is due before the next piece comes."""
        source = self._model.stream(messages, max_tokens=self._max_tokens)
        coming: asyncio.Future[ChatText | ChatEnd] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(source))
                await asyncio.wait({coming}, timeout=draft.wait_s())
                if not coming.done():
                    yield None
                    continue
                item, coming = coming.result(), None
                yield item
        finally:
            await abandon(coming)
            await close(source)


class _Patience:
    """How long one answer may still wait for a busy model."""

    def __init__(self, left_s: float) -> None:
        self._left_s = left_s
        self._waits = 0

    async def waits_for(self, error: UpstreamError) -> bool:
        """Wait as a busy model asks, then True; False at once when waiting would not help."""
        if not isinstance(error, ModelBusy) or self._waits == _MOST_WAITS:
            return False
        asked_s = _USUAL_WAIT_S if error.retry_after_s is None else error.retry_after_s
        pause_s = max(asked_s, _LEAST_WAIT_S)
        if pause_s > self._left_s:
            return False
        self._left_s -= pause_s
        self._waits += 1
        await anyio.sleep(pause_s)
        return True


class _Ending:
    """The ways in which a reply that sent something ends."""

    def __init__(self, draft: Draft, *, model: str, brief: Brief, shown: int) -> None:
        self.draft = draft
        self.is_over = False
        self._model = model
        self._shown = shown
        self._given = len(brief.passages)

    def ended(self, end: ChatEnd) -> Iterator[AnswerEvent]:
        """In order, or by the token cap. Nothing is said of a reply without a word."""
        self.is_over = True
        yield from self.draft.finish(is_whole=not end.is_cut)
        if self.draft.has_sent:
            yield from self._completed("answer_cut_length" if end.is_cut else None, end.usage)

    def looped(self, piece: str) -> Iterator[AnswerEvent]:
        """By our own hand, as it went round in circles."""
        self.is_over = True
        yield from self.draft.feed(piece)
        yield from self.cut("answer_cut_loop")

    def cut(self, code: str) -> Iterator[AnswerEvent]:
        """Before its end."""
        self.is_over = True
        yield from self.draft.finish(is_whole=False)
        yield from self._completed(code, None)

    def _completed(self, code: str | None, tokens: TokenUsage | None) -> Iterator[AnswerEvent]:
        notices = [] if code is None else [Notice(code)]
        if self._shown < self._given:
            dropped = self._given - self._shown
            notices.append(Notice("passages_dropped", {"dropped": dropped, "given": self._given}))
        yield self.draft.completed(model=self._model, tokens=tokens, notices=notices)


def _fallback_code(code: str) -> str:
    notice = f"{code}_notice"
    return notice if notice in sentences() else "model_unavailable_notice"
