from __future__ import annotations

import pytest

from tests.ui.scripted import citation
from ui.answers import source_html, targets
from ui.markup import Target, answer_html


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


def test_source_over_two_pages_says_and_opens_the_one_that_answers() -> None:
    base = citation(page=4, title="Procès-verbal")
    locator = base.locator.model_copy(update={"pages": [3, 4]})
    url = f"{base.view_url}?page=4"
    source = base.model_copy(update={"locator": locator, "view_url": url})

    assert targets([source])[1] == Target(url, "Procès-verbal, page 4")
    assert "page 4" in source_html(source)
    assert "page 3" not in source_html(source)
    assert f'href="{url}#passage"' in answer_html("Le taux [1].", targets([source]))


def test_marker_is_named_by_its_place() -> None:
    base = citation(page=None, title="Budget 2024")
    locator = base.locator.model_copy(update={"sheet": "Recettes", "cells": "B2:C9"})
    source = base.model_copy(update={"locator": locator})

    assert targets([source])[1].label == "Budget 2024, feuille « Recettes », B2:C9"


def test_source_shows_the_label_of_its_collection() -> None:
    source = citation(page=4).model_copy(update={"label": "Diffusion <restreinte>"})

    assert "mention « Diffusion &lt;restreinte&gt; »" in source_html(source)
    assert "source-label" not in source_html(citation(page=4))
