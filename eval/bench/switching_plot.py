"""The switches of a generation as a picture: each answered search, and when the index was changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from eval.bench.rows import sentence

_AROUND_S = 3.0
_ANSWER, _SWITCH, _LIMIT = "#000091", "#e1000f", "#666"


def save_plot(
    path: Path,
    *,
    answered: Sequence[tuple[float, float]],
    spans: Sequence[tuple[float, float]],
    limit_ms: float,
) -> None:
    """Draw how long each search took around the switches; the name's ending tells the format.

    Args:
        path: Where to write.
        answered: Moment of each answer and how long it took, in seconds.
        spans: Begin and end of each switch, in seconds of the same clock; at least one.
        limit_ms: Longest time allowed between two answers.
    """
    from matplotlib.figure import Figure

    start, end = spans[0][0] - _AROUND_S, spans[-1][1] + _AROUND_S
    shown = [(moment - start, 1000 * took) for moment, took in answered if start <= moment <= end]
    figure = cast("Any", Figure)(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.plot(*zip(*shown, strict=True), ".", color=_ANSWER, label=sentence("plot_answers"))
    for number, (begin, done) in enumerate(spans):
        label = sentence("plot_switches") if number == 0 else None
        axes.axvspan(begin - start, done - start, color=_SWITCH, alpha=0.4, label=label)
    axes.axhline(
        limit_ms, color=_LIMIT, linestyle="--", linewidth=0.8, label=sentence("plot_limit")
    )
    axes.set_xlabel(sentence("plot_time"))
    axes.set_ylabel(sentence("plot_took"))
    axes.set_ylim(0, None)
    axes.legend(frameon=False, fontsize="small", loc="upper right")
    figure.savefig(path, dpi=120)
