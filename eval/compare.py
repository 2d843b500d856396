"""`python -m eval compare A B`: what changed between two runs, question by question."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path

from eval.catalogue import measure_name, sentence, set_name, shown
from eval.figures import SHARES, bootstrap, can_resample, cluster_means, share_interval
from eval.instance import Row
from eval.report import interval, table
from eval.runs import Run, SetResult, UnknownRun, load
from eval.workspace import open_workspace

_SHOWN = 20
_PASSAGES = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One measure of one set in two runs, over the questions that both have."""

    measure: str
    before: float
    after: float
    low: float
    high: float
    """95 % interval of after − before: by paired bootstrap, where values allow it."""
    is_firm: bool = True
    """False when too few or equal values leave the interval without meaning: it decides nothing."""

    @property
    def gain(self) -> float:
        """After − before."""
        return self.after - self.before


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and which differences."""
    parser.add_argument("first", metavar="AVANT", help=sentence("help_run_named"))
    parser.add_argument("second", metavar=sentence("metavar_after"))
    parser.add_argument("--work", type=Path, metavar="DOSSIER", help=sentence("help_runs"))
    parser.add_argument("--measure", default="ndcg_10", help=sentence("help_compare_measure"))
    parser.add_argument("-n", type=int, default=_SHOWN, help=sentence("help_compare_shown"))


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison; 1 when a run is unknown or nothing can be compared."""
    folder = open_workspace(arguments.work).runs
    try:
        first = load(arguments.first, folder=folder)
        second = load(arguments.second, folder=folder)
    except UnknownRun as error:
        print(error)
        return 1
    common = [name for name in second.sets if name in first.sets]
    if not common:
        print(sentence("nothing_common"))
        return 1
    print("\n\n".join(_section(first, second, name, arguments) for name in common))
    return 0


def changes(first: SetResult, second: SetResult) -> list[Change]:
    """The change of each measure that both runs have, intents weighed as in each run."""
    before = {row["id"]: row for row in first.rows}
    pairs = [(before[row["id"]], row) for row in second.rows if row["id"] in before]
    names = [name for name in second.figures if name in first.figures]
    found = (_change(name, pairs) for name in names)
    return [change for change in found if change is not None]


def differences(first: SetResult, second: SetResult, *, measure: str) -> list[tuple[Row, Row]]:
    """Rows before and after of the questions whose measure changed, greatest change first."""
    before = {row["id"]: row for row in first.rows}
    pairs = [
        (before[row["id"]], row)
        for row in second.rows
        if row["id"] in before
        and measure in row["measures"]
        and measure in before[row["id"]]["measures"]
    ]
    changed = [pair for pair in pairs if _gain(pair, measure) != 0]
    return sorted(changed, key=lambda pair: (-abs(_gain(pair, measure)), pair[0]["id"]))


def _gain(pair: tuple[Row, Row], measure: str) -> float:
    return pair[1]["measures"][measure] - pair[0]["measures"][measure]


def _change(name: str, pairs: Sequence[tuple[Row, Row]]) -> Change | None:
    held = [(old, new) for old, new in pairs if name in old["measures"] and name in new["measures"]]
    if not held:
        return None
    groups = {new["id"]: new["groups"] for _, new in held}
    before = cluster_means({old["id"]: old["measures"][name] for old, _ in held}, groups)
    after = cluster_means({new["id"]: new["measures"][name] for _, new in held}, groups)
    gains = [after[group] - before[group] for group in before]
    means = sum(before.values()) / len(before), sum(after.values()) / len(after)
    has_spread = can_resample(gains)
    if name in SHARES and not has_spread:
        return Change(name, *means, *_gain_of_shares([*before.values()], [*after.values()]))
    return Change(name, *means, *bootstrap(gains), is_firm=has_spread)


def _gain_of_shares(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """The interval of a difference of shares, as if other questions had been asked: never too narrow.

    Source:
        Newcombe, "Interval Estimation for the Difference Between Independent Proportions", Statistics
        in Medicine 1998, method 10.
    """
    old, new = sum(before) / len(before), sum(after) / len(after)
    (old_low, old_high), (new_low, new_high) = share_interval(before), share_interval(after)
    gain = new - old
    low = gain - hypot(new - new_low, old_high - old)
    high = gain + hypot(new_high - new, old - old_low)
    return max(-1.0, low), min(1.0, high)


def _section(first: Run, second: Run, name: str, arguments: argparse.Namespace) -> str:
    old, new = first.sets[name], second.sets[name]
    if old.revision != new.revision:
        return sentence(
            "revisions_differ", name=set_name(name), first=old.revision, second=new.revision
        )
    head = (
        sentence("column_measure"),
        first.id,
        second.id,
        sentence("column_gain"),
        sentence("column_interval"),
    )
    rows = [
        (
            measure_name(each.measure),
            shown(each.measure, each.before),
            shown(each.measure, each.after),
            shown(each.measure, each.gain),
            interval(each.measure, each),
        )
        for each in changes(old, new)
    ]
    changed = differences(old, new, measure=arguments.measure)[: arguments.n]
    parts = [f"## {set_name(name)}", table([head, *rows])]
    parts += [_difference(pair, measure=arguments.measure) for pair in changed]
    return "\n\n".join(parts)


def _difference(pair: tuple[Row, Row], *, measure: str) -> str:
    before, after = pair
    values = f"{before['measures'][measure]:.2f} → {after['measures'][measure]:.2f}"
    lines = [f"### {after['text']} ({after['id']}) : {values}"]
    for label, row in ((sentence("compare_before"), before), (sentence("compare_after"), after)):
        lines.append(f"- {label} :")
        lines += [f"  {_passage(row, each)}" for each in row["found"][:_PASSAGES]]
    return "\n".join(lines)


def _passage(row: Row, found: Row) -> str:
    sign = "✓" if found["file"] in row["judged"] else "✗"
    pages = f", p. {', '.join(map(str, found['pages']))}" if found["pages"] else ""
    return f"{sign} {found['title']}{pages} — {found['text'][:160]}"
