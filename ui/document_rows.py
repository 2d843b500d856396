"""Documents in words: their state, how they were read, and a row of the table for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from assistant.schemas.documents import ActOut, DocumentOut, QualityOut
from ui.messages import date_label, number, text

PARAM = "document"
"""Parameter of the address that names the document to show."""


def page_url(document_id: str) -> str:
    """Address of the page of a document."""
    return f"/documents?{PARAM}={quote(document_id, safe='')}"


def original_url(document_id: str) -> str:
    """Address of its file as it was received."""
    return f"/api/v1/documents/{quote(document_id, safe='')}/original"


def state_of(document: DocumentOut) -> str:
    """Its state in a word: that of the API, or "kept" for one that is served while its last reading failed."""
    return "kept" if document.state == "live" and document.reason else document.state


def row(document: DocumentOut) -> dict[str, Any]:
    """A document as the table shows it: plain texts only."""
    none = text("documents.none_value")
    state = state_of(document)
    return {
        "id": document.id,
        "name": document.name,
        "title": document.title or document.name,
        "page_url": page_url(document.id),
        "url": original_url(document.id),
        "download_label": text("documents.open_label", name=document.name),
        "select_label": text("documents.select_label", name=document.name),
        "state": state,
        "state_label": text(f"documents.state_{state}"),
        "corrected": text("documents.corrected") if document.corrected else "",
        "reason": document.reason or "",
        "notices": document.notices,
        "format": text(f"format.{document.format}") if document.format else none,
        "pages": number(document.page_count) if document.page_count else none,
        "chunks": number(document.chunk_count) if document.chunk_count else none,
        "date": date_label(document.date) or none,
        "quality": quality(document),
        "reindex_label": text("documents.reindex_label", name=document.name),
        "delete_label": text("documents.delete_label", name=document.name),
    }


def quality(document: DocumentOut) -> dict[str, Any] | None:
    """How a document was read: a word, advice, and figures to unfold; None before it is read."""
    found = document.quality
    if found is None:
        return None
    level = text(f"documents.quality_{found.level}")
    return {
        "level": found.level,
        "label": text("documents.quality", level=level),
        "warnings": found.warnings,
        "facts": [*_quality_facts(found), *_act_facts(document.act)],
    }


def _quality_facts(found: QualityOut) -> Iterator[str]:
    if found.letters_per_page is not None:
        yield text("documents.quality_density", count=number(found.letters_per_page))
    if found.ocr_share and found.ocr_confidence is not None:
        share, confidence = number(100 * found.ocr_share), number(100 * found.ocr_confidence)
        yield text("documents.quality_ocr", share=share, confidence=confidence)
    yield text(
        "documents.quality_structure",
        headings=number(found.headings),
        tables=number(found.tables),
        links=number(found.links),
    )


def _act_facts(act: ActOut | None) -> Iterator[str]:
    if act is None:
        return
    if act.number:
        yield text("documents.quality_act", number=act.number)
    if act.authority:
        yield text("documents.quality_authority", authority=act.authority)
    if act.subject:
        yield text("documents.quality_subject", subject=act.subject)
    if act.status:
        yield text(f"documents.quality_{act.status}")
    if act.in_force_on:
        yield text("documents.quality_force", date=date_label(act.in_force_on))
