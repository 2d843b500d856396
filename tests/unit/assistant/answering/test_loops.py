from __future__ import annotations

import pytest

from assistant.answering.loops import LoopDetector

LINE = "La Région accompagne les territoires. "


def stops_at(pieces: list[str]) -> int | None:
    """The place of the piece at which a loop is seen."""
    detector = LoopDetector()
    return next((place for place, piece in enumerate(pieces) if detector.feed(piece)), None)


@pytest.mark.parametrize(
    "pieces",
    [
        [LINE] * 50,
        list(LINE * 50),
        ["Le taux est de 50 %. ", *["Voir l'article 3 du règlement, puis l'annexe. "] * 50],
        ["- oui\n"] * 200,
        ["a b c " * 400, "."],
        [f"Phrase numéro {n}. Cette phrase revient sans cesse ici. " for n in range(50)],
        ["mot "] * 5000,
    ],
)
def test_a_loop_is_seen_before_long(pieces: list[str]) -> None:
    place = stops_at(pieces)

    assert place is not None
    assert len("".join(pieces[: place + 1])) <= 5_000


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"- Commune {n} : taux de {n} %, plafond de {n} 000 €.\n" for n in range(200)),
        "| oui | non |\n" * 4,
        "Oui. Oui. Oui. Oui.",
        LINE * 4 + "Elle finance soixante conseillers. " + "L'aide est versée en deux fois. " * 4,
        "L'aide est plafonnée à 20 000 € par commune [1]. " * 3,
    ],
)
def test_lists_and_a_few_repetitions_are_no_loop(text: str) -> None:
    assert stops_at([text]) is None
    assert stops_at(list(text)) is None
