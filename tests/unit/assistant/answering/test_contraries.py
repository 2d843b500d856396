from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.contraries import contrary


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("Il faut au plus trois devis.", "Il faut au moins trois devis.", "au plus trois"),
        ("Trois devis au maximum.", "Il faut au minimum trois devis.", "Trois devis au maximum"),
        ("L'aide couvre plus de 50 % du prix.", "L'aide couvre moins de 50 % du prix.", "plus de 50 %"),
        ("Ouvert aux moins de 26 ans.", "Ouvert à partir de 26 ans.", "moins de 26 ans"),
        ("Un revenu supérieur à 1 500 €.", "Un revenu inférieur à 1 500 euros.", "supérieur à 1 500 €"),
        ("Déposer après le 31 mars 2025.", "Déposer avant le 31/03/2025.", "après le 31 mars 2025"),
        ("Ouvert jusqu'au 1er mai.", "Ouvert à compter du 1er mai.", "jusqu'au 1er mai"),
        ("L'aide est de 100 € par an.", "L'aide est de 100 € par mois.", "par an"),
        ("Une aide annuelle de 100 €.", "Une aide mensuelle de 100 €.", "annuelle"),
        ("Le loyer est de 100 €/mois.", "Le loyer est de 100 € par semaine.", "/mois"),
        ("Le demandeur doit joindre un devis.", "Le demandeur peut joindre un devis.", "doit"),
        ("Les élus peuvent siéger.", "Les élus doivent siéger.", "peuvent"),
        ("L'inscription est facultative.", "L'inscription est obligatoire.", "facultative"),
        ("La visite est obligatoire.", "La visite est optionnelle.", "obligatoire"),
    ],
)  # fmt: skip
def test_one_says_the_contrary_of_the_other(first: str, second: str, words: str) -> None:
    assert contrary(first, second) == words
    assert contrary(second, first) != ""
    assert contrary(first, first) == contrary(second, second) == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # the same, said otherwise
        ("Au maximum 30 jours.", "Dans la limite de 30 jours."),
        ("Avant le 31 mars.", "Jusqu'au 31 mars."),
        ("Au moins 3 devis.", "Le nombre de devis ne peut être inférieur à 3."),
        ("Au moins 15 jours avant la séance.", "Au plus tard 15 jours avant la séance."),
        ("100 € par an.", "Une aide annuelle de 100 €."),
        (
            "La demande doit être déposée avant mai.",
            "La demande ne peut être déposée qu'avant mai.",
        ),
        ("Le devis n'est pas obligatoire.", "Le devis est facultatif."),
        # of other things
        ("Au moins 3 devis.", "Au plus 5 devis."),
        ("100 € par an.", "1 200 € par mois."),
        ("100 € par mois, soit 1 200 € par an.", "Soit 1 200 € par an."),
        ("Le maire doit signer.", "Le maire peut déléguer."),
        ("L'élève doit rendre l'ordinateur.", "Il peut l'acheter et doit le rendre."),
        ("Du 1er mars au 1er mai.", "Avant le 1er mai."),
        ("", ""),
    ],
)
def test_what_is_the_same_or_of_another_thing_is_no_contrary(first: str, second: str) -> None:
    assert contrary(first, second) == contrary(second, first) == ""


@given(st.text(), st.text())
def test_any_texts_are_compared(first: str, second: str) -> None:
    assert contrary(first, first) == ""
    contrary(first, second)
