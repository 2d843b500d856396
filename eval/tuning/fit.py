"""`python -m eval fit`: the judge of sufficiency, fitted on one half of made questions, told on the other."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path

from assistant.answering.sufficiency import JUDGE, Judge, Signs
from eval.catalogue import set_name
from eval.refusal import MadeQuestion, operating_threshold
from eval.tuning.axes import PRODUCT
from eval.tuning.command import opened
from eval.tuning.fitting import Case, fitted, fitting_half, judged, made_cases

SETS = ("piaf_dev", "service_public_dev")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sets and the work folder."""
    parser.add_argument("sets", nargs="*", metavar="JEU", help=f"jeux : {', '.join(SETS)} ; tous")
    parser.add_argument("--work", type=Path, metavar="DOSSIER", help="dossier de travail")


def run(arguments: argparse.Namespace) -> int:
    """Print the weights and what the threshold gives, with the product's own beside; 1 without a set."""
    benches = opened(arguments.sets or SETS, work=arguments.work)
    if not benches:
        return 1
    cases = {each.name: made_cases(each, fuse=PRODUCT) for each in benches}
    fitting = [case for each in cases.values() for case in fitting_half(each)]
    judge = fitted(fitting)
    judge = replace(judge, threshold=operating_threshold(judged(fitting, judge)))
    print(f"biais {judge.bias:.3f} ; seuil {judge.threshold:.3f}")
    for field, weight in zip(fields(Signs), judge.weights, strict=True):
        print(f"- {field.name} : {weight:.3f}")
    print(f"\n{table(cases, {'ajusté': judge, 'celui du produit': JUDGE})}")
    return 0


def table(cases: dict[str, list[Case]], judges: dict[str, Judge]) -> str:
    """Shares refused on the half that is reported, rightly and wrongly."""
    lines = ["| jeu | juge | refus à raison | refus à tort |", "|---|---|---|---|"]
    for name, each in cases.items():
        for label, judge in judges.items():
            rows = [row for row in judged(each, judge) if not row.is_fitting]
            right = _refused(rows, judge=judge, is_answerable=False)
            wrong = _refused(rows, judge=judge, is_answerable=True)
            lines.append(f"| {set_name(name)} | {label} | {right:.3f} | {wrong:.3f} |")
    return "\n".join(lines)


def _refused(rows: list[MadeQuestion], *, judge: Judge, is_answerable: bool) -> float:
    refused = [row.score < judge.threshold for row in rows if row.is_answerable == is_answerable]
    return sum(refused) / len(refused) if refused else 0.0
