"""Example questions made from the corpus itself, without a model."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.domain.documents import SourceChunk
from ingest.model import DocumentKind

_BY_KIND = {
    DocumentKind.DELIBERATION: "Qu'a décidé l'assemblée dans « {title} » ?",
    DocumentKind.ARRETE: "Que prévoit l'arrêté « {title} » ?",
    DocumentKind.REGLEMENT: "Quelles sont les conditions fixées par « {title} » ?",
    DocumentKind.SCHEMA: "Quels sont les grands objectifs de « {title} » ?",
    DocumentKind.GUIDE: "Que conseille le document « {title} » ?",
    DocumentKind.COMPTE_RENDU: "Que retenir de « {title} » ?",
    DocumentKind.CONVENTION: "À quoi s'engagent les parties dans « {title} » ?",
    DocumentKind.NOTE: "Que dit la note « {title} » ?",
    DocumentKind.OTHER: "Que contient « {title} » ?",
}
_ON_HEADING = "Que dit « {title} » sur « {heading} » ?"
_TITLE_CHARS = 90
_HEADING_CHARS = 60
_NUMBERING = re.compile(
    r"^(?:(?:article|chapitre|titre|partie|section|annexe|axe)\s+)?"
    r"(?:\d+(?:[.\-]\d+)*(?:er|ème|e)?|[IVXLC]+|[A-Z])?\s*[.:)°–—-]+\s*",
    re.IGNORECASE,
)


def questions_from(chunks: Iterable[SourceChunk], *, limit: int) -> list[str]:
    """Up to `limit` different questions, one per document, half of them on a heading."""
    questions: list[str] = []
    for chunk in chunks:
        question = _question(chunk, is_on_heading=len(questions) % 2 == 1)
        if question is not None and question not in questions:
            questions.append(question)
        if len(questions) >= limit:
            break
    return questions


def _question(chunk: SourceChunk, *, is_on_heading: bool) -> str | None:
    title = _clean(chunk.title)
    if not 3 <= len(title) <= _TITLE_CHARS:
        return None
    heading = _heading(chunk, title=title) if is_on_heading else None
    if heading is not None:
        return _ON_HEADING.format(title=title, heading=heading)
    return _BY_KIND[chunk.kind].format(title=title)


def _heading(chunk: SourceChunk, *, title: str) -> str | None:
    for raw in reversed(chunk.locator.section):
        heading = _clean(_NUMBERING.sub("", _clean(raw)))
        is_title = heading.casefold() in title.casefold()
        if 4 <= len(heading) <= _HEADING_CHARS and not is_title:
            return heading
    return None


def _clean(text: str) -> str:
    return " ".join(text.replace("«", "").replace("»", "").split()).strip(" .:;,–—-?!")
