from __future__ import annotations

import pytest

from ingest.cleaning import clean_text, fold, one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ﬁnancement eﬃcace", "financement efficace"),
        ("e\u0301te\u0301", "été"),
        ("ré\u00adgion\u200b", "région"),
        ("5\u202f000\u00a0€", "5 000 €"),
        ("a\r\n\r\n\r\n\r\nb", "a\n\nb"),
        ("Titre ................ 12", "Titre 12"),
        ("a\x00b\x07c", "abc"),
        ("\ud800x", "x"),
    ],
)
def test_cleaning_keeps_words_and_drops_leftovers(text: str, expected: str) -> None:
    assert clean_text(text) == expected


def test_cleaning_twice_changes_nothing() -> None:
    once = clean_text("  Œuvre …………… d’art \n \n\n x_____ ")

    assert clean_text(once) == once


def test_fold_ignores_case_accents_and_apostrophes() -> None:
    assert fold("L’Été des Œuvres") == fold("l'ete des oeuvres")


def test_one_line() -> None:
    assert one_line(" a\n\n b ") == "a b"
