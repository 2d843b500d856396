from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunking import chunk_document
from ingest.draft import header_lines, table_block
from ingest.model import Block, BlockKind, Box, Chunk, FileFormat, Locator, ParsedDocument
from ingest.sections import split_sections
from ingest.tokens import count_tokens

TARGET = 128
SENTENCE = "La Région accompagne les communes rurales dans leurs projets d'investissement. "


def document(*blocks: Block, title: str = "Règlement") -> ParsedDocument:
    return ParsedDocument(format=FileFormat.TEXT, title=title, blocks=blocks)


def heading(text: str, level: int = 1) -> Block:
    return Block(kind=BlockKind.HEADING, text=text, level=level)


def paragraph(text: str, box: Box | None = None) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, box=box)


def list_item(text: str) -> Block:
    return Block(kind=BlockKind.LIST_ITEM, text=f"- {text}")


def table(rows: list[list[str]]) -> Block:
    block = table_block(rows)
    assert block is not None
    return block


def squeezed(text: str) -> str:
    return "".join(text.split())


def texts(chunks: tuple[Chunk, ...]) -> list[str]:
    return [chunk.text for chunk in chunks]


def test_short_document_is_one_chunk_under_its_heading() -> None:
    chunks = chunk_document(
        document(heading("Objet"), paragraph("Une aide.")), target_tokens=TARGET
    )

    assert texts(chunks) == ["Objet\nUne aide."]
    assert chunks[0].locator.section == ("Objet",)
    assert (chunks[0].locator.first_block, chunks[0].locator.last_block) == (0, 1)


def test_tokens_are_those_of_the_embedded_text() -> None:
    chunk = chunk_document(document(paragraph(SENTENCE)), target_tokens=TARGET)[0]

    assert chunk.tokens == count_tokens(chunk.embedded_text(title="Règlement"))


def test_long_section_is_cut_on_sentence_borders_and_keeps_its_breadcrumb() -> None:
    chunks = chunk_document(
        document(heading("Titre I"), heading("Aides", 2), paragraph(SENTENCE * 30)),
        target_tokens=TARGET,
    )

    assert len(chunks) > 2
    assert all(chunk.text.endswith(".") for chunk in chunks)
    assert all(chunk.locator.section == ("Titre I", "Aides") for chunk in chunks)
    assert all(chunk.tokens <= TARGET for chunk in chunks)


def test_small_neighbours_share_a_chunk_under_their_common_heading() -> None:
    chunks = chunk_document(
        document(
            heading("Titre I"),
            paragraph("Préambule du titre."),
            heading("Article 1", 5),
            paragraph("Courte règle."),
            heading("Article 2", 5),
            paragraph("Autre règle courte."),
        ),
        target_tokens=TARGET,
    )

    assert len(chunks) == 1
    assert chunks[0].locator.section == ("Titre I",)


def test_article_that_fits_is_never_cut() -> None:
    articles = [
        block
        for number in range(1, 6)
        for block in (
            heading(f"Article {number}", 5),
            paragraph(SENTENCE * 3),
            paragraph(SENTENCE * 2),
        )
    ]

    chunks = chunk_document(document(*articles), target_tokens=TARGET)

    assert [chunk.text.split("\n")[0] for chunk in chunks] == [
        f"Article {number}" for number in range(1, 6)
    ]
    assert [chunk.locator.section for chunk in chunks] == [
        (f"Article {number}",) for number in range(1, 6)
    ]


def test_article_written_as_a_paragraph_opens_a_section() -> None:
    blocks = (paragraph("Article 1er : " + SENTENCE * 4), paragraph("Article 2 : " + SENTENCE * 4))

    chunks = chunk_document(document(*blocks), target_tokens=TARGET)

    assert [chunk.locator.section for chunk in chunks] == [("Article 1er",), ("Article 2",)]


def test_heading_never_stands_alone_before_its_text() -> None:
    chunks = chunk_document(
        document(heading("Titre I"), heading("Chapitre 1", 2), paragraph(SENTENCE * 6)),
        target_tokens=TARGET,
    )

    assert chunks[0].text.startswith("Titre I\nChapitre 1\n")
    assert len(chunks[0].text) > 60


def test_table_that_fits_stays_whole_with_its_lead() -> None:
    rows = table([["Commune", "Montant"], *([f"Ville {n}", f"{n} 000 €"] for n in range(12))])

    chunks = chunk_document(
        document(heading("Aides"), paragraph("Voici :"), rows), target_tokens=TARGET
    )

    assert len(chunks) == 1
    assert rows.text in chunks[0].text


def test_table_too_long_repeats_its_header_and_loses_no_row() -> None:
    rows = [["Commune", "Montant"], *([f"Ville numéro {n}", f"{n} 000 €"] for n in range(200))]
    block = table(rows)
    assert block.table is not None

    chunks = chunk_document(document(block), target_tokens=TARGET)

    head = "\n".join(header_lines(block.table))
    assert len(chunks) > 2
    assert all(chunk.text.startswith(head) for chunk in chunks)
    body = "\n".join(chunk.text.removeprefix(head).strip() for chunk in chunks)
    assert body == "\n".join(f"| {name} | {amount} |" for name, amount in rows[1:])


def test_sentence_cut_by_a_page_break_is_mended_and_both_pages_are_located() -> None:
    first, second = Box(1, 0.1, 0.8, 0.9, 0.9), Box(2, 0.1, 0.1, 0.9, 0.2)
    blocks = (
        paragraph("Le montant de l'aide est plafonné à", first),
        paragraph("dix mille euros.", second),
    )

    chunk = chunk_document(document(*blocks), target_tokens=TARGET)[0]

    assert chunk.text == "Le montant de l'aide est plafonné à dix mille euros."
    assert chunk.locator.pages == (1, 2)
    assert chunk.locator.boxes == (first, second)
    assert chunk.text[chunk.locator.page_starts[1] :] == "dix mille euros."


def test_page_begins_where_its_blocks_do_also_behind_a_lead_and_in_a_table() -> None:
    pages = [Box(page, 0.1, 0.1, 0.9, 0.2) for page in range(1, 4)]
    rows = replace(table([["Commune", "Montant"], ["Ville", "3 €"]]), box=pages[2])
    blocks = (replace(heading("Aides"), box=pages[0]), paragraph("Voici :", pages[1]), rows)

    chunk = chunk_document(document(*blocks), target_tokens=TARGET)[0]

    assert chunk.locator.pages == (1, 2, 3)
    first, second, third = chunk.locator.page_starts
    assert (first, chunk.text[second:third].strip()) == (0, "Voici :")
    assert chunk.text[third:] == rows.text


@pytest.mark.parametrize("order", [(1, None), (2, 1), (1, 2, 1)])
def test_pages_that_do_not_follow_one_another_begin_nowhere(order: tuple[int | None, ...]) -> None:
    boxes = [None if page is None else Box(page, 0.1, 0.1, 0.9, 0.2) for page in order]

    chunk = chunk_document(
        document(*(paragraph("Une aide.", box) for box in boxes)), target_tokens=TARGET
    )[0]

    assert chunk.locator.page_starts == ()


def test_box_of_a_cut_block_covers_its_part_only() -> None:
    box = Box(3, 0.1, 0.1, 0.9, 0.9)

    chunks = chunk_document(document(paragraph(SENTENCE * 40, box)), target_tokens=TARGET)

    first, last = chunks[0].locator.boxes[0], chunks[-1].locator.boxes[0]
    assert first.top == 0.1
    assert first.bottom < 0.5
    assert last.bottom == 0.9
    assert last.top > 0.5
    assert all(
        left.locator.boxes[0].bottom >= right.locator.boxes[0].top
        for left, right in pairwise(chunks)
    )


def test_long_title_and_breadcrumb_leave_half_of_the_target() -> None:
    chunks = chunk_document(
        document(heading("Un intitulé " * 12), paragraph(SENTENCE * 20), title="Titre " * 30),
        target_tokens=TARGET,
    )

    assert all(count_tokens(chunk.text) <= TARGET // 2 + 30 for chunk in chunks)


def test_unbroken_string_is_cut_all_the_same() -> None:
    chunks = chunk_document(document(paragraph("x" * 5000)), target_tokens=TARGET)

    assert "".join(texts(chunks)) == "x" * 5000
    assert max(chunk.tokens for chunk in chunks) <= TARGET + 5


def test_empty_document_has_no_chunk() -> None:
    assert chunk_document(document(), target_tokens=TARGET) == ()


WORDS = st.lists(
    st.sampled_from(
        ["aide", "Région.", "commune,", "art. 3", "n° 2024-12", "€", "fin !", "x" * 90]
    ),
    min_size=1,
)
TEXT = WORDS.map(" ".join)
BLOCKS = st.lists(
    st.one_of(
        st.builds(heading, TEXT.map(lambda text: text[:80]), st.integers(1, 5)),
        st.builds(paragraph, TEXT),
        st.builds(list_item, TEXT),
        st.lists(st.tuples(TEXT, TEXT).map(list), min_size=2, max_size=30).map(
            lambda rows: table([["Colonne A", "Colonne B"], *rows])
        ),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(blocks=BLOCKS, target=st.sampled_from([64, 256]))
def test_every_character_lands_in_exactly_one_chunk_and_order_is_kept(
    blocks: list[Block], target: int
) -> None:
    chunks = chunk_document(document(*blocks), target_tokens=target)

    assert squeezed("".join(_without_repeats(chunks, blocks))) == squeezed(
        "".join(block.text for block in blocks)
    )
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    starts = [chunk.locator.first_block for chunk in chunks]
    assert starts == sorted(starts)


@settings(max_examples=60, deadline=None)
@given(blocks=BLOCKS, turns=st.sets(st.integers(1, 24)), target=st.sampled_from([64, 256]))
def test_what_stands_between_two_page_starts_are_blocks_of_that_page(
    blocks: list[Block], turns: set[int], target: int
) -> None:
    pages = [1 + sum(turn <= index for turn in turns) for index in range(len(blocks))]
    spelled = [_spelled(block, page=page) for block, page in zip(blocks, pages, strict=True)]

    chunks = chunk_document(document(*spelled), target_tokens=target)

    for chunk in chunks:
        starts, numbers = chunk.locator.page_starts, chunk.locator.pages
        assert len(starts) == (len(numbers) if len(numbers) > 1 else 0)
        assert all(one < other for one, other in pairwise(starts))
        for page, (start, end) in zip(numbers, pairwise([*starts, len(chunk.text)]), strict=False):
            part = chunk.text[start:end]
            assert part.strip()
            assert {letter for letter in part if letter.isalpha()} <= {_letter(page)}


def _letter(page: int) -> str:
    return chr(ord("a") + page)


def _spelled(block: Block, *, page: int) -> Block:
    """A block on a page, all its letters being the one of this page."""
    box = Box(page, 0.1, 0.1, 0.9, 0.9)
    if block.table is None:
        return replace(block, text=re.sub(r"[^\W\d_]", _letter(page), block.text), box=box)
    rows = [block.table.header, *block.table.rows]
    spelled = table([[re.sub(r"[^\W\d_]", _letter(page), cell) for cell in row] for row in rows])
    return replace(spelled, box=box)


@given(blocks=BLOCKS)
@settings(max_examples=30, deadline=None)
def test_sections_hold_every_block_once(blocks: list[Block]) -> None:
    sections = split_sections(blocks)

    assert [
        index for section in sections for index in range(section.first, section.last + 1)
    ] == list(range(len(blocks)))


def _without_repeats(chunks: tuple[Chunk, ...], blocks: list[Block]) -> list[str]:
    """Texts of chunks; a table's header is dropped where the chunk goes on with the table of the last one."""
    kept: list[str] = []
    previous: Chunk | None = None
    for chunk in chunks:
        text, first = chunk.text, blocks[chunk.locator.first_block]
        goes_on = previous is not None and previous.locator.last_block == chunk.locator.first_block
        if goes_on and first.table is not None:
            text = text.removeprefix("\n".join(header_lines(first.table)))
        kept.append(text)
        previous = chunk
    return kept


@pytest.mark.parametrize("target", [64, 256, 480])
def test_no_chunk_is_longer_than_an_embedding_model_reads(target: int) -> None:
    rows = table([["A", "B"], *([SENTENCE * 3, "x"] for _ in range(20))])

    chunks = chunk_document(
        document(heading("H"), paragraph(SENTENCE * 60), rows), target_tokens=target
    )

    assert max(chunk.tokens for chunk in chunks) <= 482


def embedded(*section: str, title: str) -> str:
    chunk = Chunk(ordinal=0, text="Texte.", locator=Locator(section=section), tokens=0)
    return chunk.embedded_text(title=title)


def test_a_label_that_repeats_the_one_before_is_embedded_once() -> None:
    assert embedded("Règlement des aides", "Article 2", title="Règlement des aides") == (
        "Règlement des aides > Article 2\nTexte."
    )
    assert embedded("ANNEXE", "Annexe", title="Guide") == "Guide > ANNEXE\nTexte."


def test_a_title_without_a_word_is_not_embedded() -> None:
    assert embedded(title="007f75edbfb9e4c3") == "Texte."
    assert embedded("Conclusion", title="2024-03-12_01") == "Conclusion\nTexte."
    assert embedded(title="PV Flaux 2024") == "PV Flaux 2024\nTexte."
