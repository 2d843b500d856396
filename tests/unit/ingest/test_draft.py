from __future__ import annotations

import pytest

from ingest.draft import text_block
from ingest.model import BlockKind
from ingest.sections import split_sections

TARIFF = "Article 1 : Le tarif de la piscine est fixé à 4,20 euros."


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TARIFF, BlockKind.PARAGRAPH),
        ("Article 1 : Le tarif de la piscine est fixé à 4,20 euros", BlockKind.HEADING),
        ("Un titre de huit mots avec un point.", BlockKind.HEADING),
        ("Un titre de neuf mots avec un point final.", BlockKind.PARAGRAPH),
        ("Modalités,", BlockKind.PARAGRAPH),
        ("x" * 301, BlockKind.PARAGRAPH),
    ],
)
def test_a_heading_that_is_a_sentence_is_a_paragraph(text: str, kind: BlockKind) -> None:
    block = text_block(text, kind=BlockKind.HEADING, level=2)

    assert block is not None
    assert (block.kind, block.level) == (kind, 2 if kind is BlockKind.HEADING else 0)


def test_an_article_that_is_a_sentence_still_opens_its_section() -> None:
    blocks = [text_block(TARIFF, kind=BlockKind.HEADING, level=2), text_block("Il est gratuit.")]

    (section,) = split_sections([block for block in blocks if block is not None])

    assert section.path == ("Article 1",)
