from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.statements import Statement, StatementReader
from tests.unit.assistant.answering.samples import two_pieces


def read(pieces: list[str]) -> list[Statement]:
    reader = StatementReader()
    return [each for piece in pieces for each in reader.feed(piece)] + reader.finish()


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("Un. Deux [1]. Trois", ["Un.", "Deux [1].", "Trois"]),
        ("Le taux est de 45 %. [1] La suite.", ["Le taux est de 45 %. [1]", "La suite."]),
        ("Le taux est de 45 %. [1][2].", ["Le taux est de 45 %. [1][2]."]),
        (
            "Selon l'art. L. 12 du code [1], oui. Non.",
            ["Selon l'art. L. 12 du code [1], oui.", "Non."],
        ),
        ("- Un [1]\n- Deux. Trois\n\n4. Quatre", ["Un [1]", "Deux.", "Trois", "Quatre"]),
        ("# Titre\n> Cité [1].\n**Gras**", ["Titre", "Cité [1].", "**Gras**"]),
        ("| A | B |\n|---|---|\n| 1 | 2 [1] |", ["A | B", "1 | 2 [1]"]),
        ("```\nUn code.\n```\nUn texte.", ["Un texte."]),
        ("\n \n", []),
        ("[1] Début.\n[2]", ["[1] Début.", "[2]"]),
    ],
)
def test_statements_of_an_answer(text: str, statements: list[str]) -> None:
    found = read([text])

    assert [each.text for each in found] == statements
    assert all(text[each.start : each.end] == each.text for each in found)
    assert all(read(pieces) == found for pieces in two_pieces(text) if not is_inside(pieces))


def is_inside(pieces: list[str]) -> bool:
    """True when a cut falls in a marker, which the parser before never does."""
    return any(piece.rfind("[") > piece.rfind("]") for piece in pieces)


def test_a_list_goes_with_the_paragraph_before_it() -> None:
    text = "Un [1] :\n\n- Deux\n\n- Trois\n\nQuatre. Cinq\nSix\n\n# Sept\n"

    found = read([text])

    assert [each.text for each in found if each.opens_block] == ["Un [1] :", "Quatre.", "Sept"]


def test_a_sentence_is_given_once_the_next_one_begins() -> None:
    reader = StatementReader()

    assert reader.feed("Le taux est de 45 %. ") == []
    assert [each.text for each in reader.feed("[1] La")] == ["Le taux est de 45 %. [1]"]


PIECES = st.sampled_from(
    [
        *(
            "Un ",
            "mot",
            ". ",
            ".",
            "! ",
            " »",
            '"',
            "[1]",
            " [2] ",
            "\n",
            "\n\n",
            "- ",
            "* ",
            "1. ",
        ),
        *(
            "| ",
            " |",
            "# ",
            "> ",
            "**",
            "```",
            "art. ",
            "L. ",
            "12",
            ", ",
            " : ",
            "É",
            "(",
            ")",
            "\t",
        ),
    ]
)


@given(data=st.data(), parts=st.lists(PIECES, max_size=40))
def test_any_cut_gives_the_same_statements(data: st.DataObject, parts: list[str]) -> None:
    whole = read(["".join(parts)])
    cuts = data.draw(st.lists(st.integers(0, len(parts)), max_size=8).map(sorted))
    bounds = [0, *cuts, len(parts)]
    pieces = ["".join(parts[a:b]) for a, b in itertools.pairwise(bounds)]

    assert read(pieces) == whole
    assert read(parts) == whole


def test_a_heading_begins_at_its_first_word() -> None:
    assert [each.text for each in read(["#\x850"])] == ["0"]


@given(st.text())
def test_no_text_is_refused_and_statements_never_overlap(text: str) -> None:
    found = read([text])

    assert all(text[each.start : each.end] == each.text.strip() for each in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
