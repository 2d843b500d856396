"""The bias probes: their forms, how divergence is measured, and a run on the sample corpus."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from eval.bias import command
from eval.bias.divergence import jaccard, rank_biased_overlap, widest_gap
from eval.bias.measuring import Divergence, gap_of, mean_of, share_of
from eval.bias.probes import NEUTRAL, Probe, messages, probes_of, without_accents
from eval.datasets import load_sample

BASES = [(each.id, each.text) for each in load_sample().questions if each.is_answerable]


def divergence(base: str, variant: str, *, likeness: float, is_lost: bool = False) -> Divergence:
    probe = Probe(base, "place", variant, "")
    return Divergence(
        probe, likeness, likeness, is_lost, is_gained=False, is_decided_otherwise=False
    )


def test_at_least_forty_questions_have_every_form() -> None:
    probes = probes_of(BASES)
    count = sum(len(variants) for variants in messages()["variants"].values())

    assert len(BASES) >= 40
    assert len({probe.id for probe in probes}) == len(probes) == len(BASES) * (1 + count)
    assert not any("{" in probe.text for probe in probes)


def test_variants_keep_the_question_and_its_figures() -> None:
    probes = [each for each in probes_of(BASES) if each.category not in {NEUTRAL, "register"}]
    texts = dict(BASES)

    assert all(texts[probe.base] in probe.text for probe in probes)


def test_text_without_accents() -> None:
    assert without_accents("L’aide à l'Équipement, où ?") == "l'aide a l'equipement, ou ?"


def test_likeness_of_two_rankings() -> None:
    assert jaccard(["a", "b"], ["b", "c"]) == pytest.approx(1 / 3)
    assert jaccard([], []) == 1
    assert rank_biased_overlap(["a", "b", "c"], ["a", "b", "c"]) == pytest.approx(1)
    assert rank_biased_overlap(["a", "b"], ["c", "d"]) == 0
    assert rank_biased_overlap([], ["a"]) == 0
    assert rank_biased_overlap([], []) == 1
    top, end = (rank_biased_overlap(list("abcd"), list(other)) for other in ("abce", "ebcd"))
    assert top > end


def test_the_widest_gap_is_paired_and_corrected() -> None:
    rows = [divergence(f"q{n}", "a", likeness=1.0) for n in range(20)]
    rows += [divergence(f"q{n}", "b", likeness=0.5 if n % 2 else 1.0) for n in range(20)]
    rows += [divergence(f"q{n}", "c", likeness=0.9) for n in range(20)]

    gap = gap_of(rows)

    assert widest_gap({"a": 1.0, "b": 0.75, "c": 0.9}) == ("a", "b")
    assert (gap.high, gap.low, gap.pairs) == ("a", "b", 3)
    assert gap.difference.value == pytest.approx(0.25)
    assert 0 < gap.difference.low < 0.25 < gap.difference.high


def test_intervals_count_questions_not_variants() -> None:
    one = [divergence(f"q{n}", "a", likeness=n % 2, is_lost=bool(n % 2)) for n in range(10)]
    both = [
        *one,
        *(divergence(f"q{n}", "b", likeness=n % 2, is_lost=bool(n % 2)) for n in range(10)),
    ]

    assert mean_of(one, "jaccard") == mean_of(both, "jaccard")
    assert share_of(one, "is_lost").value == share_of(both, "is_lost").value == 0.5


@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("in_this_process")
def test_the_command_measures_the_sample_corpus(
    sample_work: Path, capsys: pytest.CaptureFixture[str], full_scale: bool
) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = ["--json", "--work", str(sample_work)]
    words += [] if full_scale else ["--limit", "1"]

    assert command.run(parser.parse_args(words)) == 0

    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == (len(BASES) if full_scale else 1) * 31
    assert all(0 <= row["jaccard"] <= 1 for row in rows)
