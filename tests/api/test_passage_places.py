from __future__ import annotations

import pytest

from assistant.api.passage_page import french_place
from ingest.model import Locator, Place


@pytest.mark.parametrize(
    ("locator", "words"),
    [
        (Locator(), []),
        (Locator(place=Place(sheet="Budget"), cells="A3:F20"), ["feuille « Budget », A3:F20"]),
        (Locator(place=Place(slide=7)), ["diapositive 7"]),
        (Locator(place=Place(part="annexe.pdf")), ["pièce jointe « annexe.pdf »"]),
        (Locator(pages=(1,), confidence=0.824), ["texte lu sur une image, sûr à 82 %"]),
    ],
)
def test_view_says_where_a_passage_stands(locator: Locator, words: list[str]) -> None:
    assert french_place(locator) == words
