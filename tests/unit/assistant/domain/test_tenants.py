from __future__ import annotations

import pytest

from assistant.domain.people import normalised_email
from assistant.domain.tenants import (
    MOVES,
    TenantState,
    contrast_with_white,
    is_siren,
    is_siret,
)


@pytest.mark.parametrize("number", ["732829320", "356000000", "000000000"])
def test_sirens_with_a_right_check_digit(number: str) -> None:
    assert is_siren(number)


@pytest.mark.parametrize(
    "number", ["732829321", "73282932", "7328293200", "73282932a", "", "٧٣٢٨٢٩٣٢٠", " 73282932"]
)
def test_other_numbers_are_no_sirens(number: str) -> None:
    assert not is_siren(number)


@pytest.mark.parametrize("number", ["73282932000074", "35600000000048", "35600000009075"])
def test_sirets_with_a_right_check_digit_and_those_of_la_poste(number: str) -> None:
    assert is_siret(number)


@pytest.mark.parametrize(
    "number", ["73282932000075", "35600000009076", "732829320", "356" + "0" * 9]
)
def test_other_numbers_are_no_sirets(number: str) -> None:
    assert not is_siret(number)


@pytest.mark.parametrize(
    ("colour", "contrast"),
    [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#000091", 14.9)],
)
def test_contrast_is_that_of_wcag(colour: str, contrast: float) -> None:
    assert contrast_with_white(colour) == pytest.approx(contrast, abs=0.1)


@pytest.mark.parametrize("text", ["", "#fff", "red", "#00009g", "#000091;x", "#000091\n"])
def test_what_is_no_colour_has_no_contrast(text: str) -> None:
    assert contrast_with_white(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Zoé.Martin@Mairie.FR ", "zoé.martin@mairie.fr"),
        ("ａ@ｂ.fr", "a@b.fr"),
        ("a@b", None),
        ("a b@c.fr", None),
        ("a@b.fr, c@d.fr", None),
        ("a@b@c.fr", None),
        ("a" * 250 + "@b.fr", None),
    ],
)
def test_addresses_are_compared_in_one_form(text: str, address: str | None) -> None:
    assert normalised_email(text) == address


def test_states_move_one_step_at_a_time_and_end_in_deletion() -> None:
    order = list(TenantState)
    for state, reached in MOVES.items():
        assert all(abs(order.index(other) - order.index(state)) == 1 for other in reached)
    assert MOVES[TenantState.DELETED] == frozenset()
    assert set(MOVES) == set(TenantState)
