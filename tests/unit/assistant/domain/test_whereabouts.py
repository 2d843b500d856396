"""Where a cited passage stands once its document is cut otherwise."""

from __future__ import annotations

from assistant.domain.documents import SourceChunk
from assistant.domain.ids import ChunkId, CollectionId, DocumentId, TenantId, VersionId
from assistant.domain.whereabouts import same_place
from ingest.model import DocumentKind, FileFormat, Locator


def passage(number: int, text: str, blocks: tuple[int, int]) -> SourceChunk:
    first, last = blocks
    return SourceChunk(
        id=ChunkId(str(number)),
        document_id=DocumentId("d"),
        version_id=VersionId("v"),
        tenant_id=TenantId("t"),
        collection_id=CollectionId("c"),
        ordinal=number,
        text=text,
        locator=Locator(first_block=first, last_block=last),
        tokens=9,
        file="a.pdf",
        title="Titre",
        kind=DocumentKind.REGLEMENT,
        date=None,
        format=FileFormat.PDF,
    )


LONGER = [
    passage(0, "Article 1\n\nLe taux est de 40 %.", (0, 1)),
    passage(1, "Article 2\n\nLe plafond est de dix euros.", (2, 5)),
]


def test_it_is_where_all_its_words_are() -> None:
    cited = passage(7, "Le plafond est  de dix euros.", (3, 3))
    assert same_place(cited, LONGER) is LONGER[1]


def test_a_longer_one_is_where_most_of_its_blocks_are() -> None:
    cited = passage(7, "Article 1\n\nLe taux est de 40 %.\n\nArticle 2\n\nLe plafond", (1, 4))
    assert same_place(cited, LONGER) is LONGER[1]


def test_it_may_be_nowhere() -> None:
    assert same_place(passage(7, "Autre texte", (9, 12)), LONGER) is None
    assert same_place(passage(7, "Autre texte", (0, 1)), []) is None
