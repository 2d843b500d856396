from __future__ import annotations

import pytest

from ingest.chunking import chunk_document
from ingest.codec import decode, encode
from ingest.draft import table_markdown
from ingest.model import (
    Block,
    BlockKind,
    Box,
    FileFormat,
    IngestedFile,
    LineBox,
    ParsedDocument,
    Place,
    Table,
)
from ingest.places import bounding_box, cell_range, column_name, joined_range

SHEET = Place(sheet="Budget")


def line(number: int) -> Box:
    return Box(1, 0.1, number / 10, 0.9, number / 10 + 0.05)


def sheet_block(rows: int) -> Block:
    table = Table(
        header=("Poste", "Montant"),
        rows=tuple((f"Poste numéro {n} du budget primitif", f"{n} €") for n in range(rows)),
        sheet_rows=(3, *range(5, 5 + rows)),
        sheet_columns=(2, 3),
    )
    return Block(kind=BlockKind.TABLE, text=table_markdown(table), table=table, place=SHEET)


def chunks_of(*blocks: Block, target: int = 128) -> IngestedFile:
    document = ParsedDocument(format=FileFormat.ODS, title="Budget", blocks=blocks)
    return IngestedFile(document, chunk_document(document, target_tokens=target))


@pytest.mark.parametrize(
    ("number", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")]
)
def test_columns_have_letters(number: int, name: str) -> None:
    assert column_name(number) == name


def test_range_tells_the_rows_without_their_header() -> None:
    table = sheet_block(4).table
    assert table is not None

    assert cell_range(table, first=0, last=3) == "B5:C8"
    assert cell_range(table, first=2, last=2) == "B7:C7"
    assert cell_range(Table(("a",), (("b",),)), first=0, last=0) == ""


def test_ranges_join() -> None:
    assert joined_range("B5:C8", "A9:AA9") == "A5:AA9"
    assert joined_range("", "A9:B9") == "A9:B9"


def test_box_around_boxes() -> None:
    assert bounding_box([line(1), line(4)]) == Box(1, 0.1, 0.1, 0.9, 0.45)


def test_long_sheet_is_cut_into_ranges_that_follow_each_other() -> None:
    chunks = chunks_of(sheet_block(60)).chunks

    ranges = [chunk.locator.cells for chunk in chunks]
    assert len(ranges) > 1
    assert ranges[0].startswith("B5:C")
    assert ranges[-1].endswith("C64")
    ends = [int(each.split(":C")[1]) for each in ranges]
    starts = [int(each.split(":")[0][1:]) for each in ranges]
    assert starts[1:] == [end + 1 for end in ends[:-1]]
    assert all(chunk.locator.place == SHEET for chunk in chunks)


def test_small_slides_stay_apart() -> None:
    blocks = [
        Block(BlockKind.PARAGRAPH, f"Diapositive {n}.", place=Place(slide=n)) for n in (1, 2, 3)
    ]

    chunks = chunks_of(*blocks).chunks

    assert [chunk.locator.place.slide for chunk in chunks] == [1, 2, 3]


def test_chunk_of_a_long_paragraph_covers_exactly_its_lines() -> None:
    sentence = "La Région accompagne les communes rurales dans leurs projets d'avenir. "
    text = (sentence * 9).strip()
    lines = tuple(LineBox(n * len(sentence), (n + 1) * len(sentence), line(n)) for n in range(9))
    whole = bounding_box([each.box for each in lines])
    block = Block(BlockKind.PARAGRAPH, text, box=whole, lines=lines)

    chunks = chunks_of(block, target=64).chunks

    assert len(chunks) > 1
    start = 0
    for chunk in chunks:
        count = chunk.text.count("Région")
        assert chunk.locator.boxes == (
            bounding_box([line(n) for n in range(start, start + count)]),
        )
        start += count


def test_rows_of_a_printed_table_have_their_own_boxes() -> None:
    rows = tuple((f"Opération numéro {n} du programme", f"{n} €") for n in range(8))
    table = Table(("Poste", "Montant"), rows, row_boxes=tuple(line(n) for n in range(9)))
    block = Block(
        BlockKind.TABLE, table_markdown(table), box=Box(1, 0.1, 0.0, 0.9, 0.85), table=table
    )
    long = table_markdown(table) * 6

    chunks = chunks_of(Block(BlockKind.TABLE, long, box=block.box, table=table)).chunks

    assert chunks[0].locator.boxes[0].top == table.row_boxes[0].top
    assert chunks[-1].locator.boxes[-1].bottom == pytest.approx(0.85)


def test_least_certain_block_tells_the_certainty_of_a_chunk() -> None:
    blocks = [
        Block(BlockKind.PARAGRAPH, "Texte net.", confidence=0.95),
        Block(BlockKind.PARAGRAPH, "Texte flou.", confidence=0.5),
    ]

    assert chunks_of(*blocks).chunks[0].locator.confidence == 0.5


def test_all_of_it_crosses_a_process_border() -> None:
    block = Block(
        BlockKind.PARAGRAPH,
        "Texte.",
        box=line(1),
        lines=(LineBox(0, 6, line(1)),),
        place=Place(part="annexe.pdf"),
        confidence=0.9,
    )
    ingested = chunks_of(block, sheet_block(2))

    assert decode(encode(ingested)) == ingested
