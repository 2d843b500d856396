"""What the verification of answers must find, and must not mark, in sentences of real passages."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from eval.__main__ import main
from eval.gate import THRESHOLDS
from eval.thresholds import read_thresholds
from eval.verification import fitted_threshold, marked_shares
from eval.verification_changes import (
    exchanged,
    negated,
    other_amount,
    other_date,
    other_name,
    other_number,
    reworded,
)
from eval.verification_pairs import CHANGED, KEPT, SHARED_SOURCES, Pair, make_pairs

LIMITS = read_thresholds(THRESHOLDS)["verification"]
"""Those of the gate: every source has to keep them."""


def check(pairs: list[Pair]) -> None:
    shares = {kind: each.value for kind, each in marked_shares(pairs).items() if each.total}
    lost = {
        kind: shares[kind]
        for kind, least in LIMITS["least"].items()
        if kind in shares and (shares[kind] or 0.0) < least
    }
    assert lost == {}
    assert (shares["false_alarms"] or 0.0) <= LIMITS["most"]["false_alarms"]


def test_every_kind_of_change_has_a_floor_and_figures_the_highest() -> None:
    assert LIMITS["least"].keys() == set(CHANGED)
    assert all(LIMITS["least"][kind] >= 0.98 for kind in ("number", "amount", "date"))
    assert LIMITS["most"] == {"false_alarms": 0.05}


@pytest.fixture(scope="module")
def sample_pairs() -> list[Pair]:
    return make_pairs("sample", per_kind=60, documents=8)


def test_changed_figures_of_the_sample_corpus_are_found_and_kept_sentences_are_not_marked(
    sample_pairs: list[Pair],
) -> None:
    assert len(sample_pairs) >= 300
    assert {pair.kind for pair in sample_pairs} == {*KEPT, *CHANGED}
    assert 0.3 < sum(pair.is_even for pair in sample_pairs) / len(sample_pairs) < 0.7
    check(sample_pairs)


def test_the_threshold_of_the_sample_corpus_lies_between_right_and_wrong(
    sample_pairs: list[Pair],
) -> None:
    fitted = fitted_threshold([pair for pair in sample_pairs if pair.is_even])

    assert 0.1 < fitted < 0.7


def test_the_same_seed_makes_the_same_pairs(sample_pairs: list[Pair]) -> None:
    again = make_pairs("sample", per_kind=60, documents=8)
    other = make_pairs("sample", per_kind=60, documents=8, seed=1)

    assert again == sample_pairs
    assert other != sample_pairs


@pytest.mark.shared_data
@pytest.mark.timeout(600)
@pytest.mark.parametrize("source", SHARED_SOURCES)
def test_changed_figures_of_real_documents_are_found(shared_data: Path, source: str) -> None:
    del shared_data
    check(make_pairs(source, per_kind=25, documents=15))


def test_the_command_reports_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["verification", "--sources", "sample", "--per-kind", "6", "--misses", "1"])

    printed = capsys.readouterr().out
    assert code == 0
    for words in ("Seuil de recouvrement", "nombre changé", "fausses alertes", "ms par phrase"):
        assert words in printed


SENTENCE = (
    "Le 3 mars 2024, le conseil de Villeneuve accorde 45 000 € à 12 clubs, car le budget est voté."
)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (other_number, ["3 mars 2024", "45 000 €", "Villeneuve"]),
        (other_amount, ["3 mars 2024", "12 clubs", "Villeneuve"]),
        (other_date, ["45 000 €", "12 clubs", "Villeneuve"]),
        (other_name(["Lyon"]), ["3 mars 2024", "45 000 €", "12 clubs", "Lyon"]),
        (negated, ["3 mars 2024", "45 000 €", "12 clubs", "n'est pas voté"]),
    ],
)
def test_a_rule_changes_its_own_thing_only(rule: object, kept: list[str]) -> None:
    assert callable(rule)
    for seed in range(20):
        changed = str(rule(SENTENCE, random.Random(seed)))
        assert changed != SENTENCE
        assert [words for words in kept if words not in changed] == []


def test_a_sentence_without_the_thing_is_left_out() -> None:
    for rule in (other_number, other_amount, other_date, negated, other_name(["Lyon"]), reworded):
        assert rule("Rien ici.", random.Random(1)) is None


def test_a_denied_sentence_is_affirmed() -> None:
    assert negated("L'aide n'est pas due ici.", random.Random(1)) == "L'aide est due ici."


def test_a_reworded_sentence_keeps_its_figures() -> None:
    changed = reworded(SENTENCE, random.Random(3))

    assert changed is not None
    assert changed != SENTENCE
    assert all(words in changed for words in ("3 mars 2024", "45 000 €", "12 clubs"))


def test_an_exchanged_figure_comes_from_the_passage() -> None:
    changed = exchanged(
        "Il y a 12 clubs.", random.Random(1), passage="Il y a 12 clubs et 7 ligues."
    )

    assert changed == "Il y a 7 clubs."
    assert exchanged("Il y a 12 clubs.", random.Random(1), passage="Il y a 12 clubs.") is None
