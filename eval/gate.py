"""`python -m eval gate`: holds a run against thresholds kept in a file, and against a baseline run.

`--quick` measures the sample corpus and small seeded slices first, in about a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.domain.intervals import Share
from eval.catalogue import measure_name, sentence, set_name, shown
from eval.compare import Change, changes
from eval.datasets import QuestionSet, is_present, sliced
from eval.report import all_figures
from eval.run import add_work_argument, measure, present_sets
from eval.runs import Run, UnknownRun, load
from eval.thresholds import ThresholdsRefused, read_thresholds
from eval.verification import sample_shares
from eval.workspace import open_workspace

THRESHOLDS = Path(__file__).parent / "gate.toml"


@dataclass(slots=True)
class GateFindings:
    """What a gate found."""

    kept: int = 0
    """Checks that hold, losses included."""
    reasons: list[str] = field(default_factory=list[str])
    """French sentences, one for each check that does not hold."""
    notes: list[str] = field(default_factory=list[str])
    """What could not be checked."""

    @property
    def is_open(self) -> bool:
        """True when something was checked and all of it holds."""
        return self.kept > 0 and not self.reasons


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run, against what."""
    parser.add_argument(
        "run", nargs="?", default="", metavar="MESURE", help=sentence("help_run_last")
    )
    add_work_argument(parser)
    parser.add_argument("--quick", action="store_true", help=sentence("help_gate_quick"))
    parser.add_argument("--baseline", metavar="MESURE", help=sentence("help_gate_baseline"))
    parser.add_argument(
        "--thresholds",
        type=Path,
        default=THRESHOLDS,
        metavar="FICHIER",
        help=sentence("help_gate_thresholds"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Print whether the gate is open and why not.

    Returns:
        0 when it is open; 1 when it is closed or a run is unknown; 2 for faulty thresholds.
    """
    workspace = open_workspace(arguments.work)
    try:
        thresholds = read_thresholds(arguments.thresholds)
        measured = (
            measure(workspace, slices(thresholds))
            if arguments.quick
            else load(arguments.run, folder=workspace.runs)
        )
        baseline = load(arguments.baseline, folder=workspace.runs) if arguments.baseline else None
    except ThresholdsRefused as error:
        print(error)
        return 2
    except UnknownRun as error:
        print(error)
        return 1
    outcome = check(
        measured,
        thresholds,
        baseline=baseline,
        is_quick=arguments.quick,
        verified=sample_shares() if thresholds.get("verification") else None,
    )
    print(verdict(outcome))
    return 0 if outcome.is_open else 1


def check(
    measured: Run,
    thresholds: Mapping[str, Any],
    *,
    baseline: Run | None = None,
    is_quick: bool = False,
    verified: Mapping[str, Share] | None = None,
) -> GateFindings:
    """Hold a run against thresholds. A set that should have been measured and was not is a reason.

    Args:
        measured: The run.
        thresholds: The content of `gate.toml`: `sets.<set>.least` and `.most` by measure, and
            `loss` by measure, the greatest loss from the baseline.
        baseline: A run not to fall behind; None compares with none.
        is_quick: The run holds the sample corpus and the slices only, others are not missed.
        verified: What the verification of answers marks by kind of pair; None holds it against nothing.
    """
    outcome = GateFindings()
    figures = all_figures(measured)
    for name, limits in thresholds["sets"].items():
        if name not in figures:
            is_missed = not is_quick and name not in _slice_names(thresholds) and is_present(name)
            told = outcome.reasons if is_missed else outcome.notes
            told.append(sentence("gate_unmeasured", set=set_name(name)))
            continue
        for side in ("least", "most"):
            for code, limit in limits.get(side, {}).items():
                value = figures[name][code].value if code in figures[name] else None
                words = {"set": set_name(name), "measure": measure_name(code)}
                _check_one(outcome, (code, side), words=words, value=value, limit=limit)
    if verified is not None:
        _check_verification(outcome, verified, thresholds.get("verification", {}))
    if baseline is not None:
        _check_losses(outcome, measured, baseline, thresholds.get("loss", {}))
    return outcome


def verdict(outcome: GateFindings) -> str:
    """The outcome in French, one reason a line."""
    notes = [f"- {note}" for note in outcome.notes]
    if outcome.reasons:
        return "\n".join(
            [*notes, sentence("gate_failed"), *(f"- {each}" for each in outcome.reasons)]
        )
    last = sentence("gate_kept", count=outcome.kept) if outcome.kept else sentence("gate_nothing")
    return "\n".join([*notes, last])


def slices(thresholds: Mapping[str, Any]) -> list[QuestionSet]:
    """The sets of the quick gate that are on this machine: the sample corpus, and the slices."""
    wanted = thresholds["slices"]
    found = present_sets(["sample", *wanted])
    return [sliced(each, **wanted[each.name]) if each.name in wanted else each for each in found]


def _slice_names(thresholds: Mapping[str, Any]) -> set[str]:
    """What the sets are called that only the quick gate measures."""
    return {f"{name}-{cut['questions']}" for name, cut in thresholds.get("slices", {}).items()}


def _check_verification(
    outcome: GateFindings, verified: Mapping[str, Share], limits: Mapping[str, Mapping[str, float]]
) -> None:
    for side, by_kind in limits.items():
        for kind, limit in by_kind.items():
            words = {
                "set": sentence("verification_title"),
                "measure": sentence(f"verification_{kind}"),
            }
            share = verified.get(kind)
            value = None if share is None else share.value
            _check_one(outcome, (kind, side), words=words, value=value, limit=limit)


def _check_one(
    outcome: GateFindings,
    place: tuple[str, str],
    *,
    words: Mapping[str, str],
    value: float | None,
    limit: float,
) -> None:
    code, side = place
    if value is None:
        outcome.reasons.append(sentence("gate_missing", **words))
    elif value < limit if side == "least" else value > limit:
        numbers = {"value": shown(code, value), "limit": shown(code, limit)}
        outcome.reasons.append(sentence(f"gate_{side}", **words, **numbers))
    else:
        outcome.kept += 1


def _check_losses(
    outcome: GateFindings, measured: Run, baseline: Run, limits: Mapping[str, float]
) -> None:
    """Losses of every set that both runs measured alike; a baseline that checks nothing is a reason."""
    checked = 0
    for name in dict.fromkeys([*measured.sets, *baseline.sets]):
        before, after = baseline.sets.get(name), measured.sets.get(name)
        words = {"set": set_name(name), "baseline": baseline.id}
        if before is None:
            outcome.notes.append(sentence("gate_not_in_baseline", **words))
        elif after is None:
            outcome.notes.append(sentence("gate_only_in_baseline", **words))
        elif before.revision != after.revision:
            outcome.notes.append(sentence("gate_other_revision", **words))
        else:
            found = [each for each in changes(before, after) if each.measure in limits]
            checked += sum(
                _check_loss(outcome, change, limit=limits[change.measure], words=words)
                for change in found
            )
    if not checked:
        outcome.reasons.append(sentence("gate_no_loss_checked", baseline=baseline.id))


def _check_loss(
    outcome: GateFindings, change: Change, *, limit: float, words: Mapping[str, str]
) -> bool:
    """A loss counts when it is greater than allowed and its interval leaves zero out.

    Returns:
        False when it is greater than allowed and its interval cannot tell whether by chance.
    """
    figures = {"loss": -change.gain, "low": change.low, "high": change.high, "limit": limit}
    numbers = {key: shown(change.measure, value) for key, value in figures.items()}
    told = {"measure": measure_name(change.measure), **words, **numbers}
    is_greater = -change.gain > limit
    if is_greater and not change.is_firm:
        outcome.notes.append(sentence("gate_loss_unsure", **told))
        return False
    if is_greater and change.high < 0:
        outcome.reasons.append(sentence("gate_lost", **told))
    else:
        outcome.kept += 1
    return True
