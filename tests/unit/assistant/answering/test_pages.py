from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answering.pages import page_of
from ingest.model import Locator
from tests.unit.assistant.answering.samples import make_chunk, make_paged

RULES = "La Région aide les communes. Le dossier est déposé en mairie, avec un plan."
RATES = "Le taux est de 30 %. Le plafond est de 5 000 € par commune."
TWO_PAGES = make_paged(RULES, RATES, first=3)


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("Où déposer le dossier ?", 3),
        ("Quels sont les taux et plafonds ?", 4),
        ("Le plafond est de 5 000 € par commune.", 4),
    ],
)
def test_the_page_with_the_most_words_is_the_one_to_open(words: str, page: int) -> None:
    assert page_of(words, chunk=TWO_PAGES) == page


@pytest.mark.parametrize(
    "words", ["Quelles aides aux associations de commune ?", "Et la piscine ?"]
)
def test_of_pages_that_tell_as_much_the_first_is_opened(words: str) -> None:
    aids = make_paged("Les aides sont votées.", "Les aides sont versées.", first=7)

    assert page_of(words, chunk=aids) == 7


def test_of_pages_with_the_same_words_the_one_that_says_them_together_is_opened() -> None:
    scattered = "Le taux varie. Un bonus est possible. La zone compte."
    together = "Le taux du bonus en zone rurale est voté."

    assert page_of("Quel taux de bonus en zone ?", chunk=make_paged(scattered, together)) == 2


def test_the_row_of_a_table_is_found_on_its_page() -> None:
    first = "| Aide | Taux |\n| --- | --- |\n| Vélo | 25 % |"
    second = "| Aide | Taux |\n| --- | --- |\n| Isolation des combles | 40 % |"

    assert (
        page_of("Aide : Isolation des combles ; Taux : 40 %", chunk=make_paged(first, second)) == 2
    )


@pytest.mark.parametrize(
    ("locator", "page"),
    [
        (Locator(), None),
        (Locator(pages=(5,)), 5),
        (Locator(pages=(5, 6)), 5),
    ],
)
def test_where_nothing_tells_the_pages_apart_the_first_is_opened(
    locator: Locator, page: int | None
) -> None:
    chunk = replace(make_chunk(RULES + RATES), locator=locator)

    assert page_of("Quels taux ?", chunk=chunk) == page
