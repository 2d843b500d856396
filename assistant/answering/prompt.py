"""Messages for the model: rules, then passages as data between random delimiters, then the question."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from assistant.answering.contradictions import Contradiction
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


@dataclass(frozen=True, slots=True)
class Brief:
    """All that the model is told for one answer."""

    question: Question
    """As typed, with the earlier questions of its conversation if any."""
    passages: tuple[Passage, ...]
    """What the answer may rely on, numbered; at least one."""
    understood: str = ""
    """The question made to stand alone, when it is not the one typed."""
    contradictions: tuple[Contradiction, ...] = ()
    """What passages disagree about; those of passages left out are not told."""


def build_messages(brief: Brief) -> tuple[ChatMessage, ...]:
    """The prompt of one question.

    The delimiters hold a code drawn for this prompt alone, which no passage contains: a text
    cannot close its own passage. The system message never changes, so a server can cache it.
    """
    question = brief.question
    shown = [_shown(passage) for passage in brief.passages]
    words = " ".join([question.text, *question.earlier, *(repr(passage) for passage in shown)])
    return (
        ChatMessage(role="system", content=_template("system").render(refusal=refusal())),
        ChatMessage(
            role="user",
            content=_template("question").render(
                passages=shown,
                code=_code(words),
                contradictions=_disagreements(brief),
                question=brief.understood or question.text.strip(),
                typed=_one_line(question.text) if brief.understood else "",
                earlier=[_one_line(each) for each in question.earlier],
            ),
        ),
    )


def build_rewriting(question: Question) -> tuple[ChatMessage, ...]:
    """The prompt that asks for a follow-up made to stand alone."""
    return (
        ChatMessage(role="system", content=_template("rewriting").render()),
        ChatMessage(
            role="user",
            content=_template("conversation").render(
                earlier=[_one_line(each) for each in question.earlier],
                question=_one_line(question.text),
            ),
        ),
    )


def load_templates() -> None:
    """Read the templates now, so that no question waits for the disk."""
    for name in ("system", "question", "rewriting", "conversation"):
        _template(name)


def refusal() -> str:
    """The sentence that begins every answer which the passages do not support."""
    return sentence("answer_refusal")


def _disagreements(brief: Brief) -> list[str]:
    """Each disagreement among the passages shown: « 80 % [2] ; 50 % [1] », the newest first."""
    markers = {passage.marker for passage in brief.passages}
    found = [
        [side for side in each.sides if side.passage.marker in markers]
        for each in brief.contradictions
    ]
    return [
        " ; ".join(f"{_one_line(side.figure)} [{side.passage.marker}]" for side in sides)
        for sides in found
        if len(sides) > 1
    ]


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
