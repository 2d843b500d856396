from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Le conseil vote. La séance est levée.", ["Le conseil vote.", "La séance est levée."]),
        ("M. Dupont et Mme. Durand votent. Pour.", ["M. Dupont et Mme. Durand votent.", "Pour."]),
        ("Vu l'art. L. 1111-2 du code. Adopté.", ["Vu l'art. L. 1111-2 du code.", "Adopté."]),
        (
            "Le montant est de 1.500 € (cf. annexe 2). Il est fixe.",
            ["Le montant est de 1.500 € (cf. annexe 2).", "Il est fixe."],
        ),
        (
            "La délibération n° 2024-123 est adoptée ! Est-ce tout ? Oui.",
            ["La délibération n° 2024-123 est adoptée !", "Est-ce tout ?", "Oui."],
        ),
        ("« Il pleut. » Elle sort.", ["« Il pleut. »", "Elle sort."]),
        ("1. Objet du règlement\n2. Bénéficiaires", ["1. Objet du règlement", "2. Bénéficiaires"]),
        (
            "Sont aidés :\n- les communes ;\n- les lycées.",
            ["Sont aidés :", "- les communes ;", "- les lycées."],
        ),
        ("Titre\n\nTexte sans point", ["Titre", "Texte sans point"]),
        ("Des aides, etc. Le reste suit.", ["Des aides, etc.", "Le reste suit."]),
        ("J.-P. Martin préside.", ["J.-P. Martin préside."]),
        ("   \n ", []),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_would_stop(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="aA1 .!?:;\n-«»é,", max_size=200))
def test_sentences_hold_every_character_once_and_in_order(text: str) -> None:
    spans = split_sentences(text)

    assert all(start < end for start, end in spans)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
