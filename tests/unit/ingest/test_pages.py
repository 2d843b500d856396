"""Lines of a page and the headings that its file tags."""

from __future__ import annotations

import pytest

from ingest.model import BlockKind
from ingest.parsers.pages.headings import settle_headings
from ingest.parsers.pages.lines import line_spans, overlapping_share
from ingest.parsers.pages.page import Line, Page, Piece, Rect


def test_superscripts_and_columns_do_not_count_as_overlapping() -> None:
    lines = [
        Line("Le conseil municipal de la commune", Rect(50, 100, 250, 112)),
        Line("Les autres communes du canton", Rect(300, 101, 500, 113)),
        Line("approuve le budget de l'année", Rect(50, 111, 250, 123)),
    ]

    assert overlapping_share(lines) == 0


def heading_page(number: int, words: str) -> Page:
    page = Page(number=number, width=595, height=842)
    page.pieces = [
        Piece(BlockKind.PARAGRAPH, words, Rect(72, 100, 300, 112)),
        Piece(BlockKind.HEADING, "Mots en gras", Rect(72, 130, 300, 142), level=2),
    ]
    return page


@pytest.mark.parametrize(("count", "kind"), [(5, BlockKind.HEADING), (4, BlockKind.PARAGRAPH)])
def test_headings_that_a_file_tags_count_from_five(count: int, kind: BlockKind) -> None:
    pages = [heading_page(n, f"Partie dite {'abcdefgh'[n]}") for n in range(1, 6)]
    for page in pages[:count]:
        page.tags = [(page.pieces[0].text, 2)]

    settle_headings(pages, bookmarks=[])

    assert [page.pieces[0].kind for page in pages] == [kind] * 5
    assert kind is BlockKind.PARAGRAPH or pages[0].pieces[0].level == 2


def test_lines_are_found_whatever_the_engine_changed() -> None:
    text = "L'œuvre collaborative « de fin » d'année est financée."
    lines = [
        Line("L’œuvre collabora-", Rect(0, 0, 90, 10)),
        Line("tive « de ﬁn »", Rect(0, 12, 60, 22)),
        Line("d’année", Rect(64, 12, 90, 22)),
        Line("est ﬁnancée.", Rect(0, 24, 60, 34)),
    ]

    spans = line_spans(text, lines=lines)

    assert [text[span.start : span.end].strip() for span in spans] == [
        "L'œuvre collabora",
        "tive « de fin » d'année",
        "est financée.",
    ]
    assert spans[1].rect == Rect(0, 12, 90, 22)


def test_lines_that_do_not_tell_the_text_are_no_lines() -> None:
    lines = [Line("Tout autre chose", Rect(0, 0, 90, 10))]

    assert line_spans("Le conseil municipal approuve le budget.", lines=lines) == []
    assert line_spans("—", lines=lines) == []
