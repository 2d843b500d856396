from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.courtesy import courtesy_code


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        (
            "courtesy_greeting",
            ["Bonjour", "bonjour !", "BONSOIR", "Bonjour à tous", "Salut, ça va ?", "Re-bonjour",
             "Bonjour madame, comment allez-vous ?"],
        ),
        (
            "courtesy_thanks",
            ["Merci !", "Merci beaucoup pour votre aide !", "Ok merci 🙂", "Je vous remercie.",
             "C’est parfait, merci !", "D'accord", "Bonjour et merci", "merci pour ces précisions"],
        ),
        (
            "courtesy_goodbye",
            ["Au revoir", "Merci, bonne journée", "Merci et à bientôt !", "Bonne soirée à vous"],
        ),
    ],
)  # fmt: skip
def test_mere_courtesy_has_its_reply(code: str, texts: list[str]) -> None:
    assert {text: courtesy_code(text) for text in texts} == dict.fromkeys(texts, code)


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, quels sont les horaires de la piscine ?",
        "Merci de me donner le délai",
        "Ok et le délai ?",
        "Merci pour les lycéens ?",
        "Comment va la commune ?",
        "Prime de bienvenue",
        "accord de Paris",
        "Bonjour Paris",
        "Combien ?",
        "?",
        "🙂",
        " ",
        "merci " * 40,
    ],
)
def test_anything_else_is_a_question(text: str) -> None:
    assert courtesy_code(text) is None


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    courtesy_code(text)
