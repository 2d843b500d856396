"""Politeness around a question changes nothing of what is searched."""

from __future__ import annotations

import pytest

from assistant.answering.politeness import without_politeness

ASKED = "Quel est le plafond de l'aide au vélo ?"


@pytest.mark.parametrize(
    "pattern",
    [
        "{}",
        "Bonjour, {}",
        "bonsoir {}",
        "Bonjour Madame la Maire, {}",
        "Bonjour à tous, {} Merci d'avance !",
        "{} Cordialement, Jeanne Martin",
        "{}\nMerci",
        "{} Je vous prie d'agréer l'expression de ma considération distinguée.",
        "Madame Martin demande : {}",
        "M. Le Goff souhaite savoir : {}",
        "Voici ma question : {}",
        "Une habitante demande : {}",
        "La personne qui s'appelle Martin demande : {}",
        "Madame, Monsieur, j'ai l'honneur de solliciter de votre bienveillance le renseignement "
        "suivant : {} Veuillez agréer, Madame, Monsieur, mes salutations distinguées.",
    ],
)
def test_the_question_alone_is_left(pattern: str) -> None:
    assert without_politeness(pattern.format(ASKED)) == ASKED


@pytest.mark.parametrize(
    "text",
    [
        "Aide au vélo : quel est le plafond ?",
        "Ma question sur l'aide au vélo : quel est le plafond ?",
        "Je suis agente contractuelle. Ai-je droit à l'aide ?",
        "Quel est le tarif : plein ou réduit ?",
        "Je vous remercie de me dire quel est le plafond ?",
        "Qui est Madame Martin ?",
        "J'habite à Lyon. Merci de m'indiquer le tarif de la cantine.",
        "Je suis agente. Je vous remercie de me dire les pièces à fournir.",
        "Quel est le tarif ? Merci de préciser aussi les horaires.",
        "J'ai deux enfants. Veuillez me donner le montant de l'aide.",
        "Je cherche le règlement. Merci.",
        "Salutaire : que veut dire ce mot ?",
        "Monsieur le Maire peut-il signer ?",
        "plafond aide vélo",
        "Bonjour !",
        "",
        ":",
    ],
)
def test_what_tells_a_subject_stays(text: str) -> None:
    assert without_politeness(text) == text
