from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.errors import InvalidInput
from assistant.domain.passwords import LEAST_CHARS, MOST_CHARS, checked_password, normal_password

NAME, EMAIL = "Éloïse Martin-Roux", "e.martin@valbourg.example"


def refusal(text: str, *, least_chars: int = LEAST_CHARS) -> str:
    with pytest.raises(InvalidInput) as error:
        checked_password(text, least_chars=least_chars, name=NAME, email=EMAIL)
    assert error.value.sentence
    return error.value.code


@pytest.mark.parametrize(
    "text",
    [
        "girafe tiroir lundi seize",
        "kzpqwmtbvxdh",
        "soleil et montagne ici",
        "correct agrafe batterie",
        "ÉTANG plus très calme",
        "n7#Fq2!xW9$k",
        "maman 8402 1977 35",
        "9034-8371-2290-abc",
        "🐢🐇🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵",
    ],
)
def test_long_passwords_are_taken_whatever_they_are_made_of(text: str) -> None:
    assert checked_password(text, least_chars=12, name=NAME, email=EMAIL) == normal_password(text)


@pytest.mark.parametrize(
    "text",
    [
        "motdepasse2026",
        "Motdepasse2026!",
        "M0td3p@sse2026!",
        "Bienvenue-2026!!",
        "administrateur",
        "123456789012",
        "987654321098",
        "azertyuiopqs",
        "Admin2026!!!!",
        "azerty-2026-07-14",
        "qwertyuiop[]12345",
        "abcabcabcabc",
        "aaaaaaaaaaaaaaaa",
        "soleilsoleil2024",
        "soleil soleil soleil",
        "Liberté-Égalité-Fraternité",
        "1q2w3e4r5t6y",
        "ConseilMunicipal2026",
        "correct horse battery staple",
    ],
)
def test_what_is_tried_first_is_refused_with_or_without_figures_and_signs(text: str) -> None:
    assert refusal(text) == "password_common"


@pytest.mark.parametrize(
    "text",
    [
        "eloise au bord de l'eau",
        "jardin de MARTIN le soir",
        "le roux chat dort bien",
        "tout valbourg chante faux",
        "e.martin au travail",
    ],
)
def test_the_name_and_the_address_of_its_person_are_refused(text: str) -> None:
    assert refusal(text) == "password_personal"


def test_the_length_is_bounded_on_both_sides() -> None:
    assert refusal("kzpqwmtbvxd") == "password_too_short"
    assert refusal("") == "password_too_short"
    assert refusal("kzpqwmtbvxdh", least_chars=15) == "password_too_short"
    assert refusal("kzpqwmtb" * 17) == "password_too_long"
    assert refusal("x" * 1_000_000) == "password_too_long"
    longest = "kzpqwmtbvxdhaeou" * 8
    assert len(longest) == MOST_CHARS
    assert checked_password(longest, least_chars=12, name=NAME, email=EMAIL) == longest


def test_the_same_sign_typed_in_two_ways_is_the_same() -> None:
    assert normal_password("e\u0301tang calme ici") == normal_password("étang calme ici")
    assert normal_password("ﬁl de laine bleue") == "fil de laine bleue"


@given(st.text(max_size=400))
def test_what_is_hashed_is_bounded(text: str) -> None:
    assert len(normal_password(text)) <= MOST_CHARS + 1
