"""Plots of a run as SVG to put into a page: no reference leads out of it."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from textwrap import fill
from typing import Any, cast

from eval.catalogue import measure_name, set_name
from eval.instance import Row
from eval.runs import Run

RETRIEVAL = ("ndcg_10", "recall_5", "recall_20", "mrr", "hit_1")
_LABEL_CHARS = 18
_PROLOG = re.compile(r"\A.*?(?=<svg)", re.S)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.S)
_COLOURS = ("#000091", "#e1000f", "#18753c", "#b34000", "#6e445a", "#0063cb")


def retrieval_plot(run: Run) -> str:
    """Measures of retrieval with their intervals, one colour a set."""
    figure, axes = _axes(height=3.6)
    sets = [(name, each) for name, each in run.sets.items() if "ndcg_10" in each.figures]
    for position, (name, each) in enumerate(sets):
        offset = (position - (len(sets) - 1) / 2) * 0.12
        points = [each.figures[measure] for measure in RETRIEVAL]
        axes.errorbar(
            [place + offset for place in range(len(RETRIEVAL))],
            [point.value for point in points],
            yerr=[
                [point.value - point.low for point in points],
                [point.high - point.value for point in points],
            ],
            fmt="o",
            capsize=3,
            color=_COLOURS[position % len(_COLOURS)],
            label=set_name(name),
        )
    axes.set_xticks(
        range(len(RETRIEVAL)), [fill(measure_name(each), _LABEL_CHARS) for each in RETRIEVAL]
    )
    axes.set_ylim(0, 1.02)
    return _svg(figure, axes, name="retrieval")


def refusal_plot(run: Run) -> str:
    """Share refused rightly against share refused wrongly, over all thresholds."""
    figure, axes = _axes(height=4.2)
    made = [(name, each.refusal) for name, each in run.sets.items() if each.refusal]
    for position, (name, refusal) in enumerate(made):
        colour = _COLOURS[position % len(_COLOURS)]
        curve: Sequence[Row] = refusal["curve"]
        wrong, right = [point["wrong"] for point in curve], [point["right"] for point in curve]
        axes.plot(wrong, right, color=colour, label=set_name(name), drawstyle="steps-post")
        for shares, filled in ((refusal["product"], colour), (refusal["fitted"], "white")):
            if shares:
                point = shares["wrong"]["value"], shares["right"]["value"]
                axes.plot(*point, "o", color=colour, markerfacecolor=filled)
    axes.axvline(0.05, color="#666", linewidth=0.8, linestyle="--")
    axes.set_xlabel(measure_name("refused_wrong"))
    axes.set_ylabel(measure_name("refused_right"))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    return _svg(figure, axes, name="refusal")


def history_plot(history: Sequence[Run], *, measure: str = "ndcg_10") -> str:
    """One measure over the runs, one line a set; oldest first."""
    figure, axes = _axes(height=3.2)
    for position, name in enumerate(dict.fromkeys(name for run in history for name in run.sets)):
        points = [
            (place, run.sets[name].figures[measure].value)
            for place, run in enumerate(history)
            if name in run.sets and measure in run.sets[name].figures
        ]
        axes.plot(
            [place for place, _ in points],
            [value for _, value in points],
            "o-",
            color=_COLOURS[position % len(_COLOURS)],
            label=set_name(name),
        )
    axes.set_xticks(range(len(history)), [run.id[:13] for run in history], rotation=30)
    axes.set_ylabel(measure_name(measure))
    return _svg(figure, axes, name="history")


def _axes(*, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = cast("Any", Figure)(figsize=(9, height), layout="constrained")
    axes = figure.subplots()
    axes.grid(axis="y", color="#ddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Any, axes: Any, *, name: str) -> str:
    """The drawing without prolog nor metadata, which name addresses; texts stay texts."""
    import matplotlib as mpl

    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize="small")
    with cast("Any", mpl).rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg")
    return _METADATA.sub("", _PROLOG.sub("", buffer.getvalue()))
