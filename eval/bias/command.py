"""Command `python -m eval bias`: what names, genders, places and registers change to retrieval."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from eval.bias.measuring import Divergence, Estimate, Gap, gap_of, mean_of, measure, share_of
from eval.bias.probes import messages, probes_of
from eval.datasets import load_sample
from eval.workspace import add_sample_argument, sample_instance

_LIKENESSES = ("jaccard", "overlap")
_CHANGES = ("is_lost", "is_gained", "is_decided_otherwise")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    sentences = messages()["sentences"]
    parser.add_argument("--json", action="store_true", help=sentences["help_json"])
    parser.add_argument(
        "--limit", type=int, default=None, metavar="N", help=sentences["help_limit"]
    )
    add_sample_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure on the sample corpus, without a model, and print the figures."""
    rows = evaluate(limit=arguments.limit, work=arguments.work)
    print(json.dumps(as_rows(rows), ensure_ascii=False) if arguments.json else report(rows))
    return 0


def evaluate(*, limit: int | None = None, work: Path | None = None) -> list[Divergence]:
    """All divergences on the sample corpus.

    Args:
        limit: Base questions to keep, all when None.
        work: The folder that keeps the instance; None has it made anew.
    """
    answerable = [each for each in load_sample().questions if each.is_answerable][:limit]
    probes = probes_of([(each.id, each.text) for each in answerable])
    print(messages()["sentences"]["measuring"].format(count=len(probes)), file=sys.stderr)
    with sample_instance(work) as instance:
        return measure(instance, probes, questions={each.id: each for each in answerable})


def report(rows: Sequence[Divergence]) -> str:
    """Two Markdown parts: likenesses and changes by variant, then the widest gap of each category."""
    words = messages()
    lines = [words["sentences"]["head"], "|---|---|---:|---:|---:|---:|---:|---:|"]
    gaps: list[str] = []
    for category, name in words["categories"].items():
        of_category = [row for row in rows if row.probe.category == category]
        variants = dict.fromkeys(row.probe.variant for row in of_category)
        lines.append(_line(name, words["sentences"]["total"], of_category))
        for variant in variants:
            own = [row for row in of_category if row.probe.variant == variant]
            lines.append(_line(name, variant, own))
        gaps.append(_gap_line(name, gap_of(of_category)))
    return "\n".join([*lines, "", *gaps])


def as_rows(rows: Sequence[Divergence]) -> list[dict[str, object]]:
    """Each divergence as a plain object."""
    return [{"id": row.probe.id, **asdict(row)} for row in rows]


def _line(category: str, variant: str, rows: Sequence[Divergence]) -> str:
    figures = [_shown(mean_of(rows, name)) for name in _LIKENESSES]
    figures += [_shown(share_of(rows, name)) for name in _CHANGES]
    return f"| {category} | {variant} | {len(rows)} | {' | '.join(figures)} |"


def _gap_line(name: str, gap: Gap) -> str:
    found = gap.difference
    return messages()["sentences"]["gap"].format(
        category=name,
        high=gap.high,
        low=gap.low,
        value=_number(found.value),
        least=_number(found.low),
        most=_number(found.high),
        pairs=gap.pairs,
    )


def _shown(estimate: Estimate) -> str:
    value, low, high = map(_number, (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low} ; {high}]"


def _number(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")
