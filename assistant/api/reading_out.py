"""What reading a document told of it, and its links to others, as wire models."""

from __future__ import annotations

from assistant.api.errors import spoken
from assistant.domain.links import DocumentLink, LinkedDocument
from assistant.schemas.documents import ActOut, LinkEndOut, LinkOut, QualityOut, SuspicionOut
from ingest.model import Act, Quality

_LOW_CONFIDENCE = 0.85
_LETTERS_A_PAGE = 300
"""A page of a letter or a deliberation holds 1,500 to 3,000."""
_FRENCH = 0.12
"""French texts of tables and templates alone have .15 at least (114 real files); English has .03."""
_FLAT_LETTERS = 20_000


def act_out(act: Act) -> ActOut:
    """What a document says of itself as an act."""
    return ActOut(
        number=act.number,
        authority=act.authority,
        subject=act.subject,
        date=act.date,
        status=act.status.value if act.status else None,
        in_force_on=act.in_force_on,
    )


def quality_out(quality: Quality) -> QualityOut:
    """How a document was read, with a word of advice for each thing that is not as it should be."""
    warnings = _warnings(quality)
    level = "warning" if quality.suspicions else "check" if warnings else "good"
    return QualityOut(
        level=level,
        warnings=warnings,
        letters_per_page=quality.letters_per_page,
        ocr_share=quality.ocr_share,
        ocr_confidence=quality.ocr_confidence,
        headings=quality.headings,
        tables=quality.tables,
        links=quality.links,
        french_share=quality.french_share,
        suspicions=[SuspicionOut(quote=each.quote, page=each.page) for each in quality.suspicions],
    )


def link_out(link: DocumentLink) -> LinkOut:
    """A link between two documents."""
    return LinkOut(
        id=link.id,
        kind=link.kind.value,
        state=link.state.value,
        source=_end_out(link.source),
        target=_end_out(link.target),
        evidence=link.evidence,
        created_at=link.created_at,
        decided_by=link.decided_by,
        decided_at=link.decided_at,
    )


def _end_out(document: LinkedDocument) -> LinkEndOut:
    return LinkEndOut(
        document_id=document.id, name=document.name, title=document.title, date=document.date
    )


def _warnings(quality: Quality) -> list[str]:
    found: list[tuple[str, dict[str, str | int | float]]] = []
    if quality.suspicions:
        found.append(("quality_suspicious", {"quote": quality.suspicions[0].quote}))
    if quality.unread_parts:
        names = ", ".join(f"« {name} »" for name in quality.unread_parts)
        found.append(("quality_unread_parts", {"names": names}))
    if quality.ocr_confidence is not None and quality.ocr_confidence < _LOW_CONFIDENCE:
        percent = round(100 * quality.ocr_confidence)
        found.append(("quality_low_confidence", {"percent": percent}))
    if quality.letters_per_page is not None and quality.letters_per_page < _LETTERS_A_PAGE:
        found.append(("quality_sparse", {"letters": round(quality.letters_per_page)}))
    if quality.french_share is not None and quality.french_share < _FRENCH:
        found.append(("quality_foreign", {}))
    if quality.headings == 0 and quality.letters > _FLAT_LETTERS:
        found.append(("quality_flat", {}))
    return [spoken(code, params=params) for code, params in found]
