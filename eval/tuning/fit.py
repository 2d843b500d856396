"""`python -m eval fit`: the judge of sufficiency, fitted on one half of made questions, told on the other."""

from __future__ import annotations

import argparse
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from assistant.answering.sufficiency import JUDGE, Judge, Signs
from eval.catalogue import set_name
from eval.halves import halves_of
from eval.refusal import MadeQuestion, operating_threshold
from eval.tuning.axes import PRODUCT
from eval.tuning.command import opened
from eval.tuning.fitting import Case, fitted, fitting_half, judged, made_cases
from eval.tuning.trying import Bench
from eval.words import Words

_WORDS = Words("eval.tuning")
SETS = ("piaf_dev", "service_public_dev")


@dataclass(frozen=True, slots=True)
class Made:
    """The made questions of a set."""

    cases: Sequence[Case]
    apart: Container[str]
    """Ids of those reported of which no fitted one has a right document or an intent."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sets and the work folder."""
    words = _WORDS.sentence
    parser.add_argument(
        "sets", nargs="*", metavar="JEU", help=words("sets_help", sets=", ".join(SETS))
    )
    parser.add_argument("--work", type=Path, metavar="DOSSIER", help=words("work_help"))


def run(arguments: argparse.Namespace) -> int:
    """Print the weights and what the threshold gives, with the product's own beside; 1 without a set."""
    benches = opened(arguments.sets or SETS, work=arguments.work)
    if not benches:
        return 1
    made = {each.name: made_of(each) for each in benches}
    fitting = [case for each in made.values() for case in fitting_half(each.cases)]
    judge = fitted(fitting)
    judge = replace(judge, threshold=operating_threshold(judged(fitting, judge)))
    bias, threshold = f"{judge.bias:.3f}", f"{judge.threshold:.3f}"
    print(_WORDS.sentence("fitted", bias=bias, threshold=threshold))
    for field, weight in zip(fields(Signs), judge.weights, strict=True):
        print(_WORDS.sentence("fitted_weight", sign=field.name, weight=f"{weight:.3f}"))
    judges = {_WORDS.sentence("fit_fitted"): judge, _WORDS.sentence("fit_ours"): JUDGE}
    print(f"\n{table(made, judges)}")
    return 0


def made_of(bench: Bench) -> Made:
    """The made questions of a set with their signs."""
    cases = made_cases(bench, fuse=PRODUCT)
    ids = {case.id for case in cases}
    halves = halves_of(each for each in bench.questions.questions if each.id in ids)
    return Made(cases, halves.apart)


def table(made: Mapping[str, Made], judges: Mapping[str, Judge]) -> str:
    """Shares refused on the half that is reported, rightly and wrongly; then on what is apart of it."""
    columns = _WORDS.sentence("fit_columns")
    lines = [f"| {columns} |", f"|{'---|' * len(columns.split('|'))}"]
    for name, each in made.items():
        for label, judge in judges.items():
            rows = [row for row in judged(each.cases, judge) if not row.is_fitting]
            apart = [row for row in rows if row.id in each.apart]
            told = _WORDS.sentence("fit_apart", name=set_name(name))
            for shown, kept in ((set_name(name), rows), (told, apart)):
                right, wrong = (
                    _refused(kept, judge=judge, is_answerable=of) for of in (False, True)
                )
                lines.append(f"| {shown} | {label} | {len(kept)} | {right} | {wrong} |")
    return "\n".join(lines)


def _refused(rows: list[MadeQuestion], *, judge: Judge, is_answerable: bool) -> str:
    refused = [row.score < judge.threshold for row in rows if row.is_answerable == is_answerable]
    return f"{sum(refused) / len(refused):.3f}" if refused else "—"
