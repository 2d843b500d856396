"""Chunks, passages and cuts of texts for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from hypothesis import strategies as st

from assistant.domain.answers import Passage
from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, PersonId, TenantId, VersionId
from assistant.domain.retrieval import Hit
from assistant.domain.tenancy import Grant, Scope
from ingest.model import DocumentKind, FileFormat, Locator

TENANT, COLLECTION = TenantId("t1"), CollectionId("c1")
SCOPE = Scope(
    tenant_id=TENANT,
    person_id=PersonId("p1"),
    grants=frozenset({Grant(TENANT, COLLECTION)}),
)


def make_chunk(
    text: str,
    *,
    id: str = "k1",
    document: str = "d1",
    title: str = "Règlement des aides",
    section: tuple[str, ...] = (),
    day: date | None = None,
    tokens: int = 50,
    pages: tuple[int, ...] = (1,),
    page_starts: tuple[int, ...] = (),
) -> SourceChunk:
    return SourceChunk(
        id=ChunkId(id),
        document_id=DocumentId(document),
        version_id=VersionId(f"v-{document}"),
        tenant_id=TENANT,
        collection_id=COLLECTION,
        ordinal=0,
        text=text,
        locator=Locator(pages=pages, section=section, page_starts=page_starts),
        tokens=tokens,
        file=f"{document}.pdf",
        title=title,
        kind=DocumentKind.OTHER,
        date=day,
        format=FileFormat.PDF,
    )


def make_paged(*parts: str, first: int = 1) -> SourceChunk:
    """A chunk of so many texts, each on a page of its own."""
    starts = [sum(len(part) + 2 for part in parts[:place]) for place in range(len(parts))]
    pages = tuple(range(first, first + len(parts)))
    return make_chunk("\n\n".join(parts), pages=pages, page_starts=tuple(starts))


def make_passages(*texts: str) -> tuple[Passage, ...]:
    """One passage per text, each of its own document."""
    return tuple(
        Passage(
            marker=number,
            chunk=make_chunk(text, id=f"k{number}", document=f"d{number}", title=f"Titre {number}"),
        )
        for number, text in enumerate(texts, start=1)
    )


def make_hits(*chunks: SourceChunk) -> list[Hit]:
    return [
        Hit(rank=rank, chunk=chunk, score=1 / rank) for rank, chunk in enumerate(chunks, start=1)
    ]


def cut(text: str, places: Sequence[int]) -> list[str]:
    """A text in pieces, cut at the given places."""
    bounds = [0, *sorted({place for place in places if 0 < place < len(text)}), len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


def two_pieces(text: str) -> Iterator[list[str]]:
    """Every way to cut a text in two, and letter by letter."""
    for place in range(1, len(text)):
        yield [text[:place], text[place:]]
    yield list(text)


def cuts_of(text: str) -> st.SearchStrategy[list[str]]:
    """Any cut of a text."""
    places = st.lists(st.integers(min_value=0, max_value=max(len(text), 1)), max_size=12)
    return places.map(lambda chosen: cut(text, chosen))
