"""Makes a follow-up question stand alone, with the model when there is one, else by rule."""

from __future__ import annotations

import logging
import re

import anyio

from assistant.answering.closing import close
from assistant.answering.prompt import build_rewriting
from assistant.answering.sanitizer import sanitize
from assistant.answering.standalone import needs_context, standalone
from assistant.answering.terms import terms
from assistant.domain.answers import Question
from assistant.domain.errors import UpstreamError
from assistant.ports.models import ChatModel, ChatText

_logger = logging.getLogger(__name__)

_MAX_TOKENS = 120
_LONGEST_CHARS = 400
_LEADING = re.compile(
    r"\A(?:question(?: (?:autonome|complète|reformulée|réécrite))?|reformulation)\s*:\s*",
    re.IGNORECASE,
)
_QUOTES = '«»"“” \u00a0\u202f'
_DIGITS = re.compile(r"\d+")
_FEWEST_SHARED = 0.5
"""Share of a rewritten question's words that the conversation must hold."""


class QuestionRewriter:
    """Turns a question of a conversation into one that can be searched by itself."""

    def __init__(self, model: ChatModel | None, *, timeout_s: float) -> None:
        """Prepare.

        Args:
            model: The model to ask; without one the rule decides.
            timeout_s: Longest wait for its reply; 0 never asks it.
        """
        self._model = model if timeout_s > 0 else None
        self._timeout_s = timeout_s

    async def understand(self, question: Question) -> str:
        """The question as it is to be searched; never fails, a first question is as typed.

        The rule's question stands whenever the model is late, fails, or gives something that is not
        a question made of the conversation's own words and figures, or still lacks its subject.
        """
        text = question.text.strip()
        if not question.earlier:
            return text
        if self._model is not None:
            rewritten = accepted(await self._asked(self._model, question), question=question)
            if rewritten and not needs_context(rewritten):
                return rewritten
        return standalone(question)

    async def _asked(self, model: ChatModel, question: Question) -> str:
        source = model.stream(build_rewriting(question), max_tokens=_MAX_TOKENS)
        parts: list[str] = []
        try:
            with anyio.fail_after(self._timeout_s):
                async for item in source:
                    if isinstance(item, ChatText):
                        parts.append(item.text)
        except (UpstreamError, TimeoutError) as error:
            _logger.info("question rewritten by rule (%s)", type(error).__name__)
            return ""
        finally:
            await close(source)
        return "".join(parts)


def accepted(reply: str, *, question: Question) -> str:
    """A model's rewriting as one clean line; empty when it cannot be trusted.

    It is refused when it is too long, holds a figure that nobody wrote, or is mostly of words
    that are not of the conversation: then it answers, comments or obeys something else.
    """
    lines = [line.strip() for line in reply.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        return ""
    line = _LEADING.sub("", lines[0].strip(_QUOTES)).strip(_QUOTES)
    if not line or len(line) > _LONGEST_CHARS or sanitize(line, placeholder="") != line:
        return ""
    said = " ".join((*question.earlier, question.text))
    if not set(_DIGITS.findall(line)) <= set(_DIGITS.findall(said)):
        return ""
    words = set(terms(line))
    if not words or len(words & set(terms(said))) < _FEWEST_SHARED * len(words):
        return ""
    return line
