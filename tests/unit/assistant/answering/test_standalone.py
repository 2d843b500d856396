from __future__ import annotations

import pytest

from assistant.answering.standalone import needs_context, standalone
from assistant.domain.answers import Question

AID = "Quel est le plafond de l'aide Commune numérique pour un CCAS ?"


def after(*earlier: str, asked: str) -> str:
    return standalone(Question(asked, earlier))


@pytest.mark.parametrize(
    ("earlier", "asked", "expected"),
    [
        (AID, "et pour les lycées ?",
         "Quel est le plafond de l'aide Commune numérique pour les lycées ?"),
        (AID, "Et le délai de décision ?",
         "Le délai de décision (l'aide Commune numérique pour un CCAS) ?"),
        (AID, "Et à partir de quand ?",
         "À partir de quand (l'aide Commune numérique pour un CCAS) ?"),
        (AID, "combien ?", "Combien (l'aide Commune numérique pour un CCAS) ?"),
        (AID, "Est-elle cumulable avec la DETR ?",
         "Est-elle cumulable avec la DETR (l'aide Commune numérique pour un CCAS) ?"),
        (AID, "Quel est son taux ?",
         "Quel est son taux (l'aide Commune numérique pour un CCAS) ?"),
        (AID, "Qui peut bénéficier de cette aide ?",
         "Qui peut bénéficier de cette aide (l'aide Commune numérique pour un CCAS) ?"),
        (AID, "Pour une commune ?",
         "Quel est le plafond de l'aide Commune numérique pour une commune ?"),
        ("Quelle part des locaux de la Haute-Lonne est raccordable ?", "Et la Basse-Lonne ?",
         "Quelle part des locaux de la Basse-Lonne est raccordable ?"),
        ("Combien la Région dépense-t-elle pour les transports en 2025 ?", "Et pour les lycées ?",
         "Combien la Région dépense-t-elle pour les lycées en 2025 ?"),
        ("Que paie une famille en cas de vol ?", "Et si elle est boursière ?",
         "Que paie une famille en cas de vol ; si elle est boursière ?"),
        ("Qui préside le comité de pilotage ?", "Qui y siège ?",
         "Qui y siège (le comité de pilotage) ?"),
        ("À quel prix le lycéen rend-il l'ordinateur ?", "Et où peut-on le racheter ?",
         "Où peut-on le racheter (le lycéen) ?"),
    ],
)  # fmt: skip
def test_a_follow_up_takes_what_it_lacks(earlier: str, asked: str, expected: str) -> None:
    assert after(earlier, asked=asked) == expected


def test_the_subject_is_kept_over_several_questions() -> None:
    asked = after(AID, "Et le délai de décision ?", "Et pour une commune ?", asked="Et le taux ?")

    assert asked == "Le taux (l'aide Commune numérique pour une commune) ?"


@pytest.mark.parametrize(
    "asked",
    [
        "Quel est le tarif de la carte grise par cheval fiscal ?",
        "Quels sont les horaires du CSIRT ?",
        "L'aide au vélo se cumule-t-elle avec la prime de l'État ?",
        "Quand le budget est-il voté ?",
        "Faut-il joindre un devis détaillé à la demande ?",
        "Est-il possible de racheter l'ordinateur du lycéen ?",
        "carte grise tarif cheval fiscal",
        "Autre question : comment est composé le comité d'éthique ?",
        "Quel budget est prévu cette année pour les lycées ?",
    ],
)
def test_a_complete_question_stays_as_it_is_whatever_came_before(asked: str) -> None:
    assert not needs_context(asked)
    assert after(AID, "Et le délai ?", asked=asked) == asked


BIKE = "Quel est le montant de l'aide au vélo ?"


@pytest.mark.parametrize(
    "asked",
    [
        "Quels sont les horaires de la piscine ?",
        "Quel est le tarif maximum de la cantine ?",
        "Quel est l'âge de la retraite ?",
        "Quels sont les tarifs des transports ?",
        "Quelle est l'adresse de l'hôpital ?",
        "Quel est le prix d’un badge ?",
        "C'est quoi les horaires de la piscine ?",
        "Où est la piscine ?",
        "Qui est le maire ?",
        "Combien coûte la cantine ?",
        "Combien de temps dure la garderie ?",
        "À quelle date est la rentrée ?",
    ],
)
def test_a_noun_of_its_own_makes_a_new_subject(asked: str) -> None:
    assert after(BIKE, asked=asked) == asked
    assert after(BIKE, "Et le délai ?", asked=asked) == asked


def test_what_follows_a_new_subject_is_about_it() -> None:
    asked = after(BIKE, "Quels sont les horaires de la piscine ?", asked="Est-elle gratuite ?")

    assert asked == "Est-elle gratuite (la piscine) ?"


@pytest.mark.parametrize(
    "asked",
    [
        "Et pour les lycéens ?",
        "Quelles pièces fournir ?",
        "Quel est le délai ?",
        "Quel est le délai de décision ?",
        "Quelle est la date du versement ?",
        "Quel est le montant de la subvention ?",
        "Quel est le plafond des ressources ?",
        "Quel est le prix du vélo ?",
        "Où est le formulaire ?",
        "Combien de bénéficiaires ?",
        "Quel est le budget ?",
        "Quel montant pour un étudiant ?",
        "Quel montant à partir de la rentrée ?",
        "Combien pour la réparation ?",
    ],
)
def test_a_part_of_the_subject_or_a_word_of_it_makes_no_new_one(asked: str) -> None:
    assert "vélo" in after(BIKE, asked=asked).replace(asked, "", 1)


def test_a_new_subject_is_the_one_that_the_next_follow_up_takes() -> None:
    asked = after(AID, "Quels sont les horaires du CSIRT ?", asked="Est-il payant ?")

    assert asked == "Est-il payant (CSIRT) ?"


@pytest.mark.parametrize("asked", ["?", "…", "Combien ?", "Et ?", " \n ", "Quoi"])
def test_anything_typed_gives_some_text_without_failing(asked: str) -> None:
    assert standalone(Question(asked)) == " ".join(asked.split())
    assert isinstance(after("?", "Et ?", asked=asked), str)
    assert "CCAS" in after(AID, asked=asked)
