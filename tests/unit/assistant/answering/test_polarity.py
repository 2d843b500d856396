from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.polarity import disagreement


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        ("L'aide n'est pas due aux étudiants.", "L'aide est due aux étudiants.", "est"),
        ("Le maire ne peut jamais signer l'acte.", "Le maire peut signer l'acte.", "peut"),
        ("Aucun élu ne doit voter le budget.", "Un élu doit voter le budget.", "doit"),
        ("Il ne se fait pas en ligne.", "Il se fait en ligne.", "fait"),
        ("Une somme non remboursable après un an.", "Une somme remboursable après un an.", "remboursable"),
    ],
)  # fmt: skip
def test_one_denies_what_the_other_says(first: str, second: str, word: str) -> None:
    assert disagreement(first, second) == disagreement(second, first) == word
    assert disagreement(first, first) == disagreement(second, second) == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("L'aide ne concerne que les communes.", "L'aide concerne les communes."),
        ("L'aide n'est pas due aux élèves.", "L'aide est versée par la caisse."),
        ("L'aide n'est pas due aux élèves et elle est unique.", "Elle est unique."),
        ("On dit non", "On le dit"),
        ("Il ne", "Il le"),
        ("", ""),
    ],
)
def test_what_is_not_about_the_same_thing_does_not_disagree(first: str, second: str) -> None:
    assert disagreement(first, second) == disagreement(second, first) == ""


@given(st.text())
def test_no_text_disagrees_with_itself(text: str) -> None:
    assert not disagreement(text, text)
