from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.facts import Holdings, facts_of, flat
from assistant.domain.marks import MarkKind


def unheld(sentence: str, source: str, *, day: date | None = None) -> list[tuple[str, str]]:
    held = Holdings(source, day=day)
    return [(fact.kind.value, fact.words) for fact in facts_of(sentence) if not held.holds(fact)]


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("Le plafond est de 1 500 000 euros.", "plafond : 1,5 M€"),
        ("Le plafond est de 1,5 million d'euros.", "plafond de 1 500 000 €"),
        ("Le plafond est de 480 000 €.", "| plafond (en €) |\n| 480 000 |"),
        ("Le budget est de 12 k€.", "12 000,00 €"),
        ("Le total est de 1 234,56 €.", "total 1.234,56 €"),
        ("Soit 34 80 €.", "pour 34 80 €"),
        ("Le taux est de 45 %.", "45 pour cent des dépenses"),
        ("Le 3 mars 2024.", "séance du 03/03/2024"),
        ("Le 1er mars 2024.", "2024-03-01"),
        ("En mars 2024.", "le 3 mars 2024"),
        ("En 2024.", "le 3 mars 2024"),
        ("Le 3 mars 2024.", "le 3 mars, dans l'année 2024"),
        ("Du 3 au 15 mars 2024.", "entre le 3 mars 2024 et le 15 mars 2024"),
        ("Pendant deux ans.", "une durée de 24 mois"),
        ("Sous 3 mois.", "dans les trois (3) mois"),
        ("Dans les deux semaines.", "14 jours"),
        ("L'article L. 1111-2 s'applique.", "article L1111-2 du code"),
        ("Les articles R. 12-1 et R. 12-3.", "articles R. 12-1 à 12-3"),
        ("La délibération n° 2024-117.", "DÉLIBÉRATION N° 2024-117"),
        ("Une aide de mille cinq cents euros.", "une aide de 1 500 €"),
        ("Une aide de 1 500 €.", "une aide de mille cinq cents euros"),
        ("Soit 2,5 M€.", "deux millions cinq cent mille euros"),
        ("Sous cent vingt jours.", "sous 120 jours"),
        ("Sous quatre-vingt-dix jours.", "dans les 90 jours"),
        ("Une prime de vingt-cinq euros.", "prime : 25 €"),
        ("Une prime de 1 500 F CFP.", "1 500 XPF"),
        ("Une prime de US$ 1 500.", "1 500 dollars"),
        ("Pendant trois trimestres.", "durant neuf mois"),
        ("Sur 30 hectares.", "300 000 m²"),
        ("À moins de 5 km.", "à moins de 5 000 mètres"),
        ("Ouvert dès 8h30.", "ouvert dès 8 h 30"),
        ("L'aide couvre 50 % du prix.", "l'aide couvre la moitié du prix"),
        ("Sous 30 jours.", "dans un délai de 30 (trente) jours"),
        ("Au XIXe siècle.", "le dix-neuvième (19) siècle"),
        ("Le CNIG l'a décidé.", "le Conseil national de l'information géographique"),
        ("La ville de Saint-Étienne paie.", "SAINT ETIENNE"),
        ("Le Conseil régional décide.", "l'assemblée décide"),
    ],
)
def test_one_value_written_otherwise_is_held(sentence: str, source: str) -> None:
    assert unheld(sentence, source) == []


@pytest.mark.parametrize(
    ("sentence", "source", "missing"),
    [
        ("Le taux est de 45 %.", "le taux est de 54 %", [("percentage", "45 %")]),
        ("Le taux est de 45 %.", "une aide de 45 €", [("percentage", "45 %")]),
        ("Un montant de 480 000 €.", "480 €", [("amount", "480 000 €")]),
        ("Soit 3 480 €.", "pour 34 80 €", [("amount", "3 480 €")]),
        ("Le 3 mars 2024.", "le 4 mars 2024", [("date", "3 mars 2024")]),
        ("En mars 2023.", "le 3 mars 2024", [("date", "mars 2023")]),
        ("En 2023.", "le 3 mars 2024", [("date", "2023")]),
        ("Pendant 3 ans.", "pendant 3 mois", [("duration", "3 ans")]),
        ("Pendant deux ans.", "pendant trois ans", [("duration", "deux ans")]),
        ("Mille cinq cents euros.", "1 200 €", [("amount", "Mille cinq cents euros")]),
        (
            "Soit mille cinq cents euros.",
            "mille six cents euros",
            [("amount", "mille cinq cents euros")],
        ),
        (
            "Soit quatre-vingts euros.",
            "quatre-vingt-dix euros",
            [("amount", "quatre-vingts euros")],
        ),
        ("Il y a cinq cents lits.", "les 400 lits", [("number", "cinq cents")]),
        ("Il y a vingt-quatre lits.", "les 25 lits", [("number", "vingt-quatre")]),
        ("Soit 1 500 $.", "soit 1 500 €", [("amount", "1 500 $")]),
        ("Soit 1 500 dollars.", "soit 1 500 €", [("amount", "1 500 dollars")]),
        ("Soit 1 500 francs.", "soit 1 500 €", [("amount", "1 500 francs")]),
        ("Soit 1 500 £.", "soit 1 500 €", [("amount", "1 500 £")]),
        ("Soit 1 500 €.", "soit 1 500 francs CFP", [("amount", "1 500 €")]),
        ("Soit 2 millions de dollars.", "2 M€", [("amount", "2 millions de dollars")]),
        ("Sous 30 mois.", "sous 30 jours", [("duration", "30 mois")]),
        ("Sous trente mois.", "sous 30 jours", [("duration", "trente mois")]),
        ("Sous 30 mois.", "sous 30 (trente) jours", [("duration", "30 mois")]),
        ("Sous 30 jours.", "sous un mois", [("duration", "30 jours")]),
        ("Sous 2 ans.", "Article 2 : sous trois ans", [("duration", "2 ans")]),
        ("Sous 2 ans.", "1. Objet\n2. Sous trois ans", [("duration", "2 ans")]),
        ("Jusqu'à 20 Go.", "20 Mo au plus", [("number", "20 Go")]),
        ("À 30 km.", "sur 30 hectares", [("number", "30 km")]),
        ("Ouvert dès 8 h 30.", "ouvert dès 8 h 45", [("duration", "8 h 30")]),
        ("Article L. 1111-3.", "article L. 1111-2", [("reference", "L. 1111-3")]),
        ("Il y a 12 lycées.", "les 21 lycées", [("number", "12")]),
        ("Voté par Jean Dupont.", "voté par Jean Martin", [("name", "Dupont")]),
        ("Un dossier de l'ADEME.", "un dossier de l'ANCT", [("name", "ADEME")]),
    ],
)
def test_another_value_is_missing(
    sentence: str, source: str, missing: list[tuple[str, str]]
) -> None:
    assert unheld(sentence, source) == missing


def test_the_date_of_a_source_is_held() -> None:
    assert unheld("Adoptée le 3 mars 2024.", "adoptée", day=date(2024, 3, 3)) == []
    assert unheld("Adoptée le 3 mars 2024.", "adoptée le 3 mars", day=date(2024, 1, 1)) == []


def test_the_first_word_and_numbers_in_letters_without_unit_state_nothing() -> None:
    assert facts_of("Trois conditions. Contactez le service : Les deux.") == []
    assert [fact.words for fact in facts_of("RSA et Pierre.")] == ["RSA", "Pierre"]


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("Lyon verse une aide.", ["Lyon"]),
        ("Villeneuve n'accorde rien.", ["Villeneuve"]),
        ("Saint-Denis finance le projet.", ["Saint-Denis"]),
        ("Le maire est élu. Dupont préside le comité.", ["Dupont"]),
        ("- Martin y siège.", ["Martin"]),
        ("Mayotte l'autorise.", ["Mayotte"]),
    ],
)
def test_a_first_word_right_before_its_verb_is_a_name(sentence: str, names: list[str]) -> None:
    assert [fact.words for fact in facts_of(sentence)] == names
    assert unheld(sentence, "la commune verse une aide") == [("name", name) for name in names]
    assert unheld(sentence, sentence.upper()) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Contactez le service.",
        "Seul peut voter le maire.",
        "Trois sont requis.",
        "Celle-ci est due.",
        "Aide versée en mai.",
        "L'aide est versée.",
        "Chacun doit voter.",
        "Quelle est la date ?",
        "Où est la mairie ?",
        "Il ne peut voter.",
        "Délai : il est court.",
    ],
)
def test_other_first_words_are_no_names(sentence: str) -> None:
    assert facts_of(sentence) == []


def test_what_has_the_form_of_a_date_but_is_none_is_a_reference() -> None:
    assert unheld("Dossier 45/99/2024.", "dossier 45/98/2024") == [("reference", "45/99/2024")]
    assert unheld("Dossier 45/99/2024.", "DOSSIER 45/99/2024") == []


def test_a_plural_name_is_held_by_its_singular() -> None:
    assert unheld("Les bords des Garonnes.", "la Garonne") == []


def test_facts_stand_where_they_say() -> None:
    text = "Le 3 mars 2024, la Ville de Lyon verse 45 000 € à 12 clubs (art. L. 2121-29)."

    found = facts_of(text)

    assert [fact.kind for fact in found] == [
        MarkKind.DATE, MarkKind.NAME, MarkKind.NAME, MarkKind.AMOUNT, MarkKind.NUMBER,
        MarkKind.REFERENCE,
    ]  # fmt: skip
    assert all(text[fact.start :].startswith(fact.words) for fact in found)


PIECES = st.sampled_from(
    [
        *(
            "3 ",
            "mars ",
            "2024",
            "12/13/2024",
            "1er ",
            "45 %",
            " €",
            "M€ ",
            "n° ",
            "L. ",
            "-12",
            ".",
        ),
        *("XIX", "e ", "deux ", "ans", "1 000 ", ",5", "CNIG ", "Saint-", "É", "\n", "au ", "h"),
    ]
)


def test_a_hyphenated_name_ends_where_its_word_ends() -> None:
    assert "A-AA" not in [fact.words for fact in facts_of("A-AA0")]
    assert "Saint-Rémy" in [fact.words for fact in facts_of("La commune de Saint-Rémy-2")]


@given(st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join)))
def test_a_text_holds_all_its_own_facts(text: str) -> None:
    assert len(flat(text)) == len(text)
    held = Holdings(text)
    assert [fact for fact in facts_of(text) if not held.holds(fact)] == []
