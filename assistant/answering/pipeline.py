"""The road of a question, from its text to the last event of its answer. Never raises."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import anyio.to_thread

from assistant.answering.closing import close
from assistant.answering.contradictions import contradiction_notice, find_contradictions
from assistant.answering.courtesy import courtesy_code
from assistant.answering.draft import Stopwatch
from assistant.answering.generation import Fallback, Generator
from assistant.answering.passages import choose_passages
from assistant.answering.politeness import without_politeness
from assistant.answering.prompt import Brief, load_templates
from assistant.answering.quotes import no_evidence, quote_answer
from assistant.answering.rewriting import QuestionRewriter
from assistant.answering.sufficiency import Judge
from assistant.domain.answers import (
    AnswerCompleted,
    AnswerEvent,
    AnswerFailed,
    AnswerStatus,
    CitationAdded,
    Notice,
    Question,
    RetrievalCompleted,
    TextDelta,
)
from assistant.domain.catalogue import sentence
from assistant.domain.errors import AssistantError
from assistant.domain.retrieval import Retrieval
from assistant.domain.tenancy import Scope
from assistant.ports.models import ChatModel

_logger = logging.getLogger(__name__)

_SPARE_HITS = 4
"""Hits asked beyond the passages wanted, for those that do not fit."""


class PassageFinder(Protocol):
    """What finds chunks: `answering.retriever.Retriever` in the product."""

    def retrieve(self, text: str, *, scope: Scope, limit: int, for_answer: bool) -> Retrieval:
        """The live chunks of the scope that fit a text best; to answer from, copies once. Blocking."""
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
        busy_wait_s: float,
        rewrite_s: float,
        judge: Judge,
        lacking: str = "no_model",
    ) -> None:
        """Prepare.

        Args:
            retriever: Finds the chunks.
            model: Writes the answers; None for quotes alone.
            passages: Greatest number of passages.
            passage_tokens: Greatest length of all of them.
            max_tokens: Token cap of a reply.
            deltas_per_s: Times a second that text leaves at most.
            busy_wait_s: Longest wait that a busy model may ask of one answer.
            rewrite_s: Longest wait for a follow-up rewritten by the model; 0 leaves it to the rule.
            judge: Tells whether the passages suffice; what falls below its threshold is refused.
            lacking: Code of the notice that says why there is no model.
        """
        self._retriever = retriever
        self._passages = passages
        self._passage_tokens = passage_tokens
        self._judge = judge
        self._lacking = lacking
        self._rewriter = QuestionRewriter(model, timeout_s=rewrite_s)
        self._generator: Generator | None = None
        if model is not None:
            self._generator = Generator(
                model, max_tokens=max_tokens, deltas_per_s=deltas_per_s, busy_wait_s=busy_wait_s
            )
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
            await close(events)

    async def _answer(self, question: Question, *, scope: Scope) -> AsyncIterator[AnswerEvent]:
        stopwatch = Stopwatch()
        if (courtesy := courtesy_code(question.text)) is not None:
            for event in _courteous(sentence(courtesy), stopwatch=stopwatch):
                yield event
            return
        told = tuple(
            without_politeness(each) for each in question.earlier if courtesy_code(each) is None
        )
        question = replace(question, text=without_politeness(question.text), earlier=told)
        understood = await self._rewriter.understand(question)
        find = partial(self._find, question, understood=understood, scope=scope)
        found = await anyio.to_thread.run_sync(find, abandon_on_cancel=True)
        yield RetrievalCompleted(found.brief.passages, found.brief.understood)
        events = self._respond(found, stopwatch=stopwatch)
        try:
            async for event in events:
                yield _noted(event, found=found)
        finally:
            await close(events)

    def _find(self, question: Question, *, understood: str, scope: Scope) -> _Found:
        retrieval = self._retriever.retrieve(
            understood, scope=scope, limit=self._passages + _SPARE_HITS, for_answer=True
        )
        passages = choose_passages(
            retrieval.hits, limit=self._passages, max_tokens=self._passage_tokens
        )
        brief = Brief(
            question=question,
            passages=passages,
            understood="" if understood == question.text.strip() else understood,
            contradictions=find_contradictions(understood, passages=passages),
        )
        sufficiency = self._judge.sufficiency(
            understood, evidence=retrieval.evidence, passages=passages
        )
        return _Found(brief, tuple(map(Notice, retrieval.notices)), sufficiency)

    async def _respond(self, found: _Found, *, stopwatch: Stopwatch) -> AsyncIterator[AnswerEvent]:
        brief = found.brief
        if found.sufficiency is None or found.sufficiency < self._judge.threshold:
            text = (
                no_evidence(brief.passages) if brief.passages else sentence("answer_no_documents")
            )
            for event in _refused(text, stopwatch=stopwatch):
                yield event
            return
        notice = Notice(self._lacking)
        if self._generator is not None:
            events = self._generator.write(brief, stopwatch=stopwatch)
            try:
                async for event in events:
                    if isinstance(event, Fallback):
                        notice = event.notice
                        break
                    yield event
                else:
                    return
            finally:
                await close(events)
        quoted = partial(_quoted, brief, notice=notice, stopwatch=stopwatch)
        for event in await anyio.to_thread.run_sync(quoted, abandon_on_cancel=True):
            yield event


@dataclass(frozen=True, slots=True)
class _Found:
    """What retrieval gave, and what it has to say."""

    brief: Brief
    notices: tuple[Notice, ...]
    sufficiency: float | None
    """How likely the passages suffice; None without passages."""


def _noted(event: AnswerEvent, *, found: _Found) -> AnswerEvent:
    """The event; an end also says how it was searched and what its sources disagree about."""
    if not isinstance(event, AnswerCompleted):
        return event
    used = {citation.marker for citation in event.citations}
    told = [
        contradiction_notice(each)
        for each in found.brief.contradictions
        if used & {side.passage.marker for side in each.sides}
    ]
    return replace(
        event,
        notices=(*event.notices, *found.notices, *told),
        understood=found.brief.understood,
        sufficiency=found.sufficiency,
    )


def _quoted(brief: Brief, *, notice: Notice, stopwatch: Stopwatch) -> list[AnswerEvent]:
    quotes = quote_answer(
        Question(brief.understood or brief.question.text),
        passages=brief.passages,
        contradictions=brief.contradictions,
    )
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


def _courteous(text: str, *, stopwatch: Stopwatch) -> Iterator[AnswerEvent]:
    yield RetrievalCompleted(())
    yield from _said(text, status=AnswerStatus.ANSWERED, stopwatch=stopwatch)


def _refused(text: str, *, stopwatch: Stopwatch) -> Iterator[AnswerEvent]:
    return _said(text, status=AnswerStatus.REFUSED, stopwatch=stopwatch)


def _said(text: str, *, status: AnswerStatus, stopwatch: Stopwatch) -> Iterator[AnswerEvent]:
    """A sentence of our own, without sources."""
    stopwatch.mark_first()
    yield TextDelta(text)
    yield AnswerCompleted(
        status=status,
        text=text,
        citations=(),
        marks=(),
        model=None,
        tokens=None,
        first_token_ms=stopwatch.first_token_ms,
    )
