from __future__ import annotations

import pytest

from tests.ui.scripted import citation
from ui.answers import source_html, targets


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"sheet": "Budget", "cells": "A3:F20"}, "feuille « Budget », A3:F20"),
        ({"slide": 7}, "diapositive 7"),
        ({"part": "annexe.pdf"}, "pièce jointe « annexe.pdf »"),
        ({"confidence": 0.824}, "texte lu sur une image, sûr à 82 %"),
    ],
)
def test_source_says_where_it_stands(where: dict[str, object], words: str) -> None:
    base = citation(page=None)
    source = base.model_copy(update={"locator": base.locator.model_copy(update=where)})

    assert words in source_html(source)


def test_marker_is_named_by_its_place() -> None:
    base = citation(page=None, title="Budget 2024")
    locator = base.locator.model_copy(update={"sheet": "Recettes", "cells": "B2:C9"})
    source = base.model_copy(update={"locator": locator})

    assert targets([source])[1].label == "Budget 2024, feuille « Recettes », B2:C9"
