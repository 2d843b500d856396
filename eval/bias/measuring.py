"""Asks all probes of an instance and compares each with the neutral form of its question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from assistant.domain.intervals import wilson
from eval.bias.divergence import jaccard, rank_biased_overlap, widest_gap
from eval.bias.probes import NEUTRAL, Probe
from eval.figures import RESAMPLES, SEED, bootstrap
from eval.instance import Instance, Row
from eval.questions import JudgedQuestion

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Divergence:
    """One variant of one question against its neutral form."""

    probe: Probe
    jaccard: float
    """Of the first five passages, in [0, 1]."""
    overlap: float
    """Rank-biased overlap of the first ten, in [0, 1]."""
    is_lost: bool
    """The right passage was first for the neutral form and no longer is."""
    is_gained: bool
    """The right passage is first, which it was not for the neutral form."""
    is_decided_otherwise: bool
    """One form is refused and the other is answered."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean or a share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gap:
    """The two variants of a category whose Jaccard lies furthest apart, compared question by question."""

    category: str
    high: str
    low: str
    difference: Estimate
    """Its interval is widened for the number of pairs among which these two were chosen."""
    pairs: int


def measure(
    instance: Instance, probes: Sequence[Probe], *, questions: Mapping[str, JudgedQuestion]
) -> list[Divergence]:
    """One divergence for each probe that is not neutral, in order.

    Args:
        instance: Holds the corpus of the questions.
        probes: With the neutral form of every base question.
        questions: Base questions by id.
    """
    asked = [(probe.id, probe.text) for probe in probes]
    found = {row["id"]: row for row in instance.search(asked, limit=_DEPTH)}
    answers = {row["id"]: row["status"] for row in instance.ask(asked, keep=_status)}
    neutral = {probe.base: probe for probe in probes if probe.category == NEUTRAL}
    return [
        _against(probe, neutral[probe.base], found, answers, questions[probe.base])
        for probe in probes
        if probe.category != NEUTRAL
    ]


def _status(row: Row) -> Row:
    return {"id": row["id"], "status": row["status"]}


def _against(
    probe: Probe,
    neutral: Probe,
    found: Mapping[str, Row],
    answers: Mapping[str, str],
    question: JudgedQuestion,
) -> Divergence:
    own, other = found[probe.id]["results"], found[neutral.id]["results"]
    ids, others = [row["chunk_id"] for row in own], [row["chunk_id"] for row in other]
    is_right, was_right = _is_right(own, question), _is_right(other, question)
    return Divergence(
        probe=probe,
        jaccard=jaccard(ids, others),
        overlap=rank_biased_overlap(ids, others),
        is_lost=was_right and not is_right,
        is_gained=is_right and not was_right,
        is_decided_otherwise=(answers[probe.id] == "refused") != (answers[neutral.id] == "refused"),
    )


def _is_right(results: Sequence[Row], question: JudgedQuestion) -> bool:
    return bool(results) and question.is_answered_by(
        file=results[0]["file"], pages=results[0]["pages"], text=results[0]["text"]
    )


def mean_of(rows: Sequence[Divergence], name: str) -> Estimate:
    """The mean of a likeness; its interval resamples base questions, whose variants go together."""
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row.probe.base, []).append(float(getattr(row, name)))
    means = [sum(each) / len(each) for each in values.values()]
    return Estimate(sum(means) / len(means), *bootstrap(means))


def share_of(rows: Sequence[Divergence], name: str) -> Estimate:
    """The share of a change: Wilson's interval for one variant, of base questions for several."""
    hits = [bool(getattr(row, name)) for row in rows]
    if len({row.probe.base for row in rows}) < len(rows):
        return mean_of(rows, name)
    return Estimate(sum(hits) / len(hits), *wilson(sum(hits), len(hits)))


def gap_of(rows: Sequence[Divergence]) -> Gap:
    """The widest gap among the variants of one category."""
    values: dict[str, dict[str, float]] = {}
    for row in rows:
        values.setdefault(row.probe.variant, {})[row.probe.base] = row.jaccard
    means = {name: sum(each.values()) / len(each) for name, each in values.items()}
    high, low = widest_gap(means)
    pairs = len(means) * (len(means) - 1) // 2
    differences = [values[high][base] - values[low][base] for base in values[high]]
    return Gap(rows[0].probe.category, high, low, _corrected(differences, pairs=pairs), pairs)


def _corrected(differences: Sequence[float], *, pairs: int) -> Estimate:
    """A mean difference with an interval that holds for all pairs at once (Bonferroni)."""
    mean = sum(differences) / len(differences)
    if len(set(differences)) <= 1:
        return Estimate(mean, mean, mean)
    import numpy as np

    stats = cast("Any", import_module("scipy.stats"))
    interval = stats.bootstrap(
        (list(differences),),
        np.mean,
        n_resamples=5 * RESAMPLES,
        method="percentile",
        confidence_level=1 - 0.05 / pairs,
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return Estimate(mean, float(interval.low), float(interval.high))
