from __future__ import annotations

import pytest

from assistant.api.passage_page import french_pages, french_place
from assistant.domain.catalogue import sentence
from ingest.model import DocumentKind, Locator, Place


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


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind is not DocumentKind.OTHER])
def test_every_kind_of_document_has_a_name(kind: DocumentKind) -> None:
    assert sentence(f"kind_{kind.value}")


@pytest.mark.parametrize(
    ("pages", "words"),
    [((3,), "page 3"), ((3, 4), "pages 3 et 4"), ((3, 4, 5, 6), "pages 3 à 6")],
)
def test_pages_in_words(pages: tuple[int, ...], words: str) -> None:
    assert french_pages(pages) == words
