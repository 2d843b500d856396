"""Figures of many questions: means with their intervals, by set, by type and by length."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from assistant.domain.intervals import wilson
from eval.catalogue import sentence
from eval.instance import Row

SEED = 20260101
RESAMPLES = 2000
SHARES = frozenset(
    {"hit_1", "passage_1", "passage_5", "page_cited", "quote_3", "contains"}
    | {"refused_right", "refused_wrong", "judged_right", "judge_failed", "failed"}
)
"""Measures that are yes or no: their interval is Wilson's, unless questions weigh by intent."""
LEAST_CLUSTERS = 10
"""Questions or intents from which values drawn again tell how far a mean may be off."""
_LENGTHS = ((5, "length_5"), (10, "length_10"))
_LONGER = "length_more"
_LEAST_ROWS = 5
"""A type with fewer questions has no figures of its own."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean and its 95 % interval."""

    value: float
    low: float
    high: float
    count: int
    """Questions it was taken over."""
    is_firm: bool = True
    """False when too few or equal values leave the interval without meaning: it decides nothing."""


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """One figure for each measure that some row has, averaged by intent where there are intents."""
    names = dict.fromkeys(name for row in rows for name in row["measures"])
    return {name: _figure(name, [row for row in rows if name in row["measures"]]) for name in names}


def by_type(rows: Sequence[Row]) -> dict[str, dict[str, Figure]]:
    """Figures of each type of question that is asked often enough."""
    return _grouped(rows, key=lambda row: row["kind"])


def by_length(rows: Sequence[Row]) -> dict[str, dict[str, Figure]]:
    """Figures by the number of words of the question."""
    return _grouped(rows, key=lambda row: length_band(row["text"]))


def length_band(text: str) -> str:
    """The band of a question's length, in French."""
    words = len(text.split())
    return sentence(next((code for most, code in _LENGTHS if words <= most), _LONGER))


def cluster_means(
    values: Mapping[str, float], groups: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """The mean of each intent; a question without intent is one of its own.

    Args:
        values: Question → value.
        groups: Question → its intents.
    """
    clusters: dict[str, list[float]] = defaultdict(list)
    for id, value in values.items():
        for group in groups.get(id) or (f"question {id}",):
            clusters[group].append(value)
    return {group: sum(each) / len(each) for group, each in clusters.items()}


def bootstrap(values: Sequence[float], *, groups: Sequence[str] = ()) -> tuple[float, float]:
    """Percentile bounds of the 95 % bootstrap interval of a mean, seeded.

    Differences of two runs on the same questions make it the paired bootstrap.

    Args:
        values: At least one.
        groups: What each value belongs to: values of a group are drawn together, for they resemble
            one another. Empty draws each value for itself. One group of different values tells
            nothing: the bounds are infinite.

    Source:
        Efron, Tibshirani, "An Introduction to the Bootstrap", 1993; by `scipy.stats.bootstrap`.
    """
    if len(set(values)) <= 1:
        return (values[0], values[0])
    import numpy as np
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    def mean(sums: Any, counts: Any, *, axis: int = -1) -> Any:
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    drawn: dict[str | int, list[float]] = defaultdict(list)
    for place, value in enumerate(values):
        drawn[groups[place] if groups else place].append(value)
    if len(drawn) == 1:
        return (-math.inf, math.inf)
    interval = (
        cast("Any", stats)
        .bootstrap(
            ([sum(each) for each in drawn.values()], [len(each) for each in drawn.values()]),
            mean,
            paired=True,
            n_resamples=RESAMPLES,
            method="percentile",
            batch=100,
            rng=np.random.default_rng(SEED),
        )
        .confidence_interval
    )
    return float(interval.low), float(interval.high)


def stratified(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Bounds of the 95 % bootstrap interval of a mean of means: each group is resampled by itself."""
    import numpy as np

    chance = np.random.default_rng(SEED)
    means = np.mean(
        [
            chance.choice(np.asarray(group), size=(RESAMPLES, len(group))).mean(axis=1)
            for group in groups
        ],
        axis=0,
    )
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def can_resample(means: Sequence[float]) -> bool:
    """True when drawing the values of clusters again gives an interval that means something."""
    return len(means) >= LEAST_CLUSTERS and len(set(means)) > 1


def share_interval(means: Sequence[float]) -> tuple[float, float]:
    """The Wilson interval of a yes or no measure over its clusters; it holds their mean."""
    mean = sum(means) / len(means)
    low, high = wilson(round(sum(means)), len(means))
    return min(low, mean), max(high, mean)


def _figure(name: str, rows: Sequence[Row]) -> Figure:
    values = {row["id"]: row["measures"][name] for row in rows}
    groups = {row["id"]: row["groups"] for row in rows}
    means = list(cluster_means(values, groups).values())
    mean = sum(means) / len(means)
    has_spread = can_resample(means)
    if name in SHARES and not (has_spread and any(groups.values())):
        return Figure(mean, *share_interval(means), len(rows))
    return Figure(mean, *bootstrap(means), len(rows), is_firm=has_spread)


def _grouped(rows: Sequence[Row], *, key: Callable[[Row], str]) -> dict[str, dict[str, Figure]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {
        name: figures(members)
        for name, members in sorted(groups.items())
        if name and len(members) >= _LEAST_ROWS
    }
