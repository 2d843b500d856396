"""Links between documents: what one is to another, proposed from their texts, decided by a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from assistant.domain.catalogue import sentence
from assistant.domain.documents import LinkKind, Reading, SourceChunk, Successor
from assistant.domain.french import french_date
from assistant.domain.ids import CollectionId, DocumentId, LinkId, PersonId, TenantId
from ingest.articles import articles_held
from ingest.model import Act, ActStatus, Effect, Reference
from ingest.similarity import Likeness, likeness, marks_of

_SAME_COMMON = 0.85
"""Share of common shingles from which two files hold one text: .91 for one standard as ODT and as PDF,
.75 for the nearest that are not (real files, 114 documents)."""
_VERSION_COMMON = 0.5
_VERSION_HELD = 0.8
"""Or share of the shorter text that the longer holds, for follow-ups nested in one another (.86 to .99)."""
_LEAST_COMMON = 0.2
_TITLE_COMMON = 0.3
"""Enough for documents of one title: two years of one manual share .48, of one standard .38."""
_MAX_PROPOSALS = 20


SUPERSEDING = (LinkKind.ABROGATES, LinkKind.REPLACES, LinkKind.VERSION_OF, LinkKind.MODIFIES)
"""Kinds that tell a reader of the second document to look at the first, the gravest first."""


class LinkState(StrEnum):
    """What people made of a link."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    """Never proposed again."""


@dataclass(frozen=True, slots=True)
class LinkedDocument:
    """One end of a link, as a person needs it to decide."""

    id: DocumentId
    name: str
    title: str
    date: date | None


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link between two documents of one collection."""

    id: LinkId
    tenant_id: TenantId
    collection_id: CollectionId
    source: LinkedDocument
    """The one that replaces, changes or follows."""
    target: LinkedDocument
    """The one that is replaced, changed or followed."""
    kind: LinkKind
    state: LinkState
    evidence: str
    """The sentence that says so, or how much both texts share, in French."""
    created_at: datetime
    decided_by: PersonId | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A link to propose between two documents of one collection."""

    source_id: DocumentId
    target_id: DocumentId
    kind: LinkKind
    evidence: str


def followed(chunk: SourceChunk, *, by: Sequence[Successor]) -> SourceChunk:
    """A passage with the document to look at, of those that touch its own.

    Args:
        chunk: A passage.
        by: The gravest kind first, then the newest.

    Returns:
        The passage with the first of them; among those that modify, one that changes its articles
        goes before the others.
    """
    marked = [replace(chunk, successor=each) for each in by]
    if not marked:
        return chunk
    if by[0].kind is not LinkKind.MODIFIES:
        return marked[0]
    return next((each for each in marked if is_touched(each)), marked[0])


def is_touched(chunk: SourceChunk) -> bool:
    """True when what took the place of its document concerns the passage itself.

    A document that is only modified concerns the passages of the articles that are named as modified.
    """
    successor = chunk.successor
    if successor is None or successor.kind is not LinkKind.MODIFIES:
        return successor is not None
    held = articles_held(chunk.locator.section, text=chunk.text)
    return not held.isdisjoint(successor.articles)


def articles_of(act: Act, *, of: Act) -> tuple[str, ...]:
    """Numbers of the articles of another act that an act says it modifies; empty when it names none."""
    named = (
        each.articles
        for each in act.references
        if each.effect is Effect.MODIFIES and each.key and each.key == of.key
    )
    return next(named, ())


def standing_of(chunk: SourceChunk) -> str:
    """What a reader of a passage must know of its standing, in French; empty when nothing."""
    return document_standing(chunk if is_touched(chunk) else replace(chunk, successor=None))


def document_standing(chunk: SourceChunk) -> str:
    """What a reader of a passage must know of its whole document's standing, in French."""
    parts = [sentence(f"standing_{chunk.status.value}")] if chunk.status else []
    if chunk.successor is not None:
        parts.append(_told(chunk.successor, code="standing"))
    return ", ".join(parts)


def successor_notice(chunk: SourceChunk) -> str | None:
    """The sentence that an answer which cites a passage carries; None when nothing took its place."""
    if chunk.successor is None:
        return None
    return _told(chunk.successor, code="source", source=chunk.title)


def _told(successor: Successor, *, code: str, **params: str) -> str:
    facts = [french_date(successor.date)] if successor.date else []
    if successor.articles:
        *first, last = successor.articles
        code_of_articles = "standing_articles" if first else "standing_article"
        facts.append(sentence(code_of_articles, numbers=", ".join(first), last=last))
    return sentence(
        f"{code}_{successor.kind.value}",
        title=successor.title,
        date=f" ({', '.join(facts)})" if facts else "",
        **params,
    )


def marks_to_find(reading: Reading) -> frozenset[str]:
    """Under which marks the documents are kept that a reading may have to do with.

    Those of like text, those it touches, and those that touch it.
    """
    touched = {_own(each.key) for each in reading.act.references if each.key}
    own = {_touching(reading.act.key), _own(reading.act.key)} if reading.act.key else set[str]()
    return frozenset(_like_marks(reading) | touched | own)


def marks_to_keep(reading: Reading) -> frozenset[str]:
    """Under which marks a reading is found by others."""
    touching = {_touching(each.key) for each in reading.act.references if each.key}
    own = {_own(reading.act.key)} if reading.act.key else set[str]()
    return frozenset(_like_marks(reading) | touching | own)


def propose_links(reading: Reading, *, others: Iterable[Reading]) -> list[Proposal]:
    """The links that the texts of a version and of others of its collection suggest.

    At most one per pair of documents, the gravest; a sentence counts more than a resemblance. A
    number that several of them bear, or whose date differs, gives nothing.

    Args:
        reading: Of the one just read.
        others: Candidates, found by common marks; those of its own document are passed over.

    Returns:
        At most 20, in order of the candidates.
    """
    known = [other for other in others if other.document_id != reading.document_id]
    found: dict[DocumentId, Proposal] = {}
    for other in known:
        proposal = (
            _said(reading, other, known=[*known, reading])
            or _said(other, reading, known=[*known, reading])
            or _alike(reading, other)
        )
        if proposal is not None:
            found.setdefault(other.document_id, proposal)
    return list(found.values())[:_MAX_PROPOSALS]


def _said(source: Reading, target: Reading, *, known: Sequence[Reading]) -> Proposal | None:
    """The gravest thing that the sentences of one say of the other."""
    touching = [each for each in source.act.references if _is_meant(each, target, known=known)]
    if not touching or _is_before(source, target):
        return None
    ranks = [Effect.ABROGATES, Effect.REPLACES, Effect.MODIFIES]
    gravest = min(touching, key=lambda each: ranks.index(each.effect))
    return Proposal(
        source_id=source.document_id,
        target_id=target.document_id,
        kind=LinkKind(gravest.effect.value),
        evidence=gravest.quote,
    )


def _is_meant(reference: Reference, target: Reading, *, known: Sequence[Reading]) -> bool:
    if not reference.key or not _fits(reference, target):
        return False
    bearers = {each.document_id for each in known if _fits(reference, each)}
    return len(bearers) == 1 or all(
        _is_same_text(each, target) for each in known if _fits(reference, each)
    )


def _fits(reference: Reference, target: Reading) -> bool:
    if target.act.key != reference.key:
        return False
    return None in (reference.date, target.act.date) or reference.date == target.act.date


def _is_before(source: Reading, target: Reading) -> bool:
    return source.date is not None and target.date is not None and source.date < target.date


def _alike(first: Reading, second: Reading) -> Proposal | None:
    """What a resemblance of their texts suggests: nothing between acts of different numbers.

    Templates of one office share most of their words, and with every letter made of them: only those
    that are nearly one text follow each other.
    """
    if first.act.key and second.act.key and first.act.key != second.act.key:
        return None
    templates = [each.act.status is ActStatus.TEMPLATE for each in (first, second)]
    shared = likeness(first.sketch, second.sketch)
    same_title = _letters(first.title) == _letters(second.title)
    if any(templates) and not (all(templates) and shared.common >= _SAME_COMMON):
        return None
    if not _is_version(shared, same_title=same_title):
        return None
    newer, older = _by_age(first, second)
    percent = round(100 * max(shared.common, shared.held))
    evidence = sentence("link_alike", percent=percent)
    kind = LinkKind.VERSION_OF
    if _is_same_text(first, second) and _is_same_day(first, second):
        kind = LinkKind.SAME_ACT
    elif nameless := next((each for each in newer.act.references if not each.key), None):
        kind, evidence = LinkKind.REPLACES, nameless.quote
    return Proposal(newer.document_id, older.document_id, kind, evidence)


def _is_version(shared: Likeness, *, same_title: bool) -> bool:
    if shared.common >= _VERSION_COMMON:
        return True
    if shared.held >= _VERSION_HELD and shared.common >= _LEAST_COMMON:
        return True
    return same_title and shared.common >= _TITLE_COMMON


def _is_same_text(first: Reading, second: Reading) -> bool:
    if first.document_id == second.document_id:
        return True
    return likeness(first.sketch, second.sketch).common >= _SAME_COMMON


def _is_same_day(first: Reading, second: Reading) -> bool:
    return first.date == second.date or bool(first.act.key and first.act.key == second.act.key)


def _by_age(first: Reading, second: Reading) -> tuple[Reading, Reading]:
    """The newer by the date in the text, then the longer, then the later read."""
    ordered = sorted(
        (first, second),
        key=lambda each: (
            each.date or date.min,
            each.quality.letters,
            each.created_at,
            each.document_id,
        ),
    )
    return ordered[1], ordered[0]


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalpha())


def _like_marks(reading: Reading) -> set[str]:
    return {f"{mark:016x}" for mark in marks_of(reading.sketch)}


def _own(key: str) -> str:
    return f"is {key}"


def _touching(key: str) -> str:
    return f"touches {key}"
