"""What a passage can be quoted by: its sentences and table rows, each as one plain line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.sanitizer import sanitize
from assistant.answering.terms import terms
from assistant.domain.answers import Passage
from assistant.domain.catalogue import sentence
from ingest.sentences import split_sentences

_ANNOUNCED_CHARS = 420
"""Greatest length of a sentence with the list that it announces."""
_MARKER_LIKE = re.compile(r"\[(\s*[\^n°\d][\d\s,;.°\-–—]*)\]")
_HEADING_LINE = re.compile(
    r"\A\s*#*\s*(?i:(?:article|art\.|titre|chapitre|section|annexe|axe|action)\s+\S+|\d+(?:\.\d+)*\.?\s)"
    r"[^\n]{0,90}(?<![.;,])\n+(?=\s*[A-ZÀ-Ý])"
)
_EMPHASIS = re.compile(r"[*_`#]+(?=\S)|(?<=\S)[*_`#]+")
_RULE = re.compile(r"\s*\|?[\s:|-]+\|?\s*")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or a table row of a passage: what can be quoted."""

    passage: Passage
    text: str
    """One line, without markup, links or headings."""
    terms: frozenset[str]


def units_of(passage: Passage) -> list[Unit]:
    """The sentences and table rows of a passage, in order; a row tells the names of its columns."""
    texts: list[str] = []
    header: list[str] | None = None
    for kind, text in _parts(passage.chunk.text):
        if kind == "text":
            header = None
            texts += _sentences(text)
        elif header is None:
            header = _cells(text)
        elif not _RULE.fullmatch(text):
            texts.append(_row(header, values=_cells(text)))
    headings = [cleaned(heading) for heading in passage.chunk.locator.section]
    plain = [_without_headings(cleaned(text), headings=headings) for text in texts]
    return [Unit(passage, text, frozenset(terms(text))) for text in plain if text]


def _parts(text: str) -> list[tuple[str, str]]:
    """Runs of plain text, and the lines of Markdown tables one by one, in order."""
    parts: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if line.lstrip().startswith("|") and line.count("|") > 1:
            parts.append(("row", line))
        elif parts and parts[-1][0] == "text":
            parts[-1] = ("text", f"{parts[-1][1]}\n{line}")
        elif line.strip():
            parts.append(("text", line))
    return parts


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _row(header: Sequence[str], *, values: Sequence[str]) -> str:
    pairs = [
        f"{name} : {value}" if name else value
        for name, value in zip([*header, *[""] * len(values)], values, strict=False)
        if value
    ]
    return " ; ".join(pairs)


def _sentences(text: str) -> list[str]:
    """Sentences; one that announces a list goes with what it announces."""
    found: list[str] = []
    for start, end in split_sentences(text):
        piece = _HEADING_LINE.sub("", text[start:end])
        if found and _continues(found[-1], piece=piece):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found


def _continues(announced: str, *, piece: str) -> bool:
    if len(announced) + len(piece) >= _ANNOUNCED_CHARS:
        return False
    return announced.rstrip().endswith(":") or (":" in announced and piece[:1] in "-–•")


def cleaned(text: str) -> str:
    """One line without markup, links or anything that looks like one of our own markers."""
    safe = sanitize(text, placeholder=sentence("link_removed"))
    plain = _EMPHASIS.sub("", _MARKER_LIKE.sub(r"(\1)", safe))
    return " ".join(plain.split())


def _without_headings(text: str, *, headings: Sequence[str]) -> str:
    """A sentence without the headings that precede it on its page."""
    for heading in headings:
        text = text.removeprefix(heading).lstrip()
    return text


def context_terms(passage: Passage) -> set[str]:
    """The terms of the title and headings above a passage, which its sentences take for granted."""
    return set(terms(" ".join((passage.chunk.title, *passage.chunk.locator.section))))
