"""Messages for the model: rules, then passages as data between random delimiters, then the question."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from assistant.domain.answers import Passage, Question
from assistant.domain.catalogue import sentence
from assistant.domain.french import french_date
from assistant.domain.links import standing_of
from assistant.ports.models import ChatMessage

_CODE_BYTES = 8


@dataclass(frozen=True, slots=True)
class _Shown:
    marker: int
    title: str
    date: str
    standing: str
    section: str
    text: str


def build_messages(question: Question, *, passages: Sequence[Passage]) -> tuple[ChatMessage, ...]:
    """The prompt of one question.

    The delimiters hold a code drawn for this prompt alone, which no passage contains: a text
    cannot close its own passage. The system message never changes, so a server can cache it.

    Args:
        question: As typed, with the previous question of its conversation if any.
        passages: What the answer may rely on, numbered; at least one.
    """
    shown = [_shown(passage) for passage in passages]
    words = " ".join([question.text, question.after, *(repr(passage) for passage in shown)])
    return (
        ChatMessage(role="system", content=_template("system").render(refusal=refusal())),
        ChatMessage(
            role="user",
            content=_template("question").render(
                passages=shown,
                code=_code(words),
                question=question.text.strip(),
                after=_one_line(question.after),
            ),
        ),
    )


def load_templates() -> None:
    """Read the templates now, so that no question waits for the disk."""
    for name in ("system", "question"):
        _template(name)


def refusal() -> str:
    """The sentence that begins every answer which the passages do not support."""
    return sentence("answer_refusal")


def _shown(passage: Passage) -> _Shown:
    chunk = passage.chunk
    return _Shown(
        marker=passage.marker,
        title=_one_line(chunk.title),
        date=french_date(chunk.date) if chunk.date else "",
        standing=_one_line(standing_of(chunk)),
        section=_one_line(" > ".join(chunk.locator.section)),
        text=chunk.text.strip(),
    )


def _code(words: str) -> str:
    while True:
        code = secrets.token_hex(_CODE_BYTES)
        if code not in words:
            return code


def _one_line(text: str) -> str:
    return " ".join(text.split())


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("assistant.answering", "prompts"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain text for a model, never HTML
        keep_trailing_newline=False,
    )
    return environment.get_template(f"{name}.fr.j2")
