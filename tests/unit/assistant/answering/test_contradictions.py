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
         "Le plafond de l'aide est de 3 200 €.", ["3 200 €", "2 000 €"]),
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


DATE = "Avant quelle date demander l'aide au numérique ?"
DELAY = "Quel délai pour la décision sur l'aide au numérique ?"
CEILING = "Quel est le plafond de l'aide au numérique ?"


def told(marker: int, figure: str) -> Passage:
    """A passage that answers each of the questions above by one figure."""
    text = f"Taux, plafond, délai de décision ou date pour demander l'aide d'une association : {figure}."
    return passage(marker, text)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (DELAY, "sous 30 jours", "sous trente jours"),
        (DELAY, "sous trente (30) jours", "en 30 (trente) jours"),
        (DELAY, "en un an", "en 12 mois"),
        (DELAY, "en deux semaines", "en quatorze jours"),
        (DELAY, "sous quatre-vingt-dix jours", "sous 90 jours"),
        (DELAY, "en quarante-cinq jours", "en 45 jours ou deux mois"),
        (CEILING, "de 1 500 €", "de 1,5 k€"),
        (CEILING, "de 1 500 €", "de 1500 euros"),
        (CEILING, "de 1.500,00 EUR", "de mille cinq cents euros"),
        (CEILING, "de 2,5 M€", "de deux millions cinq cent mille euros"),
        (CEILING, "de 2,5 millions d'euros", "de 2 500 000 €"),
        (DATE, "avant le 31 mars", "avant le 31/03"),
        (DATE, "avant le 31 mars 2025", "avant le 31/03/2025"),
        (DATE, "avant le 31 mars", "avant le 31 mars 2025"),
        (DATE, "avant le 1er avril 2025", "avant le 01/04/25"),
        (RATE, "à 50 % pour une association", "à 50,0 pour cent pour une association"),
    ],
)
def test_one_value_written_otherwise_is_no_contradiction(
    question: str, one: str, other: str
) -> None:
    assert figures(question, told(1, one), told(2, other)) == []


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (DELAY, "30 jours", "quarante jours"),
        (DELAY, "30 jours", "30 mois"),
        # the law counts a month from a day to the same day of the next one
        (DELAY, "30 jours", "un mois"),
        (CEILING, "1 500 €", "15 k€"),
        (CEILING, "1 500 €", "1 500 $"),
        (CEILING, "mille cinq cents euros", "mille six cents euros"),
        (DATE, "31 mars", "31/05/2025"),
        (DATE, "31 mars 2025", "31/03/2026"),
    ],
)
def test_another_value_is_a_contradiction_however_it_is_written(
    question: str, one: str, other: str
) -> None:
    (found,) = figures(question, told(1, one), told(2, other))

    assert found == [(1, one), (2, other)]


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
