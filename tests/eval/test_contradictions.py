"""Which disagreements made by rule from real passages the product must tell, and which it must not."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answering.contradictions import THRESHOLDS
from eval.__main__ import main
from eval.contradiction_pairs import AGREEING, DISAGREEING, FIGURES, Pair, make_pairs
from eval.contradictions import MOST_FALSE_ALARMS, fitted_thresholds, told_shares
from eval.verification_changes import other_of_kind


@pytest.fixture(scope="module")
def sample_pairs() -> list[Pair]:
    return make_pairs("sample", per_kind=12, documents=8)


def test_changed_figures_of_the_sample_corpus_are_told_and_the_others_hardly(
    sample_pairs: list[Pair],
) -> None:
    shares = told_shares(sample_pairs)

    assert {pair.kind for pair in sample_pairs} >= {"amount", *AGREEING, "one_document"}
    # short made questions may ask for the figure of the next sentence, which is then the one read
    assert (shares["found"].value or 0) >= 0.8
    for kind in ("same", "other_year", "other_area"):
        assert shares[kind].successes == 0
    assert (shares["false_alarms"].value or 0) <= 0.1


def test_the_same_seed_makes_the_same_pairs(sample_pairs: list[Pair]) -> None:
    assert make_pairs("sample", per_kind=12, documents=8) == sample_pairs


def test_both_passages_tell_what_their_kind_says(sample_pairs: list[Pair]) -> None:
    for pair in sample_pairs:
        one, other = (passage.chunk for passage in pair.passages)
        is_one_document = one.document_id == other.document_id
        assert one.id != other.id
        assert is_one_document == (pair.kind in {"one_document", "elsewhere"})
        assert pair.kind not in DISAGREEING or one.text != other.text


def test_fitting_never_leaves_the_thresholds_worse(sample_pairs: list[Pair]) -> None:
    some = sample_pairs[::5]
    fitted = fitted_thresholds(some)

    before, after = told_shares(some), told_shares(some, thresholds=fitted)
    blind = told_shares(some, thresholds=replace(THRESHOLDS, coverage=1.1))
    allowed = max(MOST_FALSE_ALARMS, before["false_alarms"].value or 0)
    assert (after["false_alarms"].value or 0) <= allowed
    assert blind["found"].successes < after["found"].successes


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("rate", "Le taux de l'aide est de 40 % du coût."),
        ("amount", "L'aide est plafonnée à 2 000 € par foyer."),
        ("date", "Les dossiers sont reçus jusqu'au 31 octobre 2024."),
        ("duration", "La décision est notifiée sous 45 jours."),
    ],
)
def test_the_one_figure_of_a_kind_is_changed(kind: str, sentence: str) -> None:
    rule = other_of_kind(kind)

    assert rule(sentence, random.Random(1)) not in {None, sentence}
    assert rule(f"{sentence} {sentence}", random.Random(1)) is None
    assert [each for each in FIGURES if other_of_kind(each)(sentence, random.Random(1))] == [kind]


@pytest.mark.shared_data
@pytest.mark.timeout(600)
def test_disagreements_of_real_aids_are_told(shared_data: Path) -> None:
    del shared_data
    shares = told_shares(make_pairs("aides", per_kind=15, documents=40))

    assert (shares["found"].value or 0) >= 0.8
    assert (shares["same"].value or 0) == 0


def test_the_command_reports_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["contradictions", "--sources", "sample", "--per-kind", "4", "--misses", "1"])

    printed = capsys.readouterr().out
    assert code == 0
    for words in ("Seuils du produit", "montant changé", "autre département", "fausses alertes"):
        assert words in printed
