from __future__ import annotations

from datetime import date

import pytest

from assistant.answering.contradictions import contradiction_notice, find_contradictions
from assistant.domain.answers import Passage
from assistant.domain.catalogue import sentence
from tests.unit.assistant.answering.samples import make_chunk


def passage(
    marker: int, text: str, *, title: str = "Aide au numérique", day: date | None = None
) -> Passage:
    chunk = make_chunk(text, id=f"k{marker}", document=f"d{marker}", title=title, day=day)
    return Passage(marker=marker, chunk=chunk)


RATE = "Quel est le taux de l'aide au numérique pour une association ?"
LEAFLET = passage(
    1, "L'aide couvre 50 % des dépenses de l'association.", title="Dépliant de l'aide au numérique",
    day=date(2022, 3, 1),
)  # fmt: skip
SHEET = passage(
    2, "Pour une association, le taux de subvention est de 80 %.", title="Fiche de l'aide au numérique",
    day=date(2024, 5, 2),
)  # fmt: skip


def figures(question: str, *passages: Passage) -> list[list[tuple[int, str]]]:
    found = find_contradictions(question, passages=passages)
    return [[(side.passage.marker, side.figure) for side in each.sides] for each in found]


def test_a_leaflet_and_a_sheet_that_disagree_are_both_shown_the_newest_first() -> None:
    assert figures(RATE, LEAFLET, SHEET) == [[(2, "80 %"), (1, "50 %")]]
    assert figures(RATE, SHEET, LEAFLET) == [[(2, "80 %"), (1, "50 %")]]


def test_the_notice_names_both_with_their_sources_and_dates() -> None:
    (found,) = find_contradictions(RATE, passages=[LEAFLET, SHEET])
    notice = contradiction_notice(found)

    assert notice.code == "sources_disagree"
    said = sentence(notice.code, **notice.params)
    assert "80 % [2] (« Fiche de l'aide au numérique », 2 mai 2024)" in said
    assert "50 % [1] (« Dépliant de l'aide au numérique », 1er mars 2022)" in said
    assert said.index("80 %") < said.index("50 %")


def test_an_undated_source_comes_after_the_dated_ones() -> None:
    undated = passage(3, "Le taux de l'aide à une association est de 65 %.")

    assert figures(RATE, undated, LEAFLET)[0][0] == (1, "50 %")


@pytest.mark.parametrize(
    ("question", "one", "other", "expected"),
    [
        ("Quel est le plafond de l'aide au numérique ?", "L'aide est plafonnée à 2 000 € par an.",
         "Le plafond de l'aide est de 3 200 €.", ["3200 €", "2000 €"]),
        ("Avant quelle date demander l'aide au numérique ?", "La demande d'aide est due le 31 mars.",
         "La demande d'aide arrive avant le 30 avril.", ["30 avril", "31 mars"]),
        ("Quel délai pour la décision sur l'aide au numérique ?",
         "La décision sur l'aide est prise en trois mois.",
         "La décision sur l'aide est notifiée sous six semaines.", ["six semaines", "trois mois"]),
    ],
)  # fmt: skip
def test_amounts_dates_and_durations_are_compared(
    question: str, one: str, other: str, expected: list[str]
) -> None:
    older, newer = date(2020, 1, 1), date(2021, 1, 1)
    found = figures(question, passage(1, one, day=older), passage(2, other, day=newer))

    assert [figure for _, figure in found[0]] == expected


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        # the same figure, written otherwise
        (RATE, "L'aide à l'association couvre 50 %.", "Le taux d'aide à une association : 50%."),
        # one gives both figures
        (RATE, "L'aide à une association est de 50 %, ou 80 % en zone rurale.",
         "Le taux d'aide à une association est de 80 %."),
        # told of different years
        (RATE, "En 2023, l'aide à une association est de 50 %.",
         "En 2024, l'aide à une association est de 80 %."),
        # another aid
        (RATE, "L'aide au numérique d'une association est de 50 %.", "La TVA est de 20 %."),
        # one is about another department than the question
        ("Quel est le taux de l'aide à une association dans l'Orne ?",
         "Dans l'Orne, l'aide à une association est de 50 %.",
         "Dans le Var, l'aide à une association est de 80 %."),
        # no figure is asked for
        ("Qui verse l'aide au numérique à une association ?", "L'aide à l'association est de 50 %.",
         "L'aide à l'association est de 80 %."),
        # another kind of figure
        (RATE, "L'aide à une association est de 50 %.", "L'aide à une association est de 300 €."),
    ],
)  # fmt: skip
def test_what_is_no_contradiction_is_not_told(question: str, one: str, other: str) -> None:
    assert figures(question, passage(1, one), passage(2, other, title="Autre")) == []


def test_one_document_does_not_contradict_itself_by_one_passage() -> None:
    assert (
        figures(RATE, passage(1, "Aide à l'association : 50 %. Aide à l'association : 80 %.")) == []
    )


def test_two_sentences_of_one_document_are_compared_too() -> None:
    title = make_chunk("La demande d'aide au numérique est due le 15 mai.", id="a", document="d1")
    body = make_chunk("La demande d'aide au numérique est due le 25 mai.", id="b", document="d1")

    asked = "Avant quelle date demander l'aide au numérique ?"
    found = figures(asked, Passage(1, title), Passage(2, body))

    assert found == [[(1, "15 mai"), (2, "25 mai")]]


def test_a_number_of_the_question_need_not_be_in_the_passages() -> None:
    question = "Quel est le taux de l'aide pour une association de 15 salariés ?"
    one = passage(
        1, "➜ 50 % pour les associations de 10 à 19 salariés.", title="Dépliant de l'aide"
    )
    other = passage(2, "Taux de subvention de l'aide à une association : 80 %.", title="Fiche")

    assert figures(question, one, other) == [[(1, "50 %"), (2, "80 %")]]
